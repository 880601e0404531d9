import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../../lib/errors.ts";
import { mergeRuns, migrateRun, openRun, readRun, writeScores } from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, MANIFEST, TEST_IMAGES, withDataset, withoutDataset } from "./example_run.ts";
import { asStored, insertOldChunk, oldManifest, type OldUnit, openOldRun, writeOldRun } from "./old_run.ts";

const fileOf = (folder: string) => join(folder, "run.sqlite");
const bytesOf = (path: string) => createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** Jobs of the example as an old run holds them, each unit with its part of the dataset. */
function oldJobs(...jobs: number[]): Map<number, { units: readonly OldUnit[]; seconds: number }> {
  return new Map(jobs.map((job) => [job, { units: jobRecords(job).map(withDataset), seconds: job + 1.5 }]));
}

function refused(action: () => unknown, pattern: RegExp): void {
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof InputError, `${error.name}: ${error.message}`);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
}

for (const schema of [1, 2] as const) {
  Deno.test(`a run of schema ${schema} is read whole, is not written, and says how it is converted`, () =>
    inFolder((folder) => {
      writeOldRun(folder, MANIFEST, schema, oldJobs(0, 2));
      const before = bytesOf(fileOf(folder));
      {
        using run = readRun(folder);
        assert.equal(run.schema, schema);
        assert.deepEqual(run.manifest, oldManifest(MANIFEST, schema));
        assert.deepEqual([run.completedJobs(), run.pendingJobs()], [[0, 2], [1]]);
        assert.deepEqual([run.completedChunks(), run.pendingChunks()], [[], []]);
        for (const unit of [...oldJobs(0, 2).values()].flatMap(({ units }) => units)) {
          assert.deepEqual(run.unit(unit.layer, unit.unit), asStored(unit, schema));
        }
        assert.deepEqual(run.units().map(({ datasetMax }) => datasetMax), [2, 2, Math.fround(0.3)]);
        assert.deepEqual(run.units().map(({ flags }) => flags), [["dataset_higher"], ["dead"], []]);
        const interval = schema === 1 ? null : { low: 0.625, high: 0.8125 };
        assert.deepEqual(run.units().map(({ scoreInterval }) => scoreInterval), [interval, null, interval]);
        assert.equal(run.datasetActivations("conv1"), null);
        assert.equal(run.summary().layers[0].exceeding, 0);
      }
      const older = new RegExp(
        `older polysem \\(schema ${schema}, this one writes 4\\); convert it with .*polysem migrate `,
      );
      refused(() => openRun(folder, MANIFEST), older);
      assert.equal(bytesOf(fileOf(folder)), before, "the file is as it was");
    }));

  Deno.test(`migrateRun() converts a run of schema ${schema} and loses nothing`, () =>
    inFolder((folder) => {
      writeOldRun(folder, MANIFEST, schema, oldJobs(0, 2));
      const original = bytesOf(fileOf(folder));
      const csv = (() => {
        using run = readRun(folder);
        return Deno.readTextFileSync(writeScores(run));
      })();
      const told: string[] = [];
      const kept = join(folder, `run.schema${schema}.sqlite`);
      assert.deepEqual(migrateRun(folder, (done, total) => told.push(`${done} of ${total}`)), {
        from: schema,
        to: 4,
        units: 3,
        kept,
      });
      assert.deepEqual(told, ["1 of 3", "2 of 3", "3 of 3"]);
      assert.equal(bytesOf(kept), original, "the old file is kept");
      assert.deepEqual(filesIn(folder), ["run.lock", `run.schema${schema}.sqlite`, "run.sqlite", "scores.csv"]);
      using run = readRun(folder);
      assert.equal(run.schema, 4);
      // the dataset of old runs is that of CIFAR-10, whose test images are 10,000
      const dataset = { name: "cifar10", sha256: "d".repeat(64), images: 10_000 };
      assert.deepEqual(run.manifest, { ...MANIFEST, schema: 4, dataset });
      for (const [job, { units, seconds }] of oldJobs(0, 2)) {
        assert.equal(run.jobSeconds(job), seconds);
        for (const unit of units) assert.deepEqual(run.unit(unit.layer, unit.unit), asStored(unit, schema));
      }
      assert.equal(Deno.readTextFileSync(writeScores(run)), csv);
      assert.deepEqual(run.pendingJobs(), [1]);
      assert.deepEqual(run.pendingChunks().map(({ from, to }) => [from, to]), [
        [0, 2500],
        [2500, 5000],
        [5000, 7500],
        [7500, 10_000],
      ]);
    }));
}

