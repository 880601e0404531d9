import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { openRun, readRun, runDirectory, writeScores } from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { madeUp } from "../lpips/made_up.ts";
import {
  deadRecord,
  exampleChunk,
  jobRecords,
  MANIFEST,
  record,
  TEST_IMAGES,
  withDataset,
  withoutDataset,
} from "./example_run.ts";

function refused(action: () => unknown, pattern: RegExp, kind: new (message: string) => Error = InputError) {
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
}

Deno.test("a run gives back exactly what was committed", () =>
  inFolder((folder) => {
    using run = openRun(join(folder, "a", "run"), MANIFEST);
    for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1.5);
    assert.deepEqual(run.manifest, MANIFEST);
    assert.deepEqual(run.unit("conv1", 0), withoutDataset(record("conv1", 0)));
    assert.deepEqual(run.unit("conv1", 1), withoutDataset(deadRecord("conv1", 1)));
    assert.deepEqual(run.unit("fc1", 5), withoutDataset(jobRecords(2)[0]));
    assert.equal(run.unit("fc1", 6), null);
    assert.equal(run.jobSeconds(1), 1.5);
    assert.equal(run.jobSeconds(3), null);
  }));

Deno.test("with the dataset's part a run knows each unit's best images and what falls short of them", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    assert.deepEqual(run.pendingChunks(), [{ from: 0, to: TEST_IMAGES }]);
    run.commitJob(0, jobRecords(0), 1);
    run.commitChunk(exampleChunk(), 2.5);
    for (const job of [1, 2]) run.commitJob(job, jobRecords(job), 1);
    assert.deepEqual(run.pendingChunks(), []);
    assert.equal(run.chunkSeconds({ from: 0, to: TEST_IMAGES }), 2.5);
    assert.deepEqual(run.chunk({ from: 0, to: TEST_IMAGES }), exampleChunk());
    for (const each of [0, 1, 2].flatMap(jobRecords)) {
      const stored = run.unit(each.layer, each.unit)!;
      assert.deepEqual(stored, withDataset(each));
      const overview = run.units().find(({ layer, unit }) => layer === each.layer && unit === each.unit)!;
      assert.deepEqual([overview.flags, overview.datasetMax], [stored.flags, stored.datasetMax]);
    }
    // 1.5 of conv1:0 is not above 2; 3, 4 and 5 of conv1:2 are; a dead unit has nothing to compare
    assert.deepEqual(run.units().map(({ flags }) => flags), [["dataset_higher"], ["dead"], [], []]);
  }));

Deno.test("pooled distances are kept to the last bit, and apart from those of LPIPS", () =>
  inFolder((folder) => {
    const pooledDistances = [1 / 3, 2 - Number.EPSILON, 1e-300];
    const run = openRun(folder, MANIFEST);
    run.commitJob(1, [record("conv1", 2, { pooledDistances })], 1);
    run.close();
    using reader = readRun(folder);
    assert.deepEqual(reader.unit("conv1", 2)!.pooledDistances, pooledDistances);
    assert.deepEqual(reader.unit("conv1", 2)!.distances, [0.1, 0.2, 0.3]);
  }));

Deno.test("distances of attributions are kept to the last bit with their layer; where there are none, none are read", () =>
  inFolder((folder) => {
    const attributions = { layer: 'layer "3".0 conv1', distances: [1 / 3, 4, 1e-300] };
    const run = openRun(folder, MANIFEST);
    run.commitJob(1, [record("conv1", 2, { attributions })], 1);
    run.commitJob(0, jobRecords(0), 1);
    run.close();
    using reader = readRun(folder);
    assert.deepEqual(reader.unit("conv1", 2)!.attributions, attributions);
    assert.equal("attributions" in reader.unit("conv1", 0)!, false);
    const short = record("conv1", 2, { attributions: { layer: "conv1", distances: [1] } });
    inFolder((other) => {
      using second = openRun(other, MANIFEST);
      assert.throws(
        () => second.commitJob(1, [short], 1),
        /unit conv1:2: 1 distances of attributions beside 3 of LPIPS/,
      );
    });
  }));

Deno.test("images are kept as the nearest byte, clamped to 0 .. 255", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    const data = new Float32Array(18).fill(0.5);
    data.set([-1, 2, 100.4 / 255, 100.6 / 255]);
    const images = { count: 3, height: 2, width: 1, data };
    run.commitJob(1, [record("conv1", 2, { images })], 1);
    const bytes = Array.from(run.unit("conv1", 2)!.images.data.slice(0, 4), (value) => Math.round(value * 255));
    assert.deepEqual(bytes, [0, 255, 100, 101]);
  }));

