import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isCifar10Present } from "../../lib/data/cifar10.ts";
import { readRun } from "../../lib/store/mod.ts";
import { json, refused, weightsOf, writeQuickProfile } from "../cli/refused.ts";
import { command, finish } from "./command.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

/** One job each, in this order: a job holds units of one layer. */
const JOBS = ["conv1:0-1", "conv2:3", "fc1:7", "fc2:0", "fc3:9"];
const UNITS = ["conv1:0", "conv1:1", "conv2:3", "fc1:7", "fc2:0", "fc3:9"];

/** The columns that every reader of scores.csv may rely on, in this order; further ones may follow. */
const COLUMNS =
  "layer,unit,I,K,C,D,S,I_paper,K_paper,C_paper,D_paper,S_paper,activation_mean,activation_min,dataset_max," +
  "exceeds_dataset,stop_reason,flags";

const missing = isCifar10Present() ? null : "CIFAR-10 is not in the cache; run `deno task setup`";
if (missing !== null) console.log(`skipped: score-all end to end: ${missing}`);

Deno.test({
  name:
    "score-all end to end: one run, two shards and a killed run, with one worker or two, give the same scores.csv to the byte",
  ignore: missing !== null,
  fn: async (test) => {
    const folder = await Deno.makeTempDir();
    const settings = ["--units", JOBS.join(","), "--profile", await writeQuickProfile(folder), "--seed", "11"];
    const runs = { whole: join(folder, "whole"), cut: join(folder, "cut"), merged: join(folder, "merged") };
    const scoresOf = (run: string) => Deno.readTextFileSync(join(run, "scores.csv"));
    const twoWorkers = ["--workers", "2"];
    let scores = "";
    try {
      await test.step("a run in one worker, under the least permissions, prints a table, progress and where the files are", async () => {
        const { code, out, err } = await finish(
          folder,
          "score-all",
          "--run",
          runs.whole,
          ...settings,
          "--workers",
          "1",
        );
        assert.equal(code, 0, err);
        for (const layer of ["conv1", "conv2", "fc1", "fc2", "fc3", "all"]) {
          assert.match(out, new RegExp(`│ ${layer} +│`));
        }
        assert.match(out, /│ layer │ units │ mean S │ +sd S │ K=1 │ K=2 │ K>=3 │ dead │ exceed dataset │ +time │/);
        assert.match(out, /│ conv1 │ +2 │ +\d\.\d{3} │ +\d\.\d{3} │.*│ +\d of 2 │ +\d+\.\d s │/);
        assert.match(out, /^Profile quick, embedder resnet18-cifar10, jobs 5 of 5, this time /m);
        assert.match(out, new RegExp(`^run: ${join(runs.whole, "run.sqlite")}$`, "m"));
        assert.match(out, new RegExp(`^scores: ${join(runs.whole, "scores.csv")}$`, "m"));
        assert.match(out, new RegExp(`^report: ${join(runs.whole, "report.html")}$`, "m"));
        assert.match(readFileSync(join(runs.whole, "report.html"), "utf8"), /^<!DOCTYPE html>/i);
        assert.match(err, /^scoring: 6\/6 units \(100 %\), .*; fc3$/m);
        assert.doesNotMatch(err, /warn|error|note/i);
        assert.ok(existsSync(join(runs.whole, "run.sqlite")));
        assert.ok(!existsSync(join(runs.whole, "run.sqlite-wal")), "the journal is folded in");
        scores = scoresOf(runs.whole);
      });

      await test.step("scores.csv has the columns of the contract and numbers that fit one another", () => {
        const [header, ...lines] = scores.trimEnd().split("\n");
        assert.ok(header === COLUMNS || header.startsWith(`${COLUMNS},`), header);
        const names = header.split(",");
        const rows = lines.map((line) => {
          const fields = line.split(",");
          assert.equal(fields.length, names.length, line);
          return Object.fromEntries(names.map((name, i) => [name, fields[i]]));
        });
        assert.deepEqual(rows.map(({ layer, unit }) => `${layer}:${unit}`), UNITS);
        for (const row of rows) {
          const number = (name: string) => Number(row[name]);
          for (const suffix of ["", "_paper"]) {
            const [I, K, C, D, S] = ["I", "K", "C", "D", "S"].map((name) => number(name + suffix));
            assert.ok(K >= 1 && K <= I - 1 && I <= 8);
            assert.ok(Math.abs(C - (K - 1) / (I - 1)) < 1e-12);
            assert.ok(D >= 0 && D <= 0.5, "features after a ReLU are not negative");
            assert.ok(Math.abs(S - (C + D - C * D)) < 1e-12);
          }
          assert.ok(number("activation_min") <= number("activation_mean"));
          assert.equal(row.exceeds_dataset, String(number("activation_min") > number("dataset_max")));
          assert.equal(row.flags.split(";").includes("dataset_higher"), row.exceeds_dataset === "false");
          assert.match(row.stop_reason, /^(elbow|maximum)$/);
        }
      });

      await test.step("two shards, two workers each, merged", async () => {
        const shards = [0, 1].map((index) => join(folder, `shard${index}`));
        for (const [index, run] of shards.entries()) {
          const shard = ["--run", run, "--shard", `${index}/2`, ...twoWorkers];
          const { code, err } = await finish(folder, "score-all", ...shard, ...settings, "--verbose");
          assert.equal(code, 0, err);
          assert.match(err, /^engine: .*"threads":1,/m);
          assert.match(err, /^workers: 2$/m);
          assert.match(err, new RegExp(`^scoring: ${index === 0 ? "4/4" : "2/2"} units \\(100 %\\)`, "m"));
          assert.doesNotMatch(err, /warn|error|note/i, "nor do the workers say anything");
        }
        const merged = await json("merge", ...shards, "--into", runs.merged);
        assert.deepEqual([merged.planned, merged.completed, merged.missing], [5, 5, []]);
        assert.equal(scoresOf(runs.merged), scores);
        assert.notEqual(scoresOf(shards[0]), scores);
      });

      await test.step("a run in two workers that is killed in the middle, with a second process refused meanwhile, and resumed", async () => {
        const process = command(folder, ["score-all", "--run", runs.cut, ...settings, ...twoWorkers], "null").spawn();
        try {
          await until(() => committed(runs.cut) >= 1);
          process.kill("SIGSTOP"); // it holds its lock and gets no further
          assert.ok(committed(runs.cut) < JOBS.length, "there is something left to do");
          const holder = new RegExp(
            `cut is being written by another process \\(${process.pid}\\); wait until it is done, or use`,
          );
          await refused(holder, "score-all", "--run", runs.cut, ...settings);
        } finally {
          process.kill("SIGKILL");
          await process.status;
        }
        const before = committed(runs.cut);
        assert.ok(before >= 1 && before < JOBS.length);
        assert.ok(!existsSync(join(runs.cut, "scores.csv")));

        const { code, out, err } = await finish(
          folder,
          "score-all",
          "--run",
          runs.cut,
          ...settings,
          ...twoWorkers,
          "--json",
        );
        assert.equal(code, 0, err);
        assert.match(err, new RegExp(`cut has ${before} finished jobs?; ${JOBS.length - before} to go`));
        const document = JSON.parse(out); // and nothing else on standard output
        assert.deepEqual(Object.keys(document), [
          "run",
          "profile",
          "embedder",
          "seconds",
          "files",
          "jobs",
          "layers",
          "parts",
          "unscorable",
        ]);
        assert.equal(document.run, runs.cut);
        assert.deepEqual(document.jobs, { planned: 5, completed: 5 });
        assert.deepEqual(document.files, {
          run: join(runs.cut, "run.sqlite"),
          scores: join(runs.cut, "scores.csv"),
          report: join(runs.cut, "report.html"),
        });
        const [{ layer, planned, units, dead, K1, K2, K3 }] = document.layers;
        assert.deepEqual([layer, planned, units, dead, K1 + K2 + K3], ["conv1", 2, 2, 0, 2]);
        assert.equal(scoresOf(runs.cut), scores);
      });

      await test.step("everything else that the three runs hold is the same too", () => {
        using whole = readRun(runs.whole);
        using cut = readRun(runs.cut);
        using merged = readRun(runs.merged);
        for (const { layer, unit } of whole.units()) {
          const expected = whole.unit(layer, unit);
          assert.ok(isDeepStrictEqual(cut.unit(layer, unit), expected), `${layer}:${unit} of the run that was cut`);
          assert.ok(isDeepStrictEqual(merged.unit(layer, unit), expected), `${layer}:${unit} of the merged run`);
        }
      });

      await test.step("the run is refused under another seed, other weights or without the dataset, each named", async () => {
        const args = ["score-all", "--run", runs.whole, ...settings];
        const differs = (what: string) =>
          new RegExp(`whole was made with other settings: ${what}; give the same settings`);
        await refused(differs("seed 11 there, 12 asked"), ...args.with(-1, "12"));
        await refused(differs('dataset \\{"name":"cifar10".* there, null asked'), ...args, "--no-data");
        const weights = join(folder, "other.safetensors");
        await Deno.writeFile(weights, await otherLeNet());
        await refused(
          differs('modelSha256 "[0-9a-f]{64}" there, "[0-9a-f]{64}" asked'),
          ...args,
          "--model-weights",
          weights,
        );
        assert.equal(scoresOf(runs.whole), scores);
      });

      // score-unit makes the unit's images alone, the run among others
      const ignore = !COMPANY_KEEPS_BITS;
      await test.step({
        name: "check and score-unit agree with the run",
        ignore,
        fn: async () => {
          const checked = await json("check", runs.whole);
          assert.equal(checked.units.length, UNITS.length);
          using run = readRun(runs.whole);
          const stored = run.unit("fc3", 9)!;
          const alone = await json("score-unit", "fc3:9", ...settings.slice(2));
          const expected = structuredClone(stored.score!);
          // the former name of a candidate's criterion stays for a release
          const candidates = expected.candidates.map((each) => ({ ...each, bic: each.criterion }));
          assert.deepEqual(alone.score, { ...expected, candidates });
          assert.deepEqual(alone.activations, stored.activations);
          assert.deepEqual(alone.datasetBest, stored.datasetBest);
          const { layer: _layer, unit: _unit, ...same } = checked.units.at(-1);
          assert.deepEqual(alone.check, same);
        },
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Jobs that a run holds so far; 0 before it has begun. */
function committed(directory: string): number {
  try {
    using run = readRun(directory);
    return run.completedJobs().length;
  } catch {
    return 0;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (const begun = Date.now(); !holds();) {
    assert.ok(Date.now() - begun < 300_000, "waited five minutes");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The committed LeNet-5 with one bit changed: another weight in its last tensor. */
async function otherLeNet(): Promise<Uint8Array> {
  const bytes = await Deno.readFile(weightsOf("lenet5-cifar10"));
  return bytes.with(bytes.length - 3, bytes[bytes.length - 3] ^ 1);
}
