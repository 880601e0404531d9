import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { lockHolder, lockRun, lockText } from "../../lib/store/lock.ts";
import { mergeRuns, openRun, readRun, runProgress } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, makeRun, MANIFEST } from "./example_run.ts";

const OTHER = { host: "another-machine", pid: 4711, id: "of-another" };

/** Has another machine hold a lock, as far as its file tells. */
function writeHolder(folder: string, beat: number, age = 0): void {
  const path = join(folder, "run.lock");
  Deno.writeTextFileSync(path, lockText(OTHER, beat));
  const at = new Date(Date.now() - 1000 * age);
  Deno.utimeSync(path, at, at);
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("lockRun() names the holder in its file, and nobody once it is released", () =>
  inFolder((folder) => {
    assert.equal(lockHolder(folder), null);
    const lock = lockRun(folder);
    const holder = lockHolder(folder)!;
    assert.deepEqual([holder.host, holder.pid], [Deno.hostname(), Deno.pid]);
    lock.release();
    assert.equal(lockHolder(folder), null);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["run.lock"]);
  }));

Deno.test("lockRun() refuses what another machine is heard to write, though this machine's kernel knows nothing of it", () =>
  inFolder(async (folder) => {
    writeHolder(folder, 1);
    const beating = new Deno.Command(Deno.execPath(), { // as another machine would: this thread waits meanwhile
      args: [
        "eval",
        `setTimeout(() => Deno.writeTextFileSync(Deno.args[0], Deno.args[1]), 500)`,
        join(folder, "run.lock"),
        lockText(OTHER, 2),
      ],
    }).spawn();
    assert.throws(
      () => lockRun(folder, { lease: 20_000 }),
      (error: Error) =>
        error instanceof InputError &&
        /is being written by another process \(4711 on another-machine\); wait until/.test(error.message),
    );
    await beating.status;
  }));

Deno.test("lockRun() takes over from another machine that was silent for a lease, and one that lets go meanwhile", () =>
  inFolder(async (folder) => {
    writeHolder(folder, 1);
    lockRun(folder, { lease: 300 }).release(); // waits for it
    assert.equal(lockHolder(folder), null);
    const hour = 3_600_000; // a wait that the test would not outlive
    writeHolder(folder, 1, 2 * hour / 1000);
    lockRun(folder, { lease: hour }).release();
    writeHolder(folder, 1);
    const emptying = new Deno.Command(Deno.execPath(), {
      args: ["eval", `setTimeout(() => Deno.truncateSync(Deno.args[0], 0), 500)`, join(folder, "run.lock")],
    }).spawn();
    lockRun(folder, { lease: hour }).release();
    await emptying.status;
  }));

Deno.test("a holder that was taken over commits nothing more, and leaves the new one's name", () =>
  inFolder((folder) => {
    const run = openRun(folder, MANIFEST);
    run.commitJob(1, jobRecords(1), 1);
    writeHolder(folder, 1);
    const taken = /was taken over by process 4711 on another-machine while .* it writes no more/;
    assert.throws(() => run.commitJob(0, jobRecords(0), 1), taken);
    assert.throws(() => run.commitChunk(exampleChunk(), 1), taken);
    run.close();
    assert.equal(lockHolder(folder)!.host, "another-machine");
    using kept = readRun(folder);
    assert.deepEqual(kept.completedJobs(), [1]);
  }));

Deno.test("a holder whose file was removed commits nothing more: another may have made and locked a new one", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    Deno.removeSync(join(folder, "run.lock"));
    assert.throws(() => run.commitJob(1, jobRecords(1), 1), /was taken over while this process was not heard of/);
  }));

Deno.test("keep() says again and again that the lock is held, but not in another's name", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.lock");
    const lock = lockRun(folder, { beat: 20 });
    lock.keep();
    const first = Deno.readTextFileSync(path);
    for (let waited = 0; Deno.readTextFileSync(path) === first; waited++) {
      assert.ok(waited < 1000, "20 s without a sign");
      await sleep(20);
    }
    assert.equal(Deno.readTextFileSync(path).length, first.length);
    lock.assertHeld();
    writeHolder(folder, 5);
    await sleep(300);
    assert.equal(Deno.readTextFileSync(path), lockText(OTHER, 5));
    assert.throws(() => lock.assertHeld(), /was taken over/);
    lock.release();
  }));

/** Leaves a run as a writer does that is killed in the middle of writing a job into the file itself. */
async function killInTheMiddle(folder: string): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", join(import.meta.dirname!, "killed_in_writing.ts"), folder],
  });
  const { code, stderr } = await child.output();
  assert.equal(code, 137, new TextDecoder().decode(stderr));
  assert.ok(Deno.statSync(join(folder, "run.sqlite-journal")).size > 0, "the journal is hot");
}

Deno.test("what a writer killed in the middle of a write leaves is taken back, by readers and writers", () =>
  inFolder(async (folder) => {
    for (const open of [readRun, (run: string) => openRun(run, MANIFEST)]) {
      const run = join(folder, open === readRun ? "read" : "written");
      await killInTheMiddle(run);
      assert.match(runProgress(run) as string, /^run\.sqlite cannot be read now: /);
      using opened = open(run);
      assert.deepEqual(opened.completedJobs(), [1]);
      assert.deepEqual(opened.units().map(({ layer, unit }) => `${layer}:${unit}`), ["conv1:2"]);
      assert.deepEqual((runProgress(run) as { units: unknown }).units, { done: 1, planned: 4 });
    }
  }));

Deno.test("mergeRuns() of a shard whose writer was killed in the middle has its committed jobs alone, and refuses to be complete", () =>
  inFolder(async (folder) => {
    const [killed, into] = ["killed", "into"].map((name) => join(folder, name));
    await killInTheMiddle(killed);
    assert.throws(() => mergeRuns([killed], into, { complete: true }), {
      name: "InputError",
      message:
        `the runs lack 2 of 3 jobs and 12 of 12 images of the dataset; finish ${killed} first, or merge what there is ` +
        "without --complete",
    });
    assert.ok(!existsSync(into));
    assert.deepEqual(mergeRuns([killed], into).missing, [0, 2]);
  }));

Deno.test("mergeRuns() that is to be complete refuses shards of which one has a job or a chunk less, and takes all", () =>
  inFolder((folder) => {
    const [even, odd, into] = ["even", "odd", "into"].map((name) => join(folder, name));
    makeRun(even, [0, 2], { shard: { index: 0, count: 2 } });
    makeRun(odd, [1], { shard: { index: 1, count: 2 } });
    const lacking = (what: string) => (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, new RegExp(`^the runs lack ${what} of the dataset; `));
      return !existsSync(into);
    };
    assert.throws(() => mergeRuns([even], into, { complete: true }), lacking("1 of 3 jobs and 12 of 12 images"));
    assert.throws(() => mergeRuns([even, odd], into, { complete: true }), lacking("0 of 3 jobs and 12 of 12 images"));
    {
      using run = openRun(even, { ...MANIFEST, shard: { index: 0, count: 2 } });
      assert.deepEqual(run.pendingChunksOfShard(), [{ from: 0, to: 12 }]);
      run.commitChunk(exampleChunk(), 1);
      assert.deepEqual(run.pendingChunksOfShard(), []);
    }
    using other = readRun(odd);
    assert.deepEqual(other.pendingChunksOfShard(), [], "its only chunk is the first shard's");
    assert.equal(mergeRuns([even, odd], into, { complete: true }).completed, 3);
  }));