Deno.test("a resumed run holds the jobs committed before and takes only the others", () =>
  inFolder((folder) => {
    const first = openRun(folder, MANIFEST);
    first.commitJob(2, jobRecords(2), 1);
    first.close();
    using second = openRun(folder, structuredClone(MANIFEST));
    assert.deepEqual(second.completedJobs(), [2]);
    assert.deepEqual(second.pendingJobs(), [0, 1]);
    assert.throws(() => second.commitJob(2, jobRecords(2), 1), /job 2 is already committed/);
    second.commitJob(0, jobRecords(0), 1);
    assert.deepEqual(second.completedJobs(), [0, 2]);
  }));

Deno.test("a closed run is one file beside its lock", () =>
  inFolder((folder) => {
    const run = openRun(folder, MANIFEST);
    run.commitJob(2, jobRecords(2), 1);
    run.close();
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["run.lock", "run.sqlite"]);
  }));

Deno.test("openRun() refuses a run made with other settings and says which, with both values", () =>
  inFolder((folder) => {
    openRun(folder, MANIFEST).close();
    const changed: [Partial<RunManifest>, RegExp][] = [
      [{ seed: 1 }, /: seed 0 there, 1 asked; give the same/],
      [{ model: "mlp" }, /: model "lenet5-cifar10" there, "mlp" asked;/],
      [{ modelSha256: "e".repeat(64) }, /: modelSha256 "a+" there, "e+" asked;/],
      [{ embedder: "resnet18-imagenet" }, /: embedder "resnet18-cifar10" there, "resnet18-imagenet" asked;/],
      [{ dataset: null }, /: dataset \{"name":"cifar10".* there, null asked;/],
      [
        { profileName: "mine", profile: { ...MANIFEST.profile, elbow: { threshold: 0.02, patience: 3 } } },
        /: profileName "calibrated" there, "mine" asked; profile\.elbow\.threshold 0\.005 there, 0\.02 asked; give/,
      ],
      [{ profile: { elbow: MANIFEST.profile.elbow } }, /: profile\.cluster \{.*\} there, nothing asked;/],
      [
        { dataset: { ...MANIFEST.dataset!, images: 13 } },
        /: dataset\.images 12 there, 13 asked;/,
      ],
      [
        { jobs: [{ layer: "conv1", units: [0] }] },
        /: plan 4 units in 3 jobs .* there, 1 unit in 1 job \(conv1:0\) asked;/,
      ],
      [{ shard: { index: 0, count: 2 } }, /: shard\.count 1 there, 2 asked;/],
      [{ engine: "tensorflow" }, /: engine "cpu" there, "tensorflow" asked;/],
    ];
    for (const [changes, pattern] of changed) refused(() => openRun(folder, { ...MANIFEST, ...changes }), pattern);
    openRun(folder, MANIFEST).close();
  }));

Deno.test("commitJob() refuses records that do not fit the plan or contradict themselves, and commits nothing", () =>
  inFolder((folder) => {
    using run = openRun(folder, { ...MANIFEST, shard: { index: 1, count: 2 } });
    assert.throws(() => run.commitJob(0, jobRecords(0), 1), /job 0 is not of shard 1\/2/);
    assert.throws(() => run.commitJob(3, [], 1), /job 3 is not in the plan of 3 jobs/);
    assert.throws(() => run.commitJob(1, [], 1), /job 1 is conv1:2, not/);
    assert.throws(() => run.commitJob(1, [record("conv1", 3)], 1), RangeError);
    const wrong = (changes: Parameters<typeof record>[2]) => () => run.commitJob(1, [record("conv1", 2, changes)], 1);
    assert.throws(wrong({ activations: [1, 2] }), /2 activations of 3 images/);
    assert.throws(wrong({ activations: [1, NaN, 2] }), /not finite/);
    assert.throws(wrong({ distances: [1] }), /1 distances of 3 images/);
    assert.throws(wrong({ pooledDistances: [1, 2] }), /unit conv1:2: 2 pooled distances beside 3 of LPIPS/);
    assert.throws(wrong({ paper: null }), /one of the two scores/);
    assert.throws(wrong({ scoreInterval: { low: 0.5, high: 0.4 } }), /0\.5 to 0\.4 is no interval/);
    assert.throws(wrong({ scoreInterval: { low: NaN, high: 1 } }), /NaN to 1 is no interval/);
    assert.throws(wrong({ score: null, paper: null }), /an interval without a score/);
    assert.throws(wrong({ scoreInterval: null }), /shares of K without an interval/);
    assert.throws(wrong({ kShares: { K1: 0.5, K2: 0.25, K3: 0 } }), /shares of K 0\.5, 0\.25 and 0 do not add up to 1/);
    assert.throws(wrong({ kShares: { K1: 1.5, K2: -0.5, K3: 0 } }), /do not add up to 1/);
    assert.throws(wrong({ kShares: { K1: NaN, K2: 0, K3: 0 } }), /do not add up to 1/);
    assert.throws(
      wrong({ scoreInterval: { low: 0.1, high: 0.7 } }),
      /S = 0\.75 is not in its interval, 0\.1 to 0\.7/,
    );
    assert.throws(wrong({ embeddings: { rows: 3, cols: 3, data: new Float32Array(6) } }), /6 entries/);
    assert.deepEqual(run.completedJobs(), []);
    assert.deepEqual(run.units(), []);
  }));

Deno.test("commitJob() leaves nothing of a job that fails half way", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    const twoOfOneRank = record("conv1", 1, {
      score: {
        ...record("conv1", 1).score!,
        candidates: [{ k: 1, criterion: 0, inertia: 0 }, { k: 1, criterion: 0, inertia: 0 }],
      },
    });
    assert.throws(() => run.commitJob(0, [record("conv1", 0), twoOfOneRank], 1), /constraint/i);
    assert.deepEqual(run.units(), []);
    run.commitJob(0, jobRecords(0), 1);
    assert.equal(run.units().length, 2);
  }));

