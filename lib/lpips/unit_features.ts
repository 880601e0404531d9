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
  /** Number of channels whose weight is not zero. */
  readonly used: number;
  /** 1 for a used channel, else 0, shape [channels]. */
  readonly isUsed: Int32Array;
  /** How many used channels each channel has before it, shape [channels]. */
  readonly slots: Int32Array;
  /** Square roots of the weights, shape [channels]. */
  readonly roots: Float64Array;
}

/** The head with the given weights, shape [channels], non-negative. */
export function createHead(weights: Float32Array): Head {
  const isUsed = Int32Array.from(weights, (weight) => weight > 0 ? 1 : 0);
  let used = 0;
  const slots = isUsed.map((one) => (used += one) - one);
  return { channels: weights.length, used, isUsed, slots, roots: Float64Array.from(weights, Math.sqrt) };
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
 * @param sums of each layer, shape [channels]: the sum of each channel over positions is added, by the way.
 * @see Zhang et al. (2018), "The unreasonable effectiveness of deep features as a perceptual metric", equation 1
 */
export function unitVector(
  maps: readonly Float32Array[],
  heads: readonly Head[],
  sums: readonly Float64Array[] = heads.map(({ channels }) => new Float64Array(channels)),
): UnitVector {
  const lengths = maps.map((map, layer) => map.length / heads[layer].channels * heads[layer].used);
  const length = lengths.reduce((sum, each) => sum + each, 0);
  const entries = new Float32Array(length + 1); // one more, for unused channels at the very end
  makeRoom(Math.max(length, ...heads.map(({ channels }) => channels)));
  let start = 0;
  for (let layer = 0; layer < maps.length; layer++) {
    writeUnitFeatures(maps[layer], heads[layer], sums[layer], entries, start);
    start += lengths[layer];
  }
  return withScratch(entries.subarray(0, length));
}

/** Room to work in, the same for one vector after another; always for one more entry than is needed. */
let scratch = room(0);

function room(length: number) {
  return {
    /** Number of the entries that are not zero, so far. */
    count: 0,
    /** Where they are. */
    indices: new Int32Array(length),
    values: new Float32Array(length),
    /** Sum of their squares. */
    squaredLength: 0,
    /** Where the features at one position are not zero. */
    active: new Int32Array(length),
  };
}

/** Empties the scratch memory. */
function makeRoom(length: number): void {
  if (scratch.indices.length <= length) scratch = room(length + 1);
  scratch.count = 0;
  scratch.squaredLength = 0;
}

/** Writes a layer's entries from `output[to]` on, and adds those that are not zero to the scratch memory. */
function writeUnitFeatures(
  map: Float32Array,
  { channels, used, isUsed, slots, roots }: Head,
  sums: Float64Array,
  output: Float32Array,
  to: number,
): void {
  const { indices, values, active } = scratch;
  let { count, squaredLength } = scratch;
  const bits = new Int32Array(map.buffer, map.byteOffset, map.length);
  const perPosition = 1 / Math.sqrt(map.length / channels);
  for (let start = 0; start < map.length; start += channels) {
    const end = start + channels;
    let even = 0; // two sums side by side, for one alone waits for each of its additions
    let odd = 0;
    let i = start;
    for (; i + 1 < end; i += 2) {
      even += map[i] * map[i];
      odd += map[i + 1] * map[i + 1];
    }
    if (i < end) even += map[i] * map[i];
    const factor = perPosition / (Math.sqrt(even + odd) + EPSILON);
    const found = findNonZeros(bits, start, end, active);
    for (let j = 0; j < found; j++) {
      // an unused channel writes zero where the next used one will write after it: no branch to mispredict
      i = active[j];
      const channel = i - start;
      const value = map[i];
      const entry = Math.fround(value * factor * roots[channel]);
      const at = to + slots[channel];
      sums[channel] += value;
      output[at] = entry;
      indices[count] = at;
      values[count] = entry;
      count += isUsed[channel];
      squaredLength += entry * entry;
    }
    to += used;
  }
  scratch.count = count;
  scratch.squaredLength = squaredLength;
}

/**
 * Where numbers are not zero, in ascending order.
 *
 * @param bits of float32 numbers, of which those from `start` to `end` are looked at.
 * @param indices receives the indices; one longer than the greatest number of them.
 * @returns how many there are.
 */
function findNonZeros(bits: Int32Array, start: number, end: number, indices: Int32Array): number {
  let count = 0;
  let i = start;
  // an index is overwritten by the next where the number is zero: no branch to mispredict
  for (; i + 3 < end; i += 4) {
    indices[count] = i;
    count += isNotZero(bits[i]);
    indices[count] = i + 1;
    count += isNotZero(bits[i + 1]);
    indices[count] = i + 2;
    count += isNotZero(bits[i + 2]);
    indices[count] = i + 3;
    count += isNotZero(bits[i + 3]);
  }
  for (; i < end; i++) {
    indices[count] = i;
    count += isNotZero(bits[i]);
  }
  return count;
}

/** 1, or 0 for the bits of a float32 zero of either sign. */
function isNotZero(bits: number): number {
  return -(bits & 0x7fffffff) >>> 31;
}

/** The vector with the given entries, the rest of which is in the scratch memory. */
function withScratch(entries: Float32Array): UnitVector {
  const { count, indices, values, squaredLength } = scratch;
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

/** Inner products of one vector with others. */
function innerProducts({ indices, values }: UnitVector, others: readonly UnitVector[]): Float64Array {
  const last = others.length - 1;
  const products = new Float64Array(others.length + 3);
  for (let i = 0; i <= last; i += 4) {
    const a = others[i].entries;
    const b = others[Math.min(i + 1, last)].entries; // past the end the last one is repeated; what comes of it is dropped
    const c = others[Math.min(i + 2, last)].entries;
    const d = others[Math.min(i + 3, last)].entries;
    for (let start = 0; start < indices.length; start += RUN) {
      addFour(indices, values, start, Math.min(start + RUN, indices.length), a, b, c, d, products, i);
    }
  }
  return products;
}

/**
 * Entries that one call multiplies: called often, the function is compiled after a few images, where a loop over all
 * entries would be entered and left half compiled for several units.
 */
const RUN = 512;

/** Adds to four inner products, side by side. Only entries where the vector is not zero are visited, one in five. */
function addFour(
  indices: Int32Array,
  values: Float32Array,
  start: number,
  end: number,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
  products: Float64Array,
  to: number,
): void {
  let withA = products[to];
  let withB = products[to + 1];
  let withC = products[to + 2];
  let withD = products[to + 3];
  for (let j = start; j < end; j++) {
    const k = indices[j];
    const value = values[j];
    withA += value * a[k];
    withB += value * b[k];
    withC += value * c[k];
    withD += value * d[k];
  }
  products[to] = withA;
  products[to + 1] = withB;
  products[to + 2] = withC;
  products[to + 3] = withD;
}
