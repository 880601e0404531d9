/**
 * The arithmetic of the metric on plain arrays: a feature map becomes a vector such that LPIPS is the squared Euclidean
 * distance of two such vectors.
 *
 * @module
 */

/** Keeps a position whose channels are all zero from dividing by zero; the published value. */
const EPSILON = 1e-10;

/**
 * Each position's channels divided by their Euclidean norm, times sqrt(weight / positions). The squared distance of two
 * maps so treated is the layer's term of LPIPS:
 *
 *     mean over positions p of sum over channels c of weight_c (a_pc / |a_p| - b_pc / |b_p|)^2
 *
 * Arithmetic is in double precision, so that the result is each backend's features to within one float32 rounding.
 *
 * @param map a layer's features of one image, shape [positions, channels], row-major.
 * @param weights the layer's learned channel weights, shape [channels], non-negative.
 * @param output where to write, `map.length` numbers.
 * @see Zhang et al. (2018), "The unreasonable effectiveness of deep features as a perceptual metric", equation 1
 */
export function unitFeatures(map: Float32Array, weights: Float32Array, output: Float32Array): void {
  const channels = weights.length;
  const positions = map.length / channels;
  const scales = Float64Array.from(weights, (weight) => Math.sqrt(weight / positions));
  for (let start = 0; start < map.length; start += channels) {
    let squares = 0;
    for (let c = 0; c < channels; c++) squares += map[start + c] * map[start + c];
    const factor = 1 / (Math.sqrt(squares) + EPSILON);
    for (let c = 0; c < channels; c++) output[start + c] = map[start + c] * factor * scales[c];
  }
}

/**
 * Squared Euclidean distances of one vector to others. Differences are taken before squaring (the shorter way by inner
 * products cancels), so equal vectors are at 0 exactly; each distance is one sum from the first entry to the last, so its
 * bits do not depend on how many others there are.
 *
 * @param vector shape [D].
 * @param others vectors of the same length.
 * @returns as many distances as others.
 */
export function squaredDistances(vector: Float32Array, others: readonly Float32Array[]): number[] {
  const distances: number[] = [];
  let i = 0;
  // four at a time: the sums run side by side and each entry of `vector` is read once for all four (2.5 times faster)
  for (; i + 4 <= others.length; i += 4) {
    const [a, b, c, d] = [others[i], others[i + 1], others[i + 2], others[i + 3]];
    let [toA, toB, toC, toD] = [0, 0, 0, 0];
    for (let k = 0; k < vector.length; k++) {
      const entry = vector[k];
      const fromA = entry - a[k], fromB = entry - b[k], fromC = entry - c[k], fromD = entry - d[k];
      toA += fromA * fromA;
      toB += fromB * fromB;
      toC += fromC * fromC;
      toD += fromD * fromD;
    }
    distances.push(toA, toB, toC, toD);
  }
  for (; i < others.length; i++) {
    const other = others[i];
    let sum = 0;
    for (let k = 0; k < vector.length; k++) {
      const difference = vector[k] - other[k];
      sum += difference * difference;
    }
    distances.push(sum);
  }
  return distances;
}
