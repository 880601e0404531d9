import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { quoted, taskEnvironment } from "../../lib/machines/own_command.ts";
import { parseQueue, queueState } from "../../lib/machines/slurm.ts";
import { mergeScript, secondsOf, shardScript } from "../../lib/machines/slurm_scripts.ts";
import { ranges } from "../../lib/machines/submit_to_slurm.ts";
import { inFolder } from "../in_folder.ts";
import { until } from "./slurm.ts";
import { SUBMISSION } from "./submissions.ts";

async function bash(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command("bash", { args, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("quoted() is the same word to a shell, whatever is in it", async () => {
  const words = [
    "plain",
    "",
    "two words",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "a;b",
    "a\\b",
    "*",
    "line\nline",
    "ä",
    "#",
    "~",
    "-n",
    "!",
  ];
  const { out } = await bash("-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`);
  assert.deepEqual(out.split("\0").slice(0, -1), words);
});

Deno.test("secondsOf() reads every way in which sbatch takes a time, and nothing else", () => {
  const minute = 60, hour = 3600, day = 86_400;
  // the forms that sbatch's manual lists under --time
  assert.equal(secondsOf("90"), 90 * minute);
  assert.equal(secondsOf("90:30"), 90 * minute + 30);
  assert.equal(secondsOf("4:05:06"), 4 * hour + 5 * minute + 6);
  assert.equal(secondsOf("2-3"), 2 * day + 3 * hour);
  assert.equal(secondsOf("2-3:04"), 2 * day + 3 * hour + 4 * minute);
  assert.equal(secondsOf("2-03:04:05"), 2 * day + 3 * hour + 4 * minute + 5);
  for (const wrong of ["", "4h", "1:2:3:4", "-5", "1-", "a", "5 ", "1.5"]) assert.equal(secondsOf(wrong), null, wrong);
});

Deno.test("ranges() writes numbers as sbatch takes them", () => {
  assert.equal(ranges([0, 1, 2, 3]), "0-3");
  assert.equal(ranges([5]), "5");
  assert.equal(ranges([0, 2, 3, 7]), "0,2-3,7");
});

Deno.test("shardScript() is one that bash takes, with what is asked of Slurm, whatever the run's name", async () => {
  const resources = { cpus: 4, mem: "8G", time: "2:00:00", partition: "long", gpus: 1, sbatch: ["--qos=low"] };
  const run = "/scratch/100 % of it's $units";
  for (
    const script of [shardScript(run, { ...SUBMISSION, resources }), mergeScript(run, { ...SUBMISSION, resources })]
  ) {
    assert.equal((await bash("-n", "-c", script)).err, "");
  }
  const lines = shardScript(run, { ...SUBMISSION, resources }).split("\n");
  const asked = [
    "--requeue",
    "--open-mode=append",
    '--output="/scratch/100 %% of it\'s $units/machines/logs/shard-%a.log"',
    "--partition=long",
    "--time=2:00:00",
    "--cpus-per-task=4",
    "--mem=8G",
    "--gpus=1",
    "--signal=B:USR1@120",
    "--qos=low",
  ];
  for (const option of asked) assert.ok(lines.includes(`#SBATCH ${option}`), option);
  const short = shardScript(run, { ...SUBMISSION, resources: { cpus: 1, time: "2" } });
  assert.match(short, /--signal=B:USR1@30$/m, "a quarter of a short time");
  const merge = mergeScript(run, { ...SUBMISSION, resources });
  assert.doesNotMatch(merge, /--gpus/);
  assert.match(merge, /#SBATCH --cpus-per-task=1$/m);
});

Deno.test("shardScript() gives a task as many workers as cores, but where it has cards or was told", () => {
  assert.match(shardScript("/r", SUBMISSION), /--layers conv1,fc1 --workers 2 &$/m);
  assert.doesNotMatch(shardScript("/r", { ...SUBMISSION, resources: { cpus: 2, gpus: 1 } }), /--workers/);
  assert.match(shardScript("/r", { ...SUBMISSION, options: ["--workers", "7"] }), /--workers 7 &$/m);
});

Deno.test("a path that a script for Slurm cannot hold is refused", () => {
  for (const run of ['/a"b', "/a\\b", "/a\nb"]) {
    assert.throws(() => shardScript(run, SUBMISSION), {
      name: "InputError",
      message: /without quotes and backslashes/,
    });
  }
});

/** Runs a task's script with a program in place of polysem, and gives what came of it. */
async function runScript(folder: string, program: string, during?: (pid: number) => Promise<void>) {
  const stand = join(folder, "polysem.sh");
  await Deno.writeTextFile(stand, `#!/bin/bash\n${program}\n`, { mode: 0o755 });
  await Deno.writeTextFile(join(folder, "scontrol"), '#!/bin/bash\necho "scontrol $*"\n', { mode: 0o755 });
  const run = join(folder, "run");
  const script = shardScript(run, SUBMISSION).replace(/^polysem=.*$/m, `polysem=(${quoted(stand)})`);
  const env = {
    PATH: `${folder}:${Deno.env.get("PATH")}`,
    SLURM_ARRAY_TASK_ID: "1",
    SLURM_ARRAY_JOB_ID: "12",
    BEGUN: join(folder, "begun"),
  };
  await Deno.mkdir(join(run, "shards", "1"), { recursive: true });
  const child = new Deno.Command("bash", { args: ["-c", script], env, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
  const output = child.output();
  await during?.(child.pid);
  const { code, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Says that it has begun, and on a request to end keeps something and exits as polysem does. */
const WAITS = (keeps: string) =>
  `trap '${keeps}; echo told; exit 143' TERM; touch "$BEGUN"; echo "$*"; for i in $(seq 600); do sleep 0.1; done`;

async function begun(folder: string): Promise<void> {
  const file = join(folder, "begun");
  await until("the program to begin", () => existsSync(file));
  await Deno.remove(file);
}

Deno.test("a task's script ends with polysem's exit code, and passes a request to end on", () =>
  inFolder(async (folder) => {
    const failed = await runScript(folder, "exit 2");
    assert.equal(failed.code, 2);
    const ended = await runScript(folder, WAITS("true"), async (pid) => {
      await begun(folder);
      Deno.kill(pid, "SIGTERM");
    });
    assert.equal(ended.code, 143, ended.err);
    assert.match(
      ended.out,
      /^score-all --run \S+\/run\/shards\/1 --shard 1\/3 --divide-dataset --layers conv1,fc1 --workers 2$/m,
    );
    assert.match(ended.out, /^told$/m);
    assert.doesNotMatch(ended.out, /scontrol/);
  }));

Deno.test("a task's script whose time is over has itself queued again, where something was finished in it", () =>
  inFolder(async (folder) => {
    const file = quoted(join(folder, "run", "shards", "1", "run.sqlite"));
    const timeIsOver = async (pid: number) => {
      await begun(folder);
      Deno.kill(pid, "SIGUSR1");
    };
    const again = await runScript(folder, WAITS(`echo more >> ${file.replaceAll("'", "")}`), timeIsOver);
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /^scontrol requeue 12_1$/m);
    const stuck = await runScript(folder, WAITS("true"), timeIsOver);
    assert.equal(stuck.code, 1);
    assert.match(stuck.err, /^no job was finished in the time that a task has; submit with more --time$/m);
    assert.doesNotMatch(stuck.out, /scontrol/);
    const done = await runScript(
      folder,
      `trap 'exit 0' TERM; touch "$BEGUN"; for i in $(seq 600); do sleep 0.1; done`,
      timeIsOver,
    );
    assert.equal(done.code, 0);
    assert.doesNotMatch(done.out, /scontrol/, "it was done just then");
  }));

Deno.test("parseQueue() and queueState() read what squeue prints", () => {
  const queue = parseQueue(
    "12_0|RUNNING|None\n12_1|PENDING|Resources\n12_2|FAILED|NonZeroExitCode\n13|PENDING|Dependency\n",
  );
  assert.deepEqual(queue.get("12_1"), { state: "PENDING", reason: "Resources" });
  assert.deepEqual(queue.get("12_0"), { state: "RUNNING", reason: "" });
  assert.deepEqual(["12_0", "12_1", "12_2", "13", "14"].map((job) => queueState(queue.get(job))), [
    "running",
    "pending",
    null,
    "pending",
    null,
  ]);
  assert.equal(parseQueue("").size, 0);
});

Deno.test("taskEnvironment() takes along what changes where things lie or how they are computed, and no secret", () => {
  const env = {
    POLYSEM_CACHE: "/c",
    ONEDNN_MAX_CPU_ISA: "AVX2",
    LD_LIBRARY_PATH: "/l",
    HOME: "/h",
    AWS_SECRET_KEY: "s",
  };
  assert.deepEqual(taskEnvironment(env), { LD_LIBRARY_PATH: "/l", ONEDNN_MAX_CPU_ISA: "AVX2", POLYSEM_CACHE: "/c" });
});
