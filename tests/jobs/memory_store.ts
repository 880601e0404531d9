/** A store that only remembers, for tests of who works through a plan. */
import assert from "node:assert/strict";
import type { JobStore } from "../../lib/jobs/mod.ts";
import type { ChunkRange } from "../../lib/store/mod.ts";
import type { DatasetChunk, UnitRecord } from "../../lib/types.ts";

/** What was committed, in that order. */
export interface MemoryStore extends JobStore {
  readonly jobs: { readonly job: number; readonly records: readonly UnitRecord[]; readonly seconds: number }[];
  readonly chunks: { readonly chunk: DatasetChunk; readonly seconds: number }[];
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
    pendingJobs: () => pending.filter((job) => !store.jobs.some((done) => done.job === job)),
    pendingChunks: () => ranges.filter(({ from }) => !store.chunks.some(({ chunk }) => chunk.from === from)),
    commitJob: (job, records, seconds) => {
      commit();
      assert.ok(!store.jobs.some((done) => done.job === job), "once each");
      store.jobs.push({ job, records, seconds });
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
