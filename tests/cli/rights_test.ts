import assert from "node:assert/strict";
import { join } from "node:path";
import { Command } from "commander";
import { COMMANDS } from "../../lib/cli/command_list.ts";
import { FLAGS, OUTPUTS, rightsOf, RUN_OUTPUTS, UNCONFINED } from "../../lib/cli/rights.ts";
import { inFolder } from "../in_folder.ts";

const ROOT = join(import.meta.dirname!, "..", "..");

/** Options that name what is read. */
const INPUTS = ["--model-weights", "--embedder-weights", "--null-weights", "--weights", "--heads", "--labels", "--mean"]
  .concat("--data", "--compare", "--from");

/** All options of all commands. */
async function allOptions() {
  const program = new Command();
  for (const { load } of COMMANDS) (await load())(program);
  const of = (command: Command): typeof command.options => [...command.options, ...command.commands.flatMap(of)];
  return of(program as Command);
}

Deno.test("every option of every command is a flag or has a value, as rights take the command line apart", async () => {
  for (const option of await allOptions()) {
    const isFlag = !option.required && !option.optional;
    const name = option.long!;
    assert.equal(FLAGS.includes(name) || name.startsWith("--no-"), isFlag, name);
  }
});

Deno.test("of every option that names a file, a folder or a run it is known whether that is written", async () => {
  const known = [...INPUTS, ...OUTPUTS, ...RUN_OUTPUTS];
  for (const { long, flags } of await allOptions()) {
    if (!/<(dir|file|run)>/.test(flags) && !(long === "--run")) continue;
    assert.ok(known.includes(long!), `${flags} is in none of the lists: put it into OUTPUTS, or into INPUTS here`);
  }
});

Deno.test("rightsOf() gives a command what it names, its run and the cache, and no more", () =>
  inFolder(async (folder) => {
    const file = (name: string) => join(folder, name);
    await Deno.mkdir(file("models"));
    for (const name of ["net.onnx", "net.onnx.data", "other.txt", ".secret"]) {
      await Deno.writeTextFile(file(`models/${name}`), "");
    }
    await Deno.mkdir(file("elsewhere"));
    await Deno.symlink(file("elsewhere"), file("models/out"));
    await Deno.symlink(file("models/other.txt"), file("models/in"));
    const args = [
      "score-all",
      "--model",
      file("models/net.onnx"),
      "--run",
      file("run"),
      "--json",
      "--data",
      file("images"),
    ];
    const { read, write } = rightsOf(args)!;
    for (const name of ["models/net.onnx", "models/net.onnx.data", "models/net.json", "images", "run"]) {
      assert.ok(read.includes(file(name)), name);
    }
    assert.ok(read.includes(file("models/in")));
    for (const name of ["models", "models/.secret", "models/out", "elsewhere", ""]) {
      assert.ok(!read.includes(file(name)), name);
    }
    assert.deepEqual(write.filter((path) => !path.includes("node_modules")), [file("run")]);
  }));

Deno.test("rightsOf() lets a run's folder be written by what writes into it, an input never", () => {
  const written = (...args: string[]) => rightsOf(args)!.write.filter((path) => !path.includes("node_modules"));
  assert.deepEqual(written("report", "/runs/a", "--data", "/data"), ["/runs/a"]);
  assert.deepEqual(written("--json", "export", "--format=csv", "/runs/a"), ["/runs/a"]);
  assert.deepEqual(written("merge", "/runs/a", "/runs/b", "--into", "/runs/c"), ["/runs/c"]);
  assert.deepEqual(written("validate", "metrics", "/runs/a", "--sheets", "/"), [
    ...["/", `/.${Deno.pid}.tmp`, "/_files", "/runs/a"],
  ]);
  assert.deepEqual(written("embed", "/a.png", "/b.png", "--out=/tmp/x.npy"), [
    ...["/tmp/x.npy", `/tmp/x.npy.${Deno.pid}.tmp`, "/tmp/x_files"],
  ]);
  assert.deepEqual(written("score-embeddings", "-", "--labels", "/labels.csv"), []);
  assert.deepEqual(written("lpips", "/a.png", "/b.png"), []);
});

Deno.test("rightsOf() takes what follows a flag, or --, for no value of it", () => {
  for (const flags of [["--divide-dataset"], ["--complete"], ["--dry-run"]]) {
    assert.ok(rightsOf(["score-all", ...flags, "--run", "/runs/a"])!.write.includes("/runs/a"), flags[0]);
  }
  assert.ok(rightsOf(["export", "--json", "--", "/runs/a"])!.write.includes("/runs/a"));
});

Deno.test("rightsOf() of a place that a link leads to are those of where it lies, too", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "real"));
    await Deno.symlink(join(folder, "real"), join(folder, "link"));
    const written = (...args: string[]) => rightsOf(args)!.write;
    for (const place of ["link", "real"].map((name) => join(folder, name))) {
      assert.ok(written("score-all", "--run", join(folder, "link", "run")).includes(join(place, "run")));
      const out = written("embed", "a.png", "--out", join(folder, "link", "x.npy"));
      for (const name of ["x.npy", `x.npy.${Deno.pid}.tmp`]) assert.ok(out.includes(join(place, name)), name);
      assert.ok(!out.includes(place));
      assert.ok(written("figures", "run", "--out", join(folder, "link")).includes(place));
    }
    await Deno.symlink("/", join(folder, "root"));
    assert.ok(!rightsOf(["layers", join(folder, "root")])!.read.includes("/"));
  }));

Deno.test("rightsOf() of a shard reads the shards beside it, and a report the run that it is compared with", () => {
  assert.ok(rightsOf(["score-all", "--run", "/runs/part0", "--shard", "0/2"])!.read.includes("/runs"));
  assert.ok(!rightsOf(["score-all", "--run", "/elsewhere/part0"])!.read.includes("/elsewhere"));
  assert.ok(rightsOf(["report", "/a/run", "--compare", "/b/run"])!.read.includes("/b/run"));
});

Deno.test("rightsOf() never gives the whole disk or the home folder for a word that is no path", () => {
  const { read } = rightsOf(["score-unit", "conv2:3", "--model", "lenet5-cifar10", "--mean", "/", "--seed", "1"])!;
  assert.ok(!read.includes("/"));
  assert.ok(!read.includes(Deno.env.get("HOME")!));
  assert.ok(read.includes(ROOT) || read.includes(`${ROOT}/`));
});

Deno.test("rightsOf() leaves what brings things to the machine as it is, and what is only asked about", () => {
  for (const name of UNCONFINED) assert.equal(rightsOf([name]), null);
  for (const args of [[], ["help"], ["--json"]]) assert.equal(rightsOf(args), null);
});