Deno.test("a run of schema 3 is read whole and converted with its part of the dataset; its intervals need not hold S", () =>
  inFolder((folder) => {
    const narrow = { scoreInterval: { low: 0, high: 0.5 } }; // S is .75
    const chunk = exampleChunk();
    const jobs = new Map([...oldJobs(0, 2)].map(([job, { units, seconds }]) => [job, {
      units: units.map((unit) => unit.score === null ? unit : { ...unit, ...narrow }),
      seconds,
    }]));
    const db = openOldRun(folder, MANIFEST, 3, jobs);
    insertOldChunk(db, chunk, 7);
    db.exec("PRAGMA journal_mode = DELETE");
    db.close();
    const units = [...jobs.values()].flatMap(({ units }) => units.map((unit) => asStored(unit, 3)));
    const check = (schema: number) => {
      using run = readRun(folder);
      assert.equal(run.schema, schema);
      assert.deepEqual(run.manifest, { ...MANIFEST, schema });
      assert.deepEqual([run.completedJobs(), run.pendingJobs()], [[0, 2], [1]]);
      for (const unit of units) assert.deepEqual(run.unit(unit.layer, unit.unit), unit);
      assert.deepEqual(run.units().map(({ kShares }) => kShares), [null, null, null]);
      const range = { from: 0, to: TEST_IMAGES };
      assert.deepEqual(run.completedChunks(), [range]);
      assert.deepEqual(run.chunk(range), chunk);
      assert.equal(run.chunkSeconds(range), 7);
      return Deno.readTextFileSync(writeScores(run));
    };
    const csv = check(3);
    assert.match(csv, /\nconv1,0,.*,0,0\.5,,,\n/);
    refused(() => openRun(folder, MANIFEST), /older polysem \(schema 3, this one writes 4\); convert it with/);
    const kept = join(folder, "run.schema3.sqlite");
    assert.deepEqual(migrateRun(folder), { from: 3, to: 4, units: 3, kept });
    assert.equal(check(4), csv);
    using run = openRun(folder, MANIFEST);
    run.commitJob(1, jobRecords(1), 1);
    assert.deepEqual(run.unit("conv1", 2), withDataset(jobRecords(1)[0]));
  }));

Deno.test("migrateRun() of a converted run, and of one of the present schema, does nothing", () =>
  inFolder((folder) => {
    const [old, present] = [join(folder, "old"), join(folder, "present")];
    writeOldRun(old, MANIFEST, 2, oldJobs(0, 1, 2));
    migrateRun(old);
    {
      using run = openRun(present, MANIFEST);
      run.commitJob(0, jobRecords(0), 1);
    }
    for (const directory of [old, present]) {
      const [before, files] = [bytesOf(fileOf(directory)), filesIn(directory)];
      const nothing = { from: 4, to: 4, units: 0, kept: null };
      assert.deepEqual(migrateRun(directory, () => assert.fail("a unit was converted")), nothing);
      assert.equal(bytesOf(fileOf(directory)), before);
      assert.deepEqual(filesIn(directory), files);
    }
  }));

