import type { Matrix } from "../types.ts";
import { centreGeometry, diversityOf } from "./centre_geometry.ts";

/**
 * Angular diversity D of a clustering: the mean over distinct pairs of cluster centres of their normalized angle,
 * down-weighted where one centre is much weaker than the other.
 *
 *     D = mean over i<j of theta_ij * b_ij,  theta_ij = arccos(n_i . n_j) / pi,  b_ij = 2 min(m_i, m_j) / (m_i + m_j)
 *
 * @param centers K cluster centres in embedding space, shape [K, D]; each must be finite and not the zero vector.
 * @returns D in [0, 1]; 0 when K = 1, where there is no pair. Centres with no negative component give D <= 1/2.
 * @throws {RangeError} when there is no centre, or one has zero norm or a non-finite component.
 * @see Alic et al. (2025), section 2.5.4
 * @example Two orthogonal centres of equal norm lie half of half a turn apart
 * ```ts
 * angularDiversity({ rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 1) }); // 0.5
 * ```
 */
export function angularDiversity(centers: Matrix): number {
  return diversityOf(centreGeometry(centers));
}
