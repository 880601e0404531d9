import { kmeans } from "ml-kmeans";
import { indexOfGreatest, squaredDistance } from "./distances.ts";

/** Lloyd's iterations end when no centre moves; this many at most. */
const MAX_ITERATIONS = 100;

/**
 * Lloyd's algorithm by ml-kmeans until no centre moves. A cluster that ends empty, as ml-kmeans lets it, starts again at
 * the point farthest from its centre, which only lowers the inertia.
 *
 * @param points at least as many distinct points as starts.
 * @param starts K starting centres.
 * @returns cluster of each point, 0 .. K - 1; none is empty unless the points left to move into it coincide with centres.
 */
export function lloyd(points: number[][], starts: number[][]): number[] {
  let centres = starts;
  for (let attempt = 0;; attempt++) {
    const { clusters, centroids } = kmeans(points, centres.length, {
      initialization: centres,
      distanceFunction: squaredDistance,
      tolerance: 0,
      maxIterations: MAX_ITERATIONS,
    });
    const occupied = new Set(clusters);
    if (occupied.size === centres.length || attempt === points.length) return clusters;
    const distances = points.map((point, i) => squaredDistance(point, centroids[clusters[i]]));
    centres = centroids.map((centroid, k) => {
      if (occupied.has(k)) return centroid;
      const farthest = indexOfGreatest(distances);
      distances[farthest] = 0;
      return points[farthest];
    });
  }
}