Deno.test("a full disk is told in one line and keeps the jobs committed before", () =>
  inFolder((folder) => {
    // noise, which compression cannot make much smaller: 3 x 200 x 200 x 3 bytes are 88 pages
    const data = madeUp(1, 360_000).map((u) => Math.floor(256 * u) / 255);
    const large = (unit: number) => record("conv1", unit, { images: { count: 3, height: 200, width: 200, data } });
    const run = openRun(folder, MANIFEST, { maxPages: 60 });
    run.commitJob(2, jobRecords(2), 1);
    refused(() => run.commitJob(0, [large(0), large(1)], 1), /cannot grow: .*full; committed jobs are kept/, Error);
    assert.deepEqual(run.completedJobs(), [2]);
    run.close();
    using again = openRun(folder, MANIFEST);
    assert.deepEqual(again.unit("fc1", 5), withoutDataset(jobRecords(2)[0]));
    again.commitJob(0, [large(0), large(1)], 1);
    assert.deepEqual(again.completedJobs(), [0, 2]);
  }));

Deno.test("openRun() refuses a path that is a file and a place that cannot be written", () =>
  inFolder((folder) => {
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    refused(() => openRun(file, MANIFEST), /cannot be created/);
    refused(() => openRun(join(file, "run"), MANIFEST), /cannot be created/);
    // The kernel's own file system refuses new folders even from root, whom permissions do not stop.
    refused(() => openRun("/sys/polysem-test", MANIFEST), /cannot be created/);
    Deno.mkdirSync(join(folder, "odd", "run.sqlite"), { recursive: true });
    refused(() => openRun(join(folder, "odd"), MANIFEST), /cannot be opened or written/);
  }));

Deno.test({
  name: "openRun() refuses a folder without permission to write",
  ignore: Deno.uid() === 0 && (console.log("skipped: root may write anywhere; run the tests as another user"), true),
  fn: () =>
    inFolder((folder) => {
      Deno.chmodSync(folder, 0o500);
      try {
        refused(() => openRun(folder, MANIFEST), /cannot be written/);
      } finally {
        Deno.chmodSync(folder, 0o700);
      }
    }),
});

Deno.test("a damaged, foreign or newer file is refused, by the writer and by readers", () =>
  inFolder((folder) => {
    const file = join(folder, "run.sqlite");
    const bothRefuse = (pattern: RegExp) => {
      refused(() => openRun(folder, MANIFEST), pattern);
      refused(() => readRun(folder), pattern);
    };
    Deno.writeTextFileSync(file, "not a database, but long enough to have a header ".repeat(100));
    bothRefuse(/damaged or not a run/);

    Deno.removeSync(file);
    const other = new DatabaseSync(file);
    other.exec("CREATE TABLE t (x)");
    other.close();
    bothRefuse(/something else, not a run of polysem/);

    Deno.removeSync(file);
    const run = openRun(folder, MANIFEST);
    run.commitJob(0, jobRecords(0), 1);
    run.close();
    const whole = Deno.readFileSync(file);

    Deno.writeFileSync(file, whole.slice(0, whole.length - 3 * 4096));
    bothRefuse(/damaged/);

    const overwritten = whole.slice();
    overwritten.fill(0xa5, 4096, 6 * 4096);
    Deno.writeFileSync(file, overwritten);
    bothRefuse(/damaged/);

    Deno.writeFileSync(file, whole);
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 5");
    newer.close();
    bothRefuse(/newer polysem \(schema 5, this one reads up to 4\)/);
  }));

