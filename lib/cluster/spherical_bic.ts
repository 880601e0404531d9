import type { Mixture } from "./pelleg_moore_bic.ts";

/**
 * BIC of a partition under spherical Gaussians of one common variance, at its maximum likelihood estimate, in the sign
 * where lower is better.
 *
 *     s2 = SSE_K / (n d)
 *     L = sum_k n_k ln(n_k / n) - (n d / 2) ln(2pi s2) - n d / 2
 *     p = (K - 1) + K d + 1
 *     BIC = -2 L + lambda p ln n
 *
 * L is the classification likelihood: each point counts for its own cluster alone. It differs from Pelleg and Moore's in the
 * variance, which is per dimension and biased, and in the power of 2pi.
 *
 * @param lambda factor on the penalty; 1 is the plain criterion.
 * @throws {RangeError} when the inertia is not above 0: the likelihood is not finite there.
 * @see C. Fraley and A. E. Raftery (2002), "Model-Based Clustering, Discriminant Analysis, and Density Estimation", model EII
 */
export function sphericalBic({ sizes, inertia, dimensions }: Mixture, lambda: number): number {
  const K = sizes.length;
  const n = sizes.reduce((sum, size) => sum + size, 0);
  if (!(inertia > 0 && inertia < Infinity)) {
    throw new RangeError(`the inertia must be finite and above 0, got ${inertia}`);
  }
  const variance = inertia / (n * dimensions);
  const logLikelihood = sizes.reduce((sum, size) => sum + size * Math.log(size / n), 0) -
    (n * dimensions / 2) * (Math.log(2 * Math.PI * variance) + 1);
  const parameters = (K - 1) + K * dimensions + 1;
  return -2 * logLikelihood + lambda * parameters * Math.log(n);
}
