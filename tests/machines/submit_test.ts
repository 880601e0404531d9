/** `submit` and `status` with their own permissions, and stand-ins for Slurm's tools that tell what they were asked. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { type Submission, submissionPaths, writeSubmission } from "../../lib/machines/mod.ts";
import { readSubmission } from "../../lib/machines/submission.ts";
import { openRun } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, makeRun, MANIFEST } from "../store/example_run.ts";
import { SUBMISSION } from "./submissions.ts";

/** `sbatch` knows no partition of the name `nope`, and says so as sbatch of Slurm 22.05 does; `squeue` lists a file. */
class FakeSlurm {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    const tools = {
      sbatch: [
        'script="${@: -1}"',
        `if grep -qF -- --partition=nope "$script" || [ -e refuse-"$(basename "$script")" ]; then`,
        '  echo "sbatch: error: invalid partition specified: nope" >&2',
        '  echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2',
        "  exit 1",
        "fi",
        'echo "$*" >> asked',
        "echo $((100 + $(wc -l < asked)))",
      ],
      squeue: ["cat queue"],
      scancel: ['echo "scancel $*" >> asked'],
    };
    for (const [name, lines] of Object.entries(tools)) {
      const text = ["#!/bin/bash", `cd ${folder}`, ...lines, ""].join("\n");
      Deno.writeTextFileSync(join(folder, name), text, { mode: 0o755 });
    }
    this.queue();
  }

  /** What squeue lists from now on. */
  queue(...lines: string[]): void {
    Deno.writeTextFileSync(join(this.#folder, "queue"), lines.map((line) => `${line}\n`).join(""));
  }

  /** From now on sbatch refuses one of the scripts. */
  refuse(script: string): void {
    Deno.writeTextFileSync(join(this.#folder, `refuse-${script}`), "");
  }

  /** What the tools were asked, oldest first. */
  asked(): string[] {
    const file = join(this.#folder, "asked");
    return existsSync(file) ? Deno.readTextFileSync(file).trimEnd().split("\n") : [];
  }

  async task(name: "submit" | "status", ...args: string[]) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...config.tasks[name].command.split(" ").slice(1), ...args],
      env: { PATH: `${this.#folder}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }
}

const inFake = (action: (slurm: FakeSlurm, run: string) => Promise<void>) => () =>
  inFolder(async (folder) => {
    const tools = join(folder, "tools");
    Deno.mkdirSync(tools);
    await action(new FakeSlurm(tools), join(folder, "run"));
  });

/** A submission whose shards are all done. */
function finishShards(run: string): void {
  const submission: Submission = { ...SUBMISSION, arrays: [{ job: "12", shards: [0, 1, 2] }], merge: "15" };
  writeSubmission(run, submission);
  const { shard } = submissionPaths(run);
  const shardOf = (index: number) => ({ shard: { index, count: 3 } });
  for (const index of [1, 2]) makeRun(shard(index), [index], shardOf(index));
  using first = openRun(shard(0), { ...MANIFEST, ...shardOf(0) });
  first.commitJob(0, jobRecords(0), 1);
  first.commitChunk(exampleChunk(), 1);
}

Deno.test(
  "a merge that was cancelled is submitted again, alone, while squeue lists it still",
  inFake(async (slurm, run) => {
    finishShards(run);
    slurm.queue("12_0|COMPLETED|None", "12_1|COMPLETED|None", "12_2|COMPLETED|None", "15|CANCELLED|None");
    const before = await slurm.task("status", run);
    assert.match(before.out, /^3 done, .* the merge is not submitted\.$/m);
    assert.match(before.out, /^Submit what is not submitted: deno task submit /m);
    const { out, err } = await slurm.task("submit", run);
    assert.equal(err, "");
    assert.match(out, /^Submitted: job 101 merges them when all are done\.$/m);
    assert.deepEqual(slurm.asked(), [`--parsable ${submissionPaths(run).mergeScript}`]);
    assert.equal(readSubmission(run)!.merge, "101");

    slurm.queue("101|PENDING|Resources");
    const nothing = await slurm.task("submit", run);
    assert.match(nothing.out, /^Nothing is left to submit: 3 of 3 shards are done, .*; the merge is pending\.$/m);
    assert.equal(slurm.asked().length, 1);
  }),
);

Deno.test(
  "a shard that was cancelled before it began is submitted again, and the merge that waits for it is replaced",
  inFake(async (slurm, run) => {
    const { arrays, ...submission }: Submission = { ...SUBMISSION, merge: "15" };
    writeSubmission(run, { ...submission, arrays: [...arrays, { job: "12", shards: [0, 1, 2] }] });
    slurm.queue("12_0|PENDING|Priority", "12_1|CANCELLED|None", "12_2|RUNNING|None", "15|PENDING|Dependency");
    const { err } = await slurm.task("submit", run);
    assert.equal(err, "");
    const { shardScript, mergeScript } = submissionPaths(run);
    assert.deepEqual(slurm.asked(), [
      `--parsable --array=1 ${shardScript}`,
      "scancel --quiet 15",
      `--parsable --dependency=afterok:12_0:12_2:101 --kill-on-invalid-dep=yes ${mergeScript}`,
    ]);
  }),
);

Deno.test(
  "what sbatch refused is told in one line and not kept, and what it took last is",
  inFake(async (slurm, run) => {
    const refusal = "error: sbatch refused: invalid partition specified: nope; Batch job submission failed: Invalid " +
      "partition name specified; submit again with all that a task needs (--mem, --partition ...), since what was " +
      "refused is not kept\n";
    const plan = ["--shards", "2", "--units", "conv1:0-1,conv2:3", "--seed", "5"];
    const first = await slurm.task("submit", run, ...plan, "--mem", "3M", "--partition", "nope");
    assert.deepEqual([first.code, first.out, first.err], [2, "", refusal]);
    const status = await slurm.task("status", run);
    assert.match(status.out, /2 not submitted, of 2 shards; .* the merge is not submitted\.$/m);

    const second = await slurm.task("submit", run, "--mem", "1M");
    assert.equal(second.err, "");
    assert.deepEqual(readSubmission(run)!.resources, { cpus: 1, mem: "1M" });

    slurm.queue("101_0|FAILED|None", "101_1|FAILED|None");
    const third = await slurm.task("submit", run, "--mem", "2M", "--partition", "nope");
    assert.deepEqual([third.code, third.err], [2, refusal]);
    assert.deepEqual(readSubmission(run)!.resources, { cpus: 1, mem: "1M" });
    assert.equal((await slurm.task("submit", run)).err, "");
    assert.match(Deno.readTextFileSync(submissionPaths(run).shardScript), /^#SBATCH --mem=1M$/m);

    slurm.queue("103_0|FAILED|None", "103_1|FAILED|None");
    slurm.refuse("merge.sh");
    assert.equal((await slurm.task("submit", run, "--mem", "4M")).err, refusal);
    const { resources, arrays } = readSubmission(run)!;
    assert.deepEqual([resources.mem, arrays.length], ["4M", 3], "it took the shards");
  }),
);
