import type { Matrix } from "../../types.ts";

/**
 * Monosemanticity score MS: how alike the images are that activate a unit, each pair weighted by both activations.
 *
 *     MS = sum over n<m of r_nm s_nm / sum over n<m of r_nm,  r_nm = a_n a_m
 *
 * with a the activations scaled to [0, 1] by their minimum and maximum over the images, and s the cosine similarity of the
 * images' embeddings. Of unit vectors e, both sums over pairs come from sums over images,
 * 2 sum r_nm s_nm = |sum a_n e_n|^2 - sum a_n^2 and 2 sum r_nm = (sum a_n)^2 - sum a_n^2, in O(N D).
 *
 * The paper embeds with DINOv2 or CLIP; here the embedder is the run's own, so values compare between units, not with the
 * paper's. After a ReLU all embeddings lie in one orthant, which puts every MS well above 0.
 *
 * @param activations a_n before scaling, of N images.
 * @param directions the images' embeddings scaled to unit length (`unitRows`), shape [N, D].
 * @returns in [-1, 1]; null where all activations are the same, or all but one are the lowest, so that no pair has weight.
 * @throws {RangeError} when the numbers of activations and embeddings differ.
 * @see Pach et al. (2025), "Sparse autoencoders learn monosemantic features in vision-language models"
 */
export function monosemanticity(activations: ArrayLike<number>, directions: Matrix): number | null {
  const { rows, cols, data } = directions;
  if (activations.length !== rows) throw new RangeError(`${activations.length} activations of ${rows} embeddings`);
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < rows; n++) {
    low = Math.min(low, activations[n]);
    high = Math.max(high, activations[n]);
  }
  if (!(high > low)) return null;
  const resultant = new Float64Array(cols);
  let [sum, squares] = [0, 0];
  for (let n = 0; n < rows; n++) {
    const a = (activations[n] - low) / (high - low);
    if (a === 0) continue;
    sum += a;
    squares += a * a;
    for (let d = 0; d < cols; d++) resultant[d] += a * data[n * cols + d];
  }
  const weighted = resultant.reduce((total, component) => total + component * component, 0);
  const pairs = sum * sum - squares;
  return pairs > 0 ? Math.min(1, Math.max(-1, (weighted - squares) / pairs)) : null;
}
