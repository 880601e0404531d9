/**
 * Runs the jobs in several workers, one thread each: the small operations of a step of ascent gain nothing from a second
 * thread, whole jobs side by side gain all of it.
 *
 * @module
 */
import process from "node:process";
import { type JobSeconds, sumOfParts } from "../cost.ts";
import { type BackendReport, CARD_BYTES_PER_WORKER } from "../engine/mod.ts";
import { equalParts } from "../equal_parts.ts";
import type { ContextRef } from "../pipeline/mod.ts";
import type { UnitRecord } from "../types.ts";
import type { DevicePlan } from "./device_plan.ts";
import { pendingGroups } from "./group_jobs.ts";
import { memoryLimit } from "./memory_limit.ts";
import type { Job } from "./plan.ts";
import { commitGroup, type JobStore, type ScoreAllEvents } from "./score_all.ts";
import type { ScoreResult, ScoreTask, ScoreWorkerInit, UnitTask } from "./score_worker.ts";
import { createWorkerPool } from "./worker_pool.ts";

/** Memory that a worker may come to need: its networks, a batch of images, and their feature maps. */
const WORKER_BYTES = 1e9;

/**
 * Workers that share a card. Alone one leaves it idle between small kernels: on an H200 four did the bench's work 3.2 times as
 * fast as one, and twelve took as long for a run as four (`docs/card.md`).
 */
const WORKERS_PER_CARD = 4;

/** What workers share. */
export interface Machine {
  readonly cores: number;
  /** Memory that nothing uses, of the machine or of the container, whichever has less. */
  readonly freeBytes: number;
}

function thisMachine(): Machine {
  return {
    cores: navigator.hardwareConcurrency,
    // the container's files may only be read with all rights; its limit alone is told to scoring, too, and 0 is none
    freeBytes: Math.min(
      Deno.systemMemoryInfo().available,
      memoryLimit()?.freeBytes ?? Infinity,
      process.constrainedMemory() || Infinity,
    ),
  };
}

/**
 * How many workers are worth starting: one for each core of the processor, no more than there are jobs or than the
 * memory that is free holds at 1 GB each. Where graphics cards compute, no more than four for each card, or than its memory
 * holds at 2 GB each.
 *
 * @param jobs number of jobs that are to do.
 * @returns at least 1.
 */
export function suggestWorkers(
  { device, cards }: Pick<BackendReport, "device" | "cards">,
  jobs: number,
  { cores, freeBytes }: Machine = thisMachine(),
): number {
  const most = Math.min(cores, jobs, Math.floor(freeBytes / WORKER_BYTES));
  if (device === "webgpu") return 1;
  return Math.max(1, device === "cuda" ? Math.min(most, workersOnCards(cards)) : most);
}

/** Workers that share the cards, as many on each; on one card where it is not known what there is. */
function workersOnCards(cards: BackendReport["cards"]): number {
  if (cards === undefined) return WORKERS_PER_CARD;
  const free = Math.min(...cards.map(({ freeBytes, totalBytes }) => freeBytes ?? totalBytes));
  return cards.length * Math.min(WORKERS_PER_CARD, Math.floor(free / CARD_BYTES_PER_WORKER));
}

/**
 * Does all that is pending as `scoreAll` does, to the same results, in workers. Tasks are begun in the order of the plan, the
 * dataset's first, and committed as they are done, by the calling thread alone.
 *
 * @param context what each worker loads; a dataset's shared memory is shared, not copied.
 * @param backend the backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param workers the most workers, at least 1; no more are started than tasks are pending.
 * @param jobs the whole plan; the store's job numbers index it.
 * @param device jobs that are done together, and what workers are told of cards; by default each job is done by itself.
 * @throws what a worker or the store threw; what is under way is then cut off. What is committed stays so.
 */
