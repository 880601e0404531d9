/**
 * The one rule by which the jobs of a plan are shared out over several machines.
 *
 * @module
 */

/** Part `index` of `count` parts of a plan. */
export interface Shard {
  /** 0 .. count - 1. */
  readonly index: number;
  /** At least 1; with 1, the shard is the whole plan. */
  readonly count: number;
}

/**
 * Whether a job is of a shard: job j is of shard i/n when j mod n = i. So each job is of exactly one shard, and neighbours,
 * which take about as long, are of different ones.
 *
 * @param job index of the job in the whole plan.
 */
export function isInShard(job: number, { index, count }: Shard): boolean {
  return job % count === index;
}

/**
 * The jobs of a shard, by their index in the whole plan, ascending.
 *
 * @param jobCount number of jobs in the whole plan.
 * @example `jobsOfShard(5, { index: 1, count: 2 })` is `[1, 3]`.
 */
export function jobsOfShard(jobCount: number, shard: Shard): number[] {
  return Array.from({ length: jobCount }, (_, job) => job).filter((job) => isInShard(job, shard));
}
