import assert from "node:assert/strict";
import { join } from "node:path";
import { parseQueue } from "../../lib/machines/slurm.ts";
import { type Submission, submissionPaths, submissionStatus, writeSubmission } from "../../lib/machines/mod.ts";
import { readSubmission } from "../../lib/machines/submission.ts";
import { lockText } from "../../lib/store/lock.ts";
import { mergeRuns, openRun, readRun, writeScores } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, makeRun, MANIFEST } from "../store/example_run.ts";
import { SUBMISSION } from "./submissions.ts";

const shardOf = (index: number) => ({ shard: { index, count: 3 } });

/** Does all of shard 0, its chunk of the dataset among it. */
function finishShard0(run: string): void {
  using shard = openRun(submissionPaths(run).shard(0), { ...MANIFEST, ...shardOf(0) });
  shard.commitJob(0, jobRecords(0), 1);
  shard.commitChunk(exampleChunk(), 1);
}

const statesOf = (run: string, submission: Submission, queue: string | null = null) =>
  submissionStatus(run, submission, queue === null ? null : parseQueue(queue)).tasks.map(({ state }) => state);

Deno.test("submissionStatus() tells by files alone what is done, running, failed and not begun", () =>
  inFolder((run) => {
    const paths = submissionPaths(run);
    writeSubmission(run, SUBMISSION);
    assert.deepEqual(statesOf(run, SUBMISSION), ["not_submitted", "not_submitted", "not_submitted"]);
    const submitted = { ...SUBMISSION, arrays: [{ job: "12", shards: [0, 1] }] };
    assert.deepEqual(statesOf(run, submitted), ["pending", "pending", "not_submitted"]);
    assert.deepEqual(statesOf(run, { ...SUBMISSION, engine: "kubernetes" }), ["pending", "pending", "pending"]);
    finishShard0(run);
    makeRun(paths.shard(1), [], shardOf(1));
    const lock = join(paths.shard(1), "run.lock");
    Deno.writeTextFileSync(lock, lockText({ host: "node7", pid: 4711, id: "x" }, 3));
    Deno.writeTextFileSync(paths.log(1), "task 1 on node7\n\nscoring: 0/1 units\nscoring: 0.5/1 units\n");
    Deno.writeTextFileSync(paths.log(2), "no more memory\n"); // before it had a file
    const { tasks, units, merge } = submissionStatus(run, SUBMISSION, null, 2);
    assert.deepEqual(tasks.map(({ state }) => state), ["done", "running", "failed"]);
    assert.deepEqual(tasks.map(({ units }) => units), [
      { done: 2, planned: 2 },
      { done: 0, planned: 1 },
      { done: 0, planned: 1 },
    ]);
    assert.deepEqual(tasks.map(({ images }) => images), [{ done: 12, planned: 12 }, { done: 0, planned: 0 }, null]);
    assert.deepEqual([tasks[1].writer?.host, tasks[1].writer?.pid], ["node7", 4711]);
    assert.deepEqual(tasks[1].lastLines, ["scoring: 0/1 units", "scoring: 0.5/1 units"]);
    assert.deepEqual(tasks[2].lastLines, ["no more memory"]);
    assert.deepEqual(units, { done: 2, planned: 4 });
    assert.equal(merge.state, "not_submitted");

    const hour = new Date(Date.now() - 3_600_000);
    Deno.utimeSync(lock, hour, hour);
    assert.deepEqual(statesOf(run, SUBMISSION), ["done", "failed", "failed"]);
  }));

