import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeNpy } from "../../lib/npy.ts";
import { inFolder } from "../in_folder.ts";
import { makeRun } from "../store/example_run.ts";
import { refused } from "./refused.ts";

const ROOT = join(import.meta.dirname!, "..", "..");

/** A command as `deno task polysem` runs it: in the repository, typed in `folder`, with the rights of scoring. */
async function typedIn(folder: string, args: readonly string[], input: string | Uint8Array = "") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", "--allow-env", "--allow-ffi", "--allow-sys"]
      .concat("--no-prompt", "lib/cli/main.ts", args),
    cwd: ROOT,
    env: { INIT_CWD: folder, POLYSEM_RUNS: "" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, stdout, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("paths are meant from where a command was typed, names of runs are the repository's", () =>
  inFolder(async (folder) => {
    makeRun(join(folder, "run"), [0, 1, 2]);
    const { code, err } = await typedIn(folder, ["export", "./run", "--out", "scores.csv"]);
    assert.equal(code, 0, err);
    assert.match(await Deno.readTextFile(join(folder, "scores.csv")), /^layer,unit,I,K/);
    const named = await typedIn(folder, ["export", "no-such-run"]);
    assert.equal(named.code, 2);
    assert.ok(named.err.includes(`there is no run in ${join(ROOT, "runs", "no-such-run")}:`), named.err);
  }));

Deno.test("- is standard input and standard output, and so are /dev/stdin and /dev/stdout", () =>
  inFolder(async (folder) => {
    // two orthogonal rows of length 1, a cluster each: C = 1, so S = 1
    await Deno.writeTextFile(join(folder, "labels.csv"), "0\n1\n");
    const inputs: [string, string | Uint8Array][] = [
      ["-", "1,0\n0,1\n"],
      ["/dev/stdin", encodeNpy({ shape: [2, 2], data: Float64Array.of(1, 0, 0, 1) })],
    ];
    for (const [path, input] of inputs) {
      const scored = await typedIn(folder, ["score-embeddings", path, "--labels", "labels.csv", "--json"], input);
      assert.equal(scored.code, 0, scored.err);
      assert.equal(JSON.parse(scored.out).S, 1);
    }
    makeRun(join(folder, "run"), [0, 1, 2]);
    for (const path of ["-", "/dev/stdout"]) {
      const exported = await typedIn(folder, ["export", "./run", "--out", path]);
      assert.equal(exported.code, 0, exported.err);
      assert.equal(exported.out.trim().split("\n").length, 1 + 4);
      assert.equal(exported.err.split("\n").at(-2), `4 units written to ${path}`); // after the progress
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["labels.csv", "run"]);
    const twice = await typedIn(folder, ["score-embeddings", "-", "--labels", "-"], "1,0\n0,1\n");
    assert.equal(twice.code, 2);
    assert.match(twice.err, /standard input can be read once; give a file for the other/);
  }));

Deno.test("--out - is refused with --json, and where a folder is needed", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0, 1, 2]);
    await refused(
      /--json and --out - both print on standard output; leave one out/,
      "export",
      run,
      "--out",
      "-",
      "--json",
    );
    await refused(/--json and --out \/dev\/stdout both/, "report", run, "--out", "/dev/stdout", "--json");
    await refused(/--out - is standard output; give a folder/, "figures", run, "--no-data", "--out", "-");
    await refused(/--out - is standard output; give a folder/, "generate", "--out", "-");
  }));
