import { centroidOf, squaredDistance } from "./distances.ts";
import type { Partition } from "./kmeans_partitions.ts";

/**
 * A partition without its small clusters: their points join the nearest centre of the others. Where all are small, all
 * points are one cluster.
 *
 * @param points that are partitioned.
 * @param fewest points of a cluster that stays, at least 1.
 * @returns clusters numbered in order of first appearance.
 */
export function dissolveSmallClusters(
  points: readonly (readonly number[])[],
  partition: Pick<Partition, "assignments" | "sizes" | "inertia" | "K">,
  fewest: number,
): Partition {
  const { assignments, sizes } = partition;
  if (sizes.every((size) => size >= fewest)) return partition;
  const staying = [...sizes.keys()].filter((k) => sizes[k] >= fewest);
  const centres = staying.map((k) => centroidOf(points.filter((_, i) => assignments[i] === k)));
  const joined = points.map((point, i) => {
    const own = staying.indexOf(assignments[i]);
    if (own >= 0 || centres.length === 0) return Math.max(0, own);
    const distances = centres.map((centre) => squaredDistance(point, centre));
    return distances.indexOf(Math.min(...distances));
  });
  const numbers = [...new Set(joined)];
  const members = numbers.map((number) => points.filter((_, i) => joined[i] === number));
  const inertia = members.reduce((sum, cluster) => {
    const centre = centroidOf(cluster);
    return sum + cluster.reduce((part, point) => part + squaredDistance(point, centre), 0);
  }, 0);
  return {
    K: numbers.length,
    assignments: joined.map((number) => numbers.indexOf(number)),
    sizes: members.map(({ length }) => length),
    inertia,
  };
}