export async function scoreAllInWorkers(
  context: ContextRef,
  { backend }: Pick<BackendReport, "backend">,
  workers: number,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
  device: Omit<DevicePlan, "workers"> = {},
): Promise<void> {
  const chunks = store.pendingChunks();
  const tasks: ScoreTask[] = [
    ...chunks.map((range) => ({ kind: "dataset", range } as const)),
    ...pendingGroups(device.groups ?? [], store.pendingJobs()).flatMap((group) => unitTasks(group, jobs, device.parts)),
  ];
  if (tasks.length === 0) return;
  const pool = await createWorkerPool<ScoreWorkerInit, ScoreTask, ScoreResult>(
    new URL("./score_worker.ts", import.meta.url),
    Math.min(workers, tasks.length),
    { backend, context, jobs, card: device.card && { ...device.card, next: new Int32Array(new SharedArrayBuffer(4)) } },
  );
  const collect = collectParts(jobs);
  const noted = new Set<string>();
  const shares = tasks.map(() => 0);
  const done = (kind: ScoreTask["kind"]) =>
    tasks.reduce((sum, task, i) => {
      if (task.kind !== kind) return sum;
      return sum + shares[i] * (task.kind === "units" ? task.to - task.from : 1 / chunks.length);
    }, 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const task = tasks[index];
    if (task.kind === "units") events.onProgress?.(done("units"), jobs[task.jobs[0]].layer);
    else events.onDataset?.(done("dataset"));
  };
  let told = false; // each worker has an adapter of its own to lose, and the card is one
  try {
    store.addSeconds?.("start", pool.startSeconds);
    await pool.run(tasks, {
      onProgress: report,
      onNote: (about, text) => {
        if (!noted.has(about)) events.onNote?.(text);
        noted.add(about);
      },
      onResult: (index, result, seconds) => {
        const task = tasks[index];
        const kernels = result.failure && [result.failure.backend];
        if (result.failure !== undefined && !told) events.onAdapterFailure?.(result.failure);
        told ||= result.failure !== undefined;
        if (result.kind === "dataset") {
          store.commitChunk(result.chunk, seconds, kernels);
          report(index, 1);
        } else if (task.kind === "units") {
          const whole = collect(task, { records: result.records, seconds, parts: result.parts, kernels });
          if (whole !== null) {
            const cost = { parts: whole.parts, ...(whole.kernels && { kernels: whole.kernels }) };
            commitGroup(task.jobs, jobs, whole.records, whole.seconds, cost, store, events);
          }
          report(index, 1);
        }
      },
    });
  } finally {
    pool.close();
  }
}

/** Tasks of jobs that are done together: one, or so many parts of their units, as equal as may be. */
function unitTasks(group: readonly number[], jobs: readonly Job[], parts = 1): UnitTask[] {
  const count = unitsOf(group, jobs);
  const bounds = equalParts(count, Math.ceil(count / parts));
  return bounds.slice(0, -1).map((from, i) => ({ kind: "units", jobs: group, from, to: bounds[i + 1] }));
}

function unitsOf(group: readonly number[], jobs: readonly Job[]): number {
  return group.reduce((sum, job) => sum + jobs[job].units.length, 0);
}

/** What comes of part of the units of some jobs, or of all. */
interface Scored {
  readonly records: readonly UnitRecord[];
  readonly seconds: number;
  readonly parts: JobSeconds;
  readonly kernels: readonly string[] | undefined;
}

/** Collects the parts of jobs; what it returns tells, of the last part, what came of all, and null before. */
function collectParts(jobs: readonly Job[]): (task: UnitTask, scored: Scored) => Scored | null {
  const waiting = new Map<number, Map<number, Scored>>();
  return ({ jobs: group, from }, scored) => {
    const parts = waiting.get(group[0]) ?? new Map<number, Scored>();
    waiting.set(group[0], parts.set(from, scored));
    const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, each]) => each);
    const records = inOrder.flatMap((each) => each.records);
    if (records.length < unitsOf(group, jobs)) return null;
    waiting.delete(group[0]);
    const kernels = new Set(inOrder.flatMap((each) => each.kernels ?? []));
    return {
      records,
      seconds: inOrder.reduce((sum, { seconds }) => sum + seconds, 0),
      parts: sumOfParts(inOrder.map((each) => each.parts)),
      kernels: kernels.size === 0 ? undefined : [...kernels],
    };
  };
}
