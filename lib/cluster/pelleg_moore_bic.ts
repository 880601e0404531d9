/** What a BIC needs to know of a partition. */
export interface Mixture {
  /** Number of points n_k of each cluster, at least 1. */
  readonly sizes: readonly number[];
  /** SSE_K: sum of squared distances to the cluster means, above 0. */
  readonly inertia: number;
  /** Dimensions d of the points, at least 1. */
  readonly dimensions: number;
}

/**
 * BIC of Pelleg and Moore for a partition into K clusters, in the sign where lower is better.
 *
 *     s2 = SSE_K / (n - K)
 *     L = sum_k n_k ln(n_k / n) - (n/2) ln 2pi - (n d / 2) ln s2 - (n - K)/2
 *     p = (K - 1) + K d + 1
 *     BIC = -2 L + lambda p ln n
 *
 * It is theirs as printed: s2 is the squared distance per point, not per dimension, and 2pi is raised to n/2, not n d / 2.
 *
 * @param lambda factor on the penalty; 1 is the plain criterion.
 * @throws {RangeError} when the inertia is not above 0 or n does not exceed K: the likelihood is not finite there.
 * @see D. Pelleg and A. Moore (2000), "X-means: Extending K-means with Efficient Estimation of the Number of Clusters"
 * @example The points 0, 2, 10, 12 of a line in two clusters
 * ```ts
 * pellegMooreBic({ sizes: [2, 2], inertia: 4, dimensions: 1 }, 1); // 4 ln 2pi + 20 ln 2 + 2 = 23.2144...
 * ```
 */
export function pellegMooreBic({ sizes, inertia, dimensions }: Mixture, lambda: number): number {
  const K = sizes.length;
  const n = sizes.reduce((sum, size) => sum + size, 0);
  if (!(inertia > 0 && inertia < Infinity)) {
    throw new RangeError(`the inertia must be finite and above 0, got ${inertia}`);
  }
  if (n <= K) throw new RangeError(`the number of points must exceed the number of clusters ${K}, got ${n}`);
  const variance = inertia / (n - K);
  const logLikelihood = sizes.reduce((sum, size) => sum + size * Math.log(size / n), 0) -
    (n / 2) * Math.log(2 * Math.PI) - (n * dimensions / 2) * Math.log(variance) - (n - K) / 2;
  const parameters = (K - 1) + K * dimensions + 1;
  return -2 * logLikelihood + lambda * parameters * Math.log(n);
}
