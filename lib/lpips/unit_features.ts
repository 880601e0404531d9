/**
 * The arithmetic of the metric on plain arrays: feature maps become a vector such that LPIPS is the squared Euclidean
 * distance of two such vectors.
 *
 * @module
 */

/** Keeps a position whose channels are all zero from dividing by zero; the published value. */
const EPSILON = 1e-10;

/** A layer's learned weights, ready for use. */
export interface Head {
  /** Number of channels of the layer. */
  readonly channels: number;
  /** The channels whose weight is not zero. */
  readonly used: Int32Array;
  /** Square roots of their weights. */
  readonly roots: Float64Array;
}

/** The head with the given weights, shape [channels], non-negative. */
export function createHead(weights: Float32Array): Head {
  const used = Int32Array.from(weights.keys()).filter((channel) => weights[channel] > 0);
  return { channels: weights.length, used, roots: Float64Array.from(used, (channel) => Math.sqrt(weights[channel])) };
}

/** An image as the metric sees it. */
export interface UnitVector {
  /** Entries, shape [D]; most are zero, since they come after ReLUs. */
  readonly entries: Float32Array;
  /** Squared Euclidean length. */
  readonly squaredLength: number;
}

/**
 * The vector of one image: each position's channels divided by their Euclidean norm, times sqrt(weight / positions), layer
 * after layer. The squared distance of two such vectors is LPIPS:
 *
 *     sum over layers of mean over positions p of sum over channels c of weight_c (a_pc / |a_p| - b_pc / |b_p|)^2
 *
 * Channels of weight zero are left out, a third of AlexNet's entries. Arithmetic is in double precision, so that the
 * result is each backend's features to within one float32 rounding.
 *
 * @param maps features of the image in each layer, shape [positions, channels], row-major, non-negative.
 * @param heads one per layer.
 * @see Zhang et al. (2018), "The unreasonable effectiveness of deep features as a perceptual metric", equation 1
 */
export function unitVector(maps: readonly Float32Array[], heads: readonly Head[]): UnitVector {
  const lengths = maps.map((map, layer) => map.length / heads[layer].channels * heads[layer].used.length);
  const entries = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const [layer, map] of maps.entries()) {
    writeUnitFeatures(map, heads[layer], entries.subarray(end, end += lengths[layer]));
  }
  return { entries, squaredLength: innerProducts(entries, [entries])[0] };
}

function writeUnitFeatures(map: Float32Array, { channels, used, roots }: Head, output: Float32Array): void {
  const perPosition = 1 / Math.sqrt(map.length / channels);
  let to = 0;
  for (let start = 0; start < map.length; start += channels) {
    let squares = 0;
    for (let i = start; i < start + channels; i++) squares += map[i] * map[i];
    const factor = perPosition / (Math.sqrt(squares) + EPSILON);
    for (let j = 0; j < used.length; j++) output[to++] = map[start + used[j]] * factor * roots[j];
  }
}

/**
 * Squared Euclidean distances of one vector to others, |a|^2 + |b|^2 - 2 a.b. In double precision the products of float32
 * entries are exact and little is lost by cancelling: 1e-15 of the squared lengths. All three terms are summed from the
 * first entry to the last, so equal vectors are at 0 exactly, and a distance's bits do not depend on how many others there
 * are.
 *
 * @param others vectors of the same number of entries.
 * @returns as many distances as others, none negative.
 */
export function squaredDistances(vector: UnitVector, others: readonly UnitVector[]): number[] {
  const products = innerProducts(vector.entries, others.map(({ entries }) => entries));
  return products.map((product, i) => Math.max(0, vector.squaredLength + others[i].squaredLength - 2 * product));
}

/** Inner products of one vector with others. Only entries where it is not zero are visited, one in five. */
function innerProducts(vector: Float32Array, others: readonly Float32Array[]): number[] {
  const indices = new Int32Array(vector.length);
  let count = 0;
  for (let k = 0; k < vector.length; k++) {
    indices[count] = k; // overwritten by the next where the entry is zero: no branch to mispredict
    count += vector[k] === 0 ? 0 : 1;
  }
  const products: number[] = [];
  let i = 0;
  // four at a time: the sums run side by side and each entry of `vector` is read once for all four
  for (; i + 4 <= others.length; i += 4) {
    const [a, b, c, d] = [others[i], others[i + 1], others[i + 2], others[i + 3]];
    let [withA, withB, withC, withD] = [0, 0, 0, 0];
    for (let j = 0; j < count; j++) {
      const k = indices[j];
      const entry = vector[k];
      withA += entry * a[k];
      withB += entry * b[k];
      withC += entry * c[k];
      withD += entry * d[k];
    }
    products.push(withA, withB, withC, withD);
  }
  for (; i < others.length; i++) {
    const other = others[i];
    let sum = 0;
    for (let j = 0; j < count; j++) sum += vector[indices[j]] * other[indices[j]];
    products.push(sum);
  }
  return products;
}
