/**
 * Clusters of a unit's images.
 *
 * @module
 */

/** Class of a cluster's colour; its number is always beside it. */
export function clusterClass(cluster: number): string {
  return `k${cluster % 8}`;
}

/** The images of each cluster, in their order. */
export function clusterMembers(assignments: readonly number[]): number[][] {
  const members: number[][] = [];
  assignments.forEach((cluster, image) => (members[cluster] ??= []).push(image));
  return Array.from(members, (each) => each ?? []);
}
