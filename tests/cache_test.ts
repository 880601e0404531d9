import assert from "node:assert/strict";
import { homedir } from "node:os";
import { cacheDirectory } from "../lib/cache.ts";

/** Calls with these environment variables, undefined meaning unset, and puts the old ones back. */
function withEnvironment(variables: Record<string, string | undefined>): string {
  const old = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  };
  try {
    for (const [name, value] of Object.entries(variables)) set(name, value);
    return cacheDirectory();
  } finally {
    for (const [name, value] of old) set(name, value);
  }
}

Deno.test("cacheDirectory() prefers its own variable, then the desktop standard's, then the home folder", () => {
  assert.equal(withEnvironment({ POLYSEM_CACHE: "/own", XDG_CACHE_HOME: "/shared" }), "/own");
  assert.equal(withEnvironment({ POLYSEM_CACHE: undefined, XDG_CACHE_HOME: "/shared" }), "/shared/polysem");
  assert.equal(withEnvironment({ POLYSEM_CACHE: "", XDG_CACHE_HOME: "" }), `${homedir()}/.cache/polysem`);
});
