/**
 * Another checkout, in a temporary folder: the engine's room, with a copy of tfjs-node-gpu whose addon tests may remove,
 * damage and replace.
 */
import { cp, readdir, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { addonPath, packageDirectory } from "../../lib/engine/native/addon.ts";

const ROOT = resolve(import.meta.dirname!, "..", "..");

/** What scoring may do. */
export const SCORING_RIGHTS = ["--allow-read", "--allow-env", "--allow-ffi", "--allow-sys", "--deny-net"];

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one of its files, with an empty environment but for what is given. */
export type RunFile = (
  file: string,
  options?: { args?: string[]; rights?: string[]; env?: Record<string, string> },
) => Promise<Ran>;

/** Runs a program of ours with some rights, in an environment of only what is given and the home folder. */
export async function runProgram(
  file: string,
  rights: readonly string[],
  { args = [], env = {}, cwd = ROOT }: { args?: readonly string[]; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ran> {
  const home = Deno.env.get("HOME");
  const denoDirectory = Deno.env.get("DENO_DIR");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", ...rights, file, ...args],
    cwd,
    clearEnv: true,
    env: { NO_COLOR: "1", ...(home && { HOME: home }), ...(denoDirectory && { DENO_DIR: denoDirectory }), ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A checkout without an addon, and an empty cache beside it, for the time of a test. */
export async function withSecondCheckout(
  test: (checkout: { run: RunFile; addon: string; cache: string }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const cache = join(folder, "cache");
    for (
      const path of [
        "lib/engine",
        "lib/setup",
        "lib/cache.ts",
        "lib/errors.ts",
        "lib/printable.ts",
        "lib/first_thread.ts",
        "tests/engine",
        "tests/setup",
      ]
    ) {
      await cp(join(ROOT, path), join(folder, path), { recursive: true });
    }
    const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports, nodeModulesDir: "manual" }));
    const modules = join(folder, "node_modules");
    const original = packageDirectory("@tensorflow/tfjs-node-gpu");
    const copy = join(modules, "@tensorflow", "tfjs-node-gpu");
    await cp(original, copy, { recursive: true, filter: (path) => path !== dirname(addonPath()) });
    // what it needs, and what we need, is not copied
    await linkPackages(dirname(dirname(original)), modules);
    await linkPackages(join(ROOT, "node_modules"), modules);
    await linkPackages(join(ROOT, "node_modules", ".deno", "node_modules"), modules);
    const run: RunFile = (file, { args, rights = SCORING_RIGHTS, env } = {}) =>
      runProgram(join(folder, file), rights, { args, env: { POLYSEM_CACHE: cache, ...env }, cwd: folder });
    await test({ run, addon: join(copy, "lib", "napi-v8", "tfjs_binding.node"), cache });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function linkPackages(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name.startsWith(".")) continue;
    if (name.startsWith("@")) await linkPackages(join(from, name), join(to, name));
    else await symlink(await Deno.realPath(join(from, name)), join(to, name)).catch(() => {}); // there already
  }
}
