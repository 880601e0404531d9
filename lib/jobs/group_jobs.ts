/**
 * Jobs that are done together, or in parts. A plan is the same on every machine, so that a run can be resumed and joined
 * anywhere. A graphics card wants more units at a time than a job of the plan has, and gets several jobs of a layer as one
 * task; where there are fewer jobs than cores, the units of a job are shared out. Each job is committed by itself and whole.
 *
 * @module
 */
import type { Job } from "./plan.ts";

/**
 * Puts jobs of one layer together, in the order of the plan.
 *
 * @param jobs the whole plan.
 * @param pending numbers of the jobs to do, ascending.
 * @param mostUnits the most units of a layer that are done together; a job alone may have more.
 * @param workers how many take tasks: each gets two tasks or more where there are enough jobs, so that none waits long for the
 * last.
 * @returns each pending job once.
 */
export function groupJobs(
  jobs: readonly Job[],
  pending: readonly number[],
  mostUnits: (layer: string) => number,
  workers: number,
): number[][] {
  const all = pending.reduce((sum, job) => sum + jobs[job].units.length, 0);
  const share = workers === 1 ? all : Math.ceil(all / (2 * workers));
  const groups: number[][] = [];
  let units = 0;
  for (const job of pending) {
    const { layer, units: { length } } = jobs[job];
    const last = groups.at(-1);
    if (last !== undefined && jobs[last[0]].layer === layer && units + length <= Math.min(share, mostUnits(layer))) {
      last.push(job);
      units += length;
    } else {
      groups.push([job]);
      units = length;
    }
  }
  return groups;
}

/**
 * A group's jobs that are still to do, and every other pending job by itself.
 *
 * @param groups of jobs of one layer each.
 */
export function pendingGroups(
  groups: readonly (readonly number[])[],
  pending: readonly number[],
): readonly (readonly number[])[] {
  const left = new Set(pending);
  const grouped = groups.map((group) => group.filter((job) => left.delete(job))).filter(({ length }) => length > 0);
  return [...grouped, ...[...left].map((job) => [job])];
}

/**
 * In how many parts to do each of a few jobs, so that no worker is idle for long: as few as make as many tasks as there are
 * workers, or a multiple of them, or more than two for each.
 *
 * @param jobs number of jobs to do, at least 1.
 * @param workers how many take tasks.
 */
export function partsOfJobs(jobs: number, workers: number): number {
  let parts = 1;
  while (jobs * parts < 2 * workers && (jobs * parts) % workers !== 0) parts++;
  return parts;
}
