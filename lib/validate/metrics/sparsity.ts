/**
 * Treves-Rolls sparseness of a unit's activation after the ReLU: about the share of images that it responds to, and exactly
 * that share for a unit that is silent or active at one strength.
 *
 *     (mean a)^2 / mean a^2
 *
 * @param responses activations after the ReLU of N images, at least 0.
 * @returns in (0, 1], low for a sparse unit; null where it is always silent.
 * @see Treves & Rolls (1991), "What determines the capacity of autoassociative memories in the brain?"
 */
export function sparsity(responses: ArrayLike<number>): number | null {
  let [sum, squares] = [0, 0];
  for (let n = 0; n < responses.length; n++) {
    sum += responses[n];
    squares += responses[n] ** 2;
  }
  return squares > 0 ? Math.min(1, sum * sum / (responses.length * squares)) : null;
}
