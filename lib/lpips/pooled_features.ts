/**
 * The features of LPIPS's network without their positions: what is in an image, wherever it is.
 *
 * @module
 */

/**
 * Each layer's channels averaged over positions and divided by their Euclidean norm, layer after layer. Between two images
 * each layer contributes a squared distance of 0 .. 2, since channels are non-negative.
 *
 * @param sums each layer's channels summed over an image's positions, as `unitVector` finds them; non-negative.
 * @returns length the number of all channels; a layer that is silent is zero.
 */
export function pooledFeatures(sums: readonly Float64Array[]): Float32Array {
  const pooled = new Float32Array(sums.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const layer of sums) {
    let squares = 0;
    for (let c = 0; c < layer.length; c++) squares += layer[c] * layer[c];
    const norm = Math.sqrt(squares);
    if (norm > 0) { for (let c = 0; c < layer.length; c++) pooled[at + c] = layer[c] / norm; }
    at += layer.length;
  }
  return pooled;
}

/** Squared Euclidean distance. */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    sum += difference * difference;
  }
  return sum;
}
