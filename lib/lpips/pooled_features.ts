/**
 * The features of LPIPS's network without their positions: what is in an image, wherever it is.
 *
 * @module
 */

/**
 * Each layer's channels averaged over positions and divided by their Euclidean norm, layer after layer. Between two images
 * each layer contributes a squared distance of 0 .. 2, since channels are non-negative.
 *
 * @param maps features of an image in each layer, shape [positions, channels], row-major, non-negative.
 * @param channels of each layer.
 * @returns length the sum of `channels`; a layer that is silent is zero.
 */
export function pooledFeatures(maps: readonly Float32Array[], channels: readonly number[]): Float32Array {
  const pooled = new Float32Array(channels.reduce((sum, width) => sum + width, 0));
  let at = 0;
  for (const [layer, map] of maps.entries()) {
    const width = channels[layer];
    const sums = new Float64Array(width);
    for (let start = 0; start < map.length; start += width) {
      for (let c = 0; c < width; c++) sums[c] += map[start + c];
    }
    let squares = 0;
    for (let c = 0; c < width; c++) squares += sums[c] * sums[c];
    const norm = Math.sqrt(squares);
    if (norm > 0) { for (let c = 0; c < width; c++) pooled[at + c] = sums[c] / norm; }
    at += width;
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
