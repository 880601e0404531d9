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
  /** Where they are not zero. */
  readonly indices: Int32Array;
  /** The entries there. */
  readonly values: Float32Array;
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
  return indexed(entries);
}

function writeUnitFeatures(map: Float32Array, { channels, used, roots }: Head, output: Float32Array): void {
  const perPosition = 1 / Math.sqrt(map.length / channels);
  let to = 0;
  for (let start = 0; start < map.length; start += channels) {
    const end = start + channels;
    let [even, odd] = [0, 0]; // two sums side by side, for one alone waits for each of its additions
    let i = start;
    for (; i + 1 < end; i += 2) {
      even += map[i] * map[i];
      odd += map[i + 1] * map[i + 1];
    }
    if (i < end) even += map[i] * map[i];
    const squares = even + odd;
    const factor = perPosition / (Math.sqrt(squares) + EPSILON);
    for (let j = 0; j < used.length; j++) output[to++] = map[start + used[j]] * factor * roots[j];
  }
}

/** Room to work in, the same for one vector after another. */
let scratch = { indices: new Int32Array(0), values: new Float32Array(0) };

/** A vector with its non-zero entries found and its length measured. */
export function indexed(entries: Float32Array): UnitVector {
  const bits = new Int32Array(entries.buffer, entries.byteOffset, entries.length);
  if (scratch.indices.length < entries.length) {
    scratch = { indices: new Int32Array(entries.length), values: new Float32Array(entries.length) };
  }
  const { indices, values } = scratch;
  let count = 0;
  for (let i = 0; i < entries.length; i++) {
    indices[count] = i; // overwritten by the next where the entry is zero: no branch to mispredict
    values[count] = entries[i];
    const magnitude = bits[i] & 0x7fffffff;
    count += -magnitude >>> 31; // 1, or 0 where the entry is zero
  }
  let squaredLength = 0;
  for (let j = 0; j < count; j++) squaredLength += values[j] * values[j];
  return { entries, indices: indices.slice(0, count), values: values.slice(0, count), squaredLength };
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
  const products = innerProducts(vector, others);
  return others.map(({ squaredLength }, i) => Math.max(0, vector.squaredLength + squaredLength - 2 * products[i]));
}

/** Vectors that one pass over the non-zero entries serves: their sums run side by side. */
const AT_ONCE = 8;

/** Inner products of one vector with others. Only entries where it is not zero are visited, one in five. */
function innerProducts({ indices, values }: UnitVector, others: readonly UnitVector[]): Float64Array {
  const products = new Float64Array(others.length);
  for (let i = 0; i < others.length; i += AT_ONCE) {
    // past the end the last one is repeated; what comes of it is dropped
    const [a, b, c, d, e, f, g, h] = Array.from(
      { length: AT_ONCE },
      (_, j) => others[Math.min(i + j, others.length - 1)].entries,
    );
    let [withA, withB, withC, withD, withE, withF, withG, withH] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let j = 0; j < indices.length; j++) {
      const k = indices[j];
      const value = values[j];
      withA += value * a[k];
      withB += value * b[k];
      withC += value * c[k];
      withD += value * d[k];
      withE += value * e[k];
      withF += value * f[k];
      withG += value * g[k];
      withH += value * h[k];
    }
    const sums = [withA, withB, withC, withD, withE, withF, withG, withH];
    products.set(sums.slice(0, others.length - i), i);
  }
  return products;
}