Deno.test("readRun() refuses a folder without a run", () =>
  inFolder((folder) => {
    refused(() => readRun(folder), /there is no run in/);
    refused(() => readRun(join(folder, "none")), /there is no run in/);
    Deno.writeTextFileSync(join(folder, "run.sqlite"), "");
    refused(() => readRun(folder), /has not begun/);
  }));

Deno.test("readers see what is committed while the run is being written", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    using reader = readRun(folder);
    assert.deepEqual(reader.completedJobs(), []);
    run.commitJob(1, jobRecords(1), 1);
    assert.deepEqual(reader.completedJobs(), [1]);
    assert.deepEqual(reader.unit("conv1", 2), withoutDataset(jobRecords(1)[0]));
    run.commitJob(0, jobRecords(0), 1);
    assert.equal(reader.units().length, 3);
  }));

Deno.test("a second opening of a run is refused until the first is closed", () =>
  inFolder((folder) => {
    const first = openRun(folder, MANIFEST);
    refused(() => openRun(folder, MANIFEST), new RegExp(`is being written by another process \\(${Deno.pid}\\); wait`));
    first.close();
    openRun(folder, MANIFEST).close();
  }));

Deno.test("a process killed in the middle of a job leaves its committed jobs and no lock", () =>
  inFolder(async (folder) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", join(import.meta.dirname!, "killed_writer.ts"), folder],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("in the middle")) {
      const { value, done } = await reader.read();
      if (done) break;
      said += value;
    }
    assert.match(said, /in the middle/);
    refused(() => openRun(folder, MANIFEST), new RegExp(`by another process \\(${child.pid}\\)`));
    using during = readRun(folder);
    assert.deepEqual(during.completedJobs(), [1]);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();

    using after = readRun(folder);
    assert.deepEqual(after.completedJobs(), [1]);
    using resumed = openRun(folder, MANIFEST);
    assert.deepEqual(resumed.completedJobs(), [1]);
    assert.deepEqual(resumed.units().map(({ unit }) => unit), [2]);
    for (const job of resumed.pendingJobs()) resumed.commitJob(job, jobRecords(job), 2);

    using whole = openRun(join(folder, "whole"), MANIFEST);
    for (const job of [0, 1, 2]) whole.commitJob(job, jobRecords(job), 1);
    assert.deepEqual(Deno.readFileSync(writeScores(resumed)), Deno.readFileSync(writeScores(whole)));
  }));

Deno.test("summary() counts units, clusters and images above the dataset by layer", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    assert.deepEqual(run.summary().jobs, { planned: 3, completed: 0 });
    run.commitChunk(exampleChunk(), 1);
    run.commitJob(0, jobRecords(0), 10);
    const one = { assignments: [0, 0, 0], theta: [[0]], b: [[1]] };
    const flat = { ...record("conv1", 2).score!, K: 1, C: 0, D: 0, S: 0.25, ...one };
    const interval = { low: 0.25, high: 0.75 };
    run.commitJob(1, [record("conv1", 2, { activations: [3, 4, 5], score: flat, scoreInterval: interval })], 5);
    assert.deepEqual(run.summary(), {
      jobs: { planned: 3, completed: 2 },
      layers: [
        {
          layer: "conv1",
          planned: 3,
          units: 3,
          dead: 1,
          meanS: 0.5, // of 0.75 and 0.25
          spreadS: Math.sqrt(0.125), // sqrt((0.25^2 + 0.25^2) / 1)
          K1: 1,
          K2: 1,
          K3: 0,
          kShares: { K1: 0.125, K2: 0.75, K3: 0.125 }, // those of both units that have a score
          exceeding: 1, // 3, 4 and 5 are above 2; 1.5 of conv1:0 is not
          seconds: 15,
        },
        {
          layer: "fc1",
          planned: 1,
          units: 0,
          dead: 0,
          meanS: null,
          spreadS: null,
          K1: 0,
          K2: 0,
          K3: 0,
          kShares: null,
          exceeding: 0,
          seconds: 0,
        },
      ],
    });
  }));

Deno.test("runDirectory() puts names under runs/ and leaves paths alone", () => {
  assert.equal(runDirectory("lenet5"), join("runs", "lenet5"));
  assert.equal(runDirectory("../x"), "../x");
  assert.equal(runDirectory("/tmp/x"), "/tmp/x");
  assert.equal(runDirectory(".."), "..");
  assert.equal(runDirectory("tests"), join("runs", "tests"), "a folder that holds no run is not one");
  Deno.env.set("POLYSEM_RUNS", "/elsewhere");
  try {
    assert.equal(runDirectory("lenet5"), join("/elsewhere", "lenet5"));
  } finally {
    Deno.env.delete("POLYSEM_RUNS");
  }
  refused(() => runDirectory(""), /empty/);
  refused(() => runDirectory("  "), /empty/);
  refused(() => runDirectory("a\0b"), /null character/);
});
