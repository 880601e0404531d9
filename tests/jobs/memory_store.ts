/** A store that only remembers, for tests of who works through a plan. */
import assert from "node:assert/strict";
import { JOB_PARTS, type JobSeconds, type RunPart } from "../../lib/cost.ts";
import type { JobStore } from "../../lib/jobs/mod.ts";
import type { ChunkRange } from "../../lib/store/mod.ts";
import type { DatasetChunk, UnitRecord } from "../../lib/types.ts";

/** What was committed, in that order. */
export interface MemoryStore extends JobStore {
  readonly jobs: {
    readonly job: number;
    readonly records: readonly UnitRecord[];
    readonly seconds: number;
    readonly parts?: JobSeconds;
  }[];
  readonly chunks: { readonly chunk: DatasetChunk; readonly seconds: number }[];
  /** What was added beside jobs. */
  readonly beside: { readonly part: RunPart; readonly seconds: number }[];
}

/**
 * @param pending jobs that are to do.
 * @param ranges stretches of the dataset that are to do.
 * @param failAt which commit fails, counted from 1.
 */
export function memoryStore(
  pending: readonly number[],
  ranges: readonly ChunkRange[] = [],
  failAt = Infinity,
): MemoryStore {
  const store: MemoryStore = {
    jobs: [],
    chunks: [],
    beside: [],
    addSeconds: (part, seconds) => store.beside.push({ part, seconds }),
    pendingJobs: () => pending.filter((job) => !store.jobs.some((done) => done.job === job)),
    pendingChunks: () => ranges.filter(({ from }) => !store.chunks.some(({ chunk }) => chunk.from === from)),
    commitJob: (job, records, seconds, cost) => {
      commit();
      assert.ok(!store.jobs.some((done) => done.job === job), "once each");
      store.jobs.push({ job, records, seconds, parts: cost?.parts });
    },
    commitChunk: (chunk, seconds) => {
      commit();
      assert.ok(!store.chunks.some((done) => done.chunk.from === chunk.from), "once each");
      store.chunks.push({ chunk, seconds });
    },
  };
  const commit = () => {
    if (store.jobs.length + store.chunks.length + 1 === failAt) throw new Error("the disk is full");
  };
  return store;
}

/** Holds the parts of a job that was scored against the whole: each is there, and together they are no more. */
export function assertParts(parts: JobSeconds | undefined, seconds: number): void {
  assert.deepEqual(Object.keys(parts ?? {}).sort(), [...JOB_PARTS].sort());
  const each = Object.values(parts!);
  assert.ok(each.every((part) => part >= 0) && parts!.ascent! > 0, `${each}`);
  assert.ok(each.reduce((sum, part) => sum + part, 0) <= seconds + 1e-9, `${each} of ${seconds}`);
}
