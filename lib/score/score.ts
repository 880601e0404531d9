import type { Matrix, ScoreParts } from "../types.ts";
import { centreGeometry, diversityOf } from "./centre_geometry.ts";
import { clusterCountTerm } from "./cluster_count_term.ts";

/**
 * Polysemanticity score S of a unit from the centres of its clustered images, with all that it is made of.
 *
 *     C = (K - 1) / (I - 1),   D = mean over i<j of theta_ij b_ij,   S = C + D - C D
 *
 * S is a noisy OR: high when either part is. C, hence S, falls as I grows for the same K, and D <= 1/2 for embeddings
 * without negative components: so report I, K, C and D beside S.
 *
 * @param centers K cluster centres in embedding space, shape [K, D]; each must be finite and not the zero vector.
 * @param I number of images that were clustered, an integer of at least K.
 * @returns I, K, C, D, S and the K x K matrices theta and b; C and S are null when I = 1.
 * @throws {RangeError} when a centre has zero norm or a non-finite component, K > I or I < 1.
 * @see Alic et al. (2025), section 2.5
 * @example Two orthogonal centres of equal norm from five images
 * ```ts
 * score({ rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 1) }, 5).S; // 0.25 + 0.5 - 0.125
 * ```
 */
export function score(centers: Matrix, I: number): ScoreParts & { theta: number[][]; b: number[][] } {
  const { theta, b } = centreGeometry(centers);
  const K = centers.rows;
  const C = clusterCountTerm(K, I);
  const D = diversityOf({ theta, b });
  // C + D (1 - C) is C + D - C D, in the one order of operations that rounding cannot take out of [0, 1].
  return { I, K, C, D, S: C === null ? null : C + D * (1 - C), theta, b };
}
