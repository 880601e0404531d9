/**
 * Excess kurtosis of a unit's activation: how much it owes to rare, strong responses.
 *
 *     mean (a - mean a)^4 / (mean (a - mean a)^2)^2 - 3
 *
 * @param activations of N images, before the ReLU.
 * @returns at least -2, 0 for a normal distribution, 3 for a Laplace; null where the activation does not vary.
 * @see Willmore & Tolhurst (2001), "Characterizing the sparseness of neural codes"
 */
export function kurtosis(activations: ArrayLike<number>): number | null {
  const count = activations.length;
  let mean = 0;
  let varies = false;
  for (let n = 0; n < count; n++) {
    mean += activations[n] / count;
    varies ||= activations[n] !== activations[0];
  }
  if (!varies) return null; // the variance below might be one of rounding errors
  let [second, fourth] = [0, 0];
  for (let n = 0; n < count; n++) {
    const square = (activations[n] - mean) ** 2;
    second += square / count;
    fourth += square * square / count;
  }
  return fourth / (second * second) - 3;
}