Deno.test("a converted run is resumed: its dataset is passed over anew and its other jobs are scored", () =>
  inFolder((folder) => {
    writeOldRun(folder, MANIFEST, 2, oldJobs(0));
    migrateRun(folder);
    const manifest: RunManifest = { ...MANIFEST, dataset: { ...MANIFEST.dataset!, images: 10_000 } };
    using run = openRun(folder, manifest);
    run.commitJob(1, jobRecords(1), 1);
    assert.deepEqual(run.unit("conv1", 0), asStored(withDataset(jobRecords(0)[0]), 2));
    assert.deepEqual(run.unit("conv1", 2), withoutDataset(jobRecords(1)[0]), "nothing is known of the dataset yet");
    for (const { from, to } of run.pendingChunks()) {
      const matrix = (cols: number, data = new Float32Array((to - from) * cols)) => ({ rows: to - from, cols, data });
      const activations = matrix(3);
      if (from === 5000) activations.data.set([7, 8, 9], 3 * 11); // image 5011
      run.commitChunk({
        from,
        to,
        layers: [{ layer: "conv1", activations, responses: matrix(3) }, {
          layer: "fc1",
          activations: matrix(1),
          responses: null,
        }],
      }, 1);
    }
    const best = [0, 1, 2].map((unit) => run.unit("conv1", unit)?.datasetBest[0]);
    assert.deepEqual(best, [7, 8, 9].map((activation) => ({ index: 5011, activation })));
    assert.equal(run.unit("conv1", 0)!.datasetBest.length, 9);
    assert.equal(run.unit("conv1", 2)!.datasetMax, 9);
  }));

Deno.test("migrateRun() keeps what a killed writer left in its journal", () =>
  inFolder((folder) => {
    const [killed, written] = [join(folder, "killed"), join(folder, "written")];
    const db = openOldRun(written, MANIFEST, 2, oldJobs(0, 2));
    Deno.mkdirSync(killed);
    // what is on the disk while the file is open: so a kill leaves it
    for (const name of ["run.sqlite", "run.sqlite-wal"]) copyFileSync(join(written, name), join(killed, name));
    db.close();
    const wal = Deno.statSync(join(killed, "run.sqlite-wal")).size;
    assert.ok(wal > 32 && Deno.statSync(fileOf(killed)).size < wal, "most of the run is in the journal");
    assert.equal(migrateRun(killed).units, 3);
    assert.deepEqual(filesIn(killed), ["run.lock", "run.schema2.sqlite", "run.sqlite"]);
    for (const file of ["run.sqlite", "run.schema2.sqlite"]) {
      const alone = join(folder, file);
      Deno.mkdirSync(alone);
      copyFileSync(join(killed, file), fileOf(alone));
      using run = readRun(alone);
      assert.deepEqual(run.completedJobs(), [0, 2]);
      assert.deepEqual(run.unit("fc1", 5), asStored(withDataset(jobRecords(2)[0]), 2));
    }
  }));

Deno.test("migrateRun() that was cut off leaves the run as it was, and is done anew", () =>
  inFolder((folder) => {
    writeOldRun(folder, MANIFEST, 2, oldJobs(0, 1, 2));
    const before = bytesOf(fileOf(folder));
    const stop = new Error("stop");
    assert.throws(() =>
      migrateRun(folder, (done) => {
        if (done === 2) throw stop;
      }), /stop/);
    assert.equal(bytesOf(fileOf(folder)), before);
    assert.deepEqual(filesIn(folder), ["run.lock", "run.sqlite"]);
    // a kill leaves the new file half made
    const work = join(folder, "migrating.tmp");
    Deno.mkdirSync(work);
    Deno.writeTextFileSync(join(work, "run.sqlite"), "half a database");
    Deno.writeTextFileSync(join(work, "kept"), "half a copy");
    {
      using run = readRun(folder);
      assert.deepEqual(run.unit("conv1", 0), asStored(withDataset(jobRecords(0)[0]), 2));
    }
    assert.equal(migrateRun(folder).units, 4);
    assert.deepEqual(filesIn(folder), ["run.lock", "run.schema2.sqlite", "run.sqlite"]);
    assert.equal(bytesOf(join(folder, "run.schema2.sqlite")), before);
  }));

