import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Command } from "commander";
import { registerWeights } from "../../../lib/cli/commands/weights.ts";
import { InputError } from "../../../lib/errors.ts";
import { FetchError } from "../../../lib/setup/fetch_weights.ts";
import type { WeightSet } from "../../../lib/weights/registry.ts";
import { assertDocumented } from "../../documented.ts";

const CONTENT = new TextEncoder().encode("a few weights");
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

/** Runs a test with one committed set and one that a local server has, and with the command line over them. */
async function withSets(
  test: (run: (...args: string[]) => Promise<unknown>, paths: { committed: string; fetched: string }) => Promise<void>,
  answer: () => Response = () => new Response(CONTENT),
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const paths = { committed: join(directory, "ours.safetensors"), fetched: join(directory, "cache", "official.pth") };
  const file = { bytes: CONTENT.length, sha256: SHA256 };
  const url = `http://127.0.0.1:${server.addr.port}/official.pth`;
  const sets: WeightSet[] = [
    { name: "ours", about: "committed", licence: "MIT", files: [{ ...file, path: paths.committed, url: null }] },
    { name: "official", about: "downloaded", licence: "BSD-3", files: [{ ...file, path: paths.fetched, url }] },
  ];
  /** The result: parsed under --json, else the text. What was printed before an error is its `cause`. */
  const run = async (...args: string[]): Promise<unknown> => {
    let output = "";
    const program = new Command("polysem").option("--json").option("--quiet").exitOverride().configureOutput({
      writeOut: (text) => output += text,
      writeErr: () => {},
    });
    registerWeights(program, () => Promise.resolve(sets));
    try {
      await program.parseAsync(["--quiet", "weights", ...args], { from: "user" });
    } catch (error) {
      if (output !== "") (error as Error).cause = output;
      throw error;
    }
    return args.includes("--json") ? JSON.parse(output) : output;
  };
  try {
    await Deno.writeFile(paths.committed, CONTENT);
    await test(run, paths);
  } finally {
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("weights list says what is committed, what is fetched and how to fetch the rest", async () => {
  await withSets(async (run, paths) => {
    const before = await run("list") as string;
    assert.match(before, /ours.*MIT.*committed/);
    assert.match(before, /official.*BSD-3.*no: deno task weights fetch official/);
    await run("fetch", "official");
    assert.match(await run("list") as string, /official.*BSD-3.*fetched/);
    const json = await run("list", "--json") as {
      name: string;
      present: boolean;
      bytes: number;
      files: { path: string }[];
    }[];
    assert.deepEqual(json.map(({ name, present, bytes }) => [name, present, bytes]), [["ours", true, 13], [
      "official",
      true,
      13,
    ]]);
    assert.equal(json[1].files[0].path, paths.fetched);
    assertDocumented("weights list", json);
    assertDocumented("weights fetch", await run("fetch", "official", "--json"));
    assertDocumented("weights verify", await run("verify", "--json"));
  });
});

Deno.test("weights fetch downloads once, then finds it present", async () => {
  await withSets(async (run, { fetched, committed }) => {
    const outcome = (path: string, name: string, word: string) => ({ name, files: [{ path, outcome: word }] });
    assert.deepEqual(await run("fetch", "official", "--json"), [outcome(fetched, "official", "fetched")]);
    assert.deepEqual(await Deno.readFile(fetched), CONTENT);
    assert.deepEqual(await run("fetch", "official", "ours", "--json"), [
      outcome(fetched, "official", "present"),
      outcome(committed, "ours", "present"),
    ]);
    assert.equal(await run("fetch", "official"), `present: ${fetched}\n`);
  });
});

Deno.test("weights fetch refuses unknown names before it downloads, and reports a failing server as such", async () => {
  await withSets(async (run, { fetched }) => {
    await assert.rejects(run("fetch", "official", "nothing"), (error) => {
      return error instanceof InputError &&
        /no weights named "nothing"; choose one of ours, official/.test(error.message);
    });
    await assert.rejects(Deno.stat(fetched), Deno.errors.NotFound);
  });
  await withSets(async (run, { fetched }) => {
    await assert.rejects(run("fetch", "official"), (error) => {
      return error instanceof FetchError && error.message.includes("404") &&
        error.message.endsWith(`put it at ${fetched}`);
    });
  }, () => new Response("no", { status: 404 }));
});

Deno.test("weights verify accepts what is intact and does not ask for what was never fetched", async () => {
  await withSets(async (run) => {
    const states = async (...args: string[]) =>
      (await run("verify", ...args, "--json") as { state: string }[]).map(({ state }) => state);
    assert.deepEqual(await states(), ["intact", "missing"]);
    await run("fetch", "official");
    assert.deepEqual(await states(), ["intact", "intact"]);
    assert.deepEqual(await states("official"), ["intact"]);
  });
});

Deno.test("weights verify prints its result and fails on altered files, and on missing ones that are needed", async () => {
  await withSets(async (run, { committed }) => {
    await assert.rejects(run("verify", "official"), /official\.pth is missing \(deno task weights fetch official\)/);
    await Deno.writeFile(committed, CONTENT.toReversed());
    await assert.rejects(run("verify", "--json"), (error: Error) => {
      assert.match(error.message, /ours\.safetensors is altered \(check it out again\)$/);
      const printed: { state: string }[] = JSON.parse(String(error.cause));
      assert.deepEqual(printed.map(({ state }) => state), ["altered", "missing"]);
      return !(error instanceof InputError);
    });
    await assert.rejects(run("fetch", "ours"), /altered; it comes with the repository/);
    await Deno.remove(committed);
    await assert.rejects(run("verify"), /ours\.safetensors is missing/);
  });
});