Deno.test("submissionStatus() believes Slurm where it was asked, but for what is done", () =>
  inFolder((run) => {
    const submission: Submission = {
      ...SUBMISSION,
      arrays: [{ job: "12", shards: [0, 1, 2] }, { job: "14", shards: [1] }],
      merge: "15",
    };
    writeSubmission(run, submission);
    finishShard0(run);
    makeRun(submissionPaths(run).shard(1), [], shardOf(1));
    const queue =
      "12_0|COMPLETED|None\n12_1|FAILED|None\n12_2|PENDING|Priority\n14_1|RUNNING|None\n15|PENDING|Dependency\n";
    assert.deepEqual(statesOf(run, submission, queue), ["done", "running", "pending"]);
    assert.deepEqual(statesOf(run, submission, queue.replace("14_1|RUNNING", "14_1|NODE_FAIL")), [
      "done",
      "failed",
      "pending",
    ]);
    assert.deepEqual(statesOf(run, submission, ""), ["done", "failed", "failed"], "it knows none of them any more");

    // a task that was killed a moment ago was heard of within the lease
    Deno.writeTextFileSync(
      join(submissionPaths(run).shard(1), "run.lock"),
      lockText({ host: "node7", pid: 4711, id: "x" }, 3),
    );
    assert.equal(statesOf(run, submission, queue.replace("14_1|RUNNING", "14_1|FAILED"))[1], "failed");
  }));

/** Slurm's words for what has ended, by the manual of squeue. */
const ENDED = [
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "REVOKED",
  "TIMEOUT",
];

Deno.test("submissionStatus() takes nothing that has ended for queued, as long as squeue may list it", () =>
  inFolder((run) => {
    const submission: Submission = { ...SUBMISSION, arrays: [{ job: "12", shards: [0, 1, 2] }], merge: "15" };
    writeSubmission(run, submission);
    finishShard0(run);
    const statusBy = (queue: string) => submissionStatus(run, submission, parseQueue(queue));
    for (const state of ENDED) {
      const { tasks, merge } = statusBy(
        `12_0|COMPLETED|None\n12_1|${state}|None\n12_2|PENDING|None\n15|${state}|None\n`,
      );
      assert.deepEqual(tasks.map((task) => task.state), ["done", "failed", "pending"], state);
      assert.equal(merge.state, state === "CANCELLED" ? "not_submitted" : "failed", state);
    }
    assert.equal(statusBy("").merge.state, "not_submitted", "cancelled some minutes ago");
    assert.equal(statusBy("15|PENDING|Dependency\n").merge.state, "pending");
    assert.equal(submissionStatus(run, submission, null).merge.state, "pending", "Slurm was not asked");
    Deno.writeTextFileSync(submissionPaths(run).mergeLog, "error: no room\n");
    assert.equal(statusBy("15|CANCELLED|None\n").merge.state, "failed", "it had begun");
  }));

Deno.test("submissionStatus() calls the merge done when all of it is in the merged run", () =>
  inFolder((run) => {
    const { shard, mergeLog } = submissionPaths(run);
    writeSubmission(run, SUBMISSION);
    finishShard0(run);
    for (const index of [1, 2]) makeRun(shard(index), [index], shardOf(index));
    const merge = () => submissionStatus(run, SUBMISSION, null).merge.state;
    assert.equal(merge(), "not_submitted");
    Deno.writeTextFileSync(mergeLog, "error: \n");
    assert.equal(merge(), "failed");
    mergeRuns([0, 1].map(shard), run);
    assert.equal(merge(), "failed", "a job is missing");
    mergeRuns([0, 1, 2].map(shard), run, { complete: true });
    {
      using merged = readRun(run);
      writeScores(merged);
    }
    assert.equal(merge(), "done");
  }));

Deno.test("readSubmission() gives back what was written, and refuses a damaged file in one line", () =>
  inFolder((run) => {
    assert.equal(readSubmission(run), null);
    writeSubmission(run, SUBMISSION);
    assert.deepEqual(readSubmission(run), SUBMISSION);
    const { file } = submissionPaths(run);
    for (const damaged of ['{"engine": "slurm"', JSON.stringify({ ...SUBMISSION, shards: "many" }), "[]", ""]) {
      Deno.writeTextFileSync(file, damaged);
      assert.throws(() => readSubmission(run), {
        name: "InputError",
        message: /^[^\n]*submission\.json is damaged \([^\n]*\); restore it/,
      });
    }
  }));