Deno.test("migrateRun() refuses what it cannot convert, and changes nothing", () =>
  inFolder((folder) => {
    refused(() => migrateRun(join(folder, "none")), /there is no run in/);

    const held = join(folder, "held");
    writeOldRun(held, MANIFEST, 2, oldJobs(0));
    {
      using lock = Deno.openSync(join(held, "run.lock"), { create: true, write: true });
      assert.ok(lock.tryLockSync(true));
      refused(() => migrateRun(held), /is being written by another process/);
    }

    const halves: [string, RegExp][] = [
      ["DELETE FROM distances WHERE unit_id = 0", /unit conv1:0 is incomplete: it has no distances; restore the file/],
      [
        "PRAGMA foreign_keys = OFF; DELETE FROM units WHERE id = 1",
        /unit conv1:1 is incomplete: it is missing though its job is committed; restore the file/,
      ],
      ["UPDATE embeddings SET entries = x'00' WHERE unit_id = 0", /unit conv1:0 is incomplete: 1 bytes are no numbers/],
      ["PRAGMA user_version = 5", /made by a newer polysem/],
      ["PRAGMA application_id = 7", /something else, not a run of polysem/],
    ];
    for (const [i, [sql, pattern]] of halves.entries()) {
      const directory = join(folder, String(i));
      writeOldRun(directory, MANIFEST, 2, oldJobs(0));
      const db = new DatabaseSync(fileOf(directory));
      db.exec(sql);
      db.close();
      const before = bytesOf(fileOf(directory));
      refused(() => migrateRun(directory), pattern);
      assert.equal(bytesOf(fileOf(directory)), before, sql);
      assert.deepEqual(filesIn(directory).filter((name) => name !== "run.lock"), ["run.sqlite"]);
    }

    const kept = join(folder, "kept");
    writeOldRun(kept, MANIFEST, 2, oldJobs(0));
    Deno.writeTextFileSync(join(kept, "run.schema2.sqlite"), "of an earlier time");
    const before = bytesOf(fileOf(kept));
    refused(() => migrateRun(kept), /run\.schema2\.sqlite is there already; move it away/);
    assert.equal(bytesOf(fileOf(kept)), before);
    assert.equal(Deno.readTextFileSync(join(kept, "run.schema2.sqlite")), "of an earlier time");
  }));

Deno.test("a run without a dataset, and one without a committed job, are converted as what they are", () =>
  inFolder((folder) => {
    const [without, empty] = [join(folder, "without"), join(folder, "empty")];
    const units = jobRecords(1).map(withoutDataset);
    writeOldRun(without, { ...MANIFEST, dataset: null }, 2, new Map([[1, { units, seconds: 1 }]]));
    assert.equal(migrateRun(without).units, 1);
    using run = openRun(without, { ...MANIFEST, dataset: null });
    assert.deepEqual(run.pendingChunks(), []);
    assert.deepEqual(run.unit("conv1", 2), { ...units[0], kShares: null });
    writeOldRun(empty, MANIFEST, 1, new Map());
    assert.equal(migrateRun(empty).units, 0);
    using converted = readRun(empty);
    assert.equal(converted.schema, 4);
  }));

Deno.test("converted shards are merged with all that they know of the dataset", () =>
  inFolder((folder) => {
    const shard = (index: number): RunManifest => ({ ...MANIFEST, shard: { index, count: 2 } });
    const [even, odd] = [join(folder, "even"), join(folder, "odd")];
    writeOldRun(even, shard(0), 2, oldJobs(0, 2));
    writeOldRun(odd, shard(1), 2, oldJobs(1));
    for (const directory of [even, odd]) migrateRun(directory);
    const into = join(folder, "into");
    for (const added of [3, 0]) { // merged again, nothing is added
      assert.deepEqual(mergeRuns([even, odd], into), { planned: 3, completed: 3, added, missing: [] });
    }
    using run = readRun(into);
    for (const unit of [0, 1, 2].flatMap(jobRecords)) {
      assert.deepEqual(run.unit(unit.layer, unit.unit), asStored(withDataset(unit), 2));
    }
    assert.equal(run.pendingChunks().length, 4);
  }));
