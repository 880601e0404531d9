import type { Matrix } from "../types.ts";
import { angle, directions } from "./directions.ts";

/** How the cluster centres lie to one another. */
export interface CentreGeometry {
  /** Norms m_i = |c_i|, length K. */
  readonly norms: number[];
  /** Normalized angles theta_ij in [0, 1], K x K, 0 on the diagonal. */
  readonly theta: number[][];
  /** Balance b_ij in (0, 1], K x K, 1 on the diagonal. */
  readonly b: number[][];
}

/**
 * Angles and balance of all pairs of cluster centres.
 *
 *     m_i = |c_i|,  n_i = c_i / m_i,  theta_ij = arccos(n_i . n_j) / pi,  b_ij = 2 min(m_i, m_j) / (m_i + m_j)
 *
 * @param centers K cluster centres, shape [K, D]; each must be finite and not the zero vector.
 * @throws {RangeError} when there is no centre, or one has zero norm or a non-finite component.
 * @see Alic et al. (2025), sections 2.5.1 to 2.5.4
 */
export function centreGeometry(centers: Matrix): CentreGeometry {
  if (!(centers.rows >= 1)) throw new RangeError(`a score needs at least one centre, got ${centers.rows}`);
  const split = directions(centers, "centre");
  const K = split.count;
  const theta = Array.from({ length: K }, () => new Array<number>(K).fill(0));
  const b = Array.from({ length: K }, () => new Array<number>(K).fill(1));
  for (let i = 0; i < K; i++) {
    for (let j = i + 1; j < K; j++) {
      theta[i][j] = theta[j][i] = angle(split, i, j);
      // 2 min / (m_i + m_j), divided through by the larger norm so that the sum cannot overflow.
      const ratio = Math.min(split.norms[i], split.norms[j]) / Math.max(split.norms[i], split.norms[j]);
      b[i][j] = b[j][i] = 2 * ratio / (1 + ratio);
    }
  }
  return { norms: Array.from(split.norms), theta, b };
}

/**
 * Angular diversity D of a clustering: the mean over distinct pairs of cluster centres of their normalized angle,
 * down-weighted where one centre is much weaker than the other.
 *
 *     D = mean over i<j of theta_ij * b_ij
 *
 * @returns D in [0, 1]; 0 when K = 1, where there is no pair. Centres with no negative component give D <= 1/2.
 * @see Alic et al. (2025), section 2.5.4
 */
export function diversityOf({ theta, b }: Pick<CentreGeometry, "theta" | "b">): number {
  const K = theta.length;
  let sum = 0;
  for (let i = 0; i < K; i++) {
    for (let j = i + 1; j < K; j++) sum += theta[i][j] * b[i][j];
  }
  return K < 2 ? 0 : sum / (K * (K - 1) / 2);
}
