/**
 * Distances of a sequence computed where its features are: on a graphics card, from which reading the features of an image
 * takes longer than all that is done with them. Only distances are read. On a processor the same is done in JavaScript, in
 * double precision (`unit_features.ts`), and faster; both agree to 1e-6.
 *
 * @module
 */
import { inBatches, tf } from "../engine/mod.ts";
import type { ImageBatch } from "../types.ts";

/** Keeps a position whose channels are all zero from dividing by zero; the published value. */
const EPSILON = 1e-10;

/**
 * Multiplied by 2^13 + 1 a number can be cut into its first 11 bits and the rest (Veltkamp). A card's matrix products round their
 * factors to 11 bits, TF32, unless they are told not to: of the first part that loses nothing, of the rest the last bits.
 *
 * @see Dekker (1971), "A floating-point technique for extending the available precision"
 */
const SPLITTER = 2 ** 13 + 1;

/** What the distances are computed with. */
export interface DeviceMetric {
  /** Feature maps of images, shape [N, H, W, C] of each layer; the caller's to free. */
  maps(images: ImageBatch): tf.Tensor4D[];
  /** Learned non-negative channel weights of each layer. */
  readonly heads: readonly Float32Array[];
  /** Images per forward pass. */
  readonly imagesPerPass: number;
}

/** A sequence as `LpipsSequence`, but for its checks of images. */
export interface DeviceSequence {
  /** Appends images; returns for each its distances to all earlier ones, from the first on. */
  add(images: ImageBatch): Promise<number[]>;
  /** Squared distances of pooled features, image j to images 0 .. j - 1, for j = 1, 2, ... */
  pooledDistances(): number[];
  dispose(): void;
}

/** Vectors whose squared Euclidean distances are LPIPS, and their squared lengths. */
type Vectors = {
  /** Shape [N, D]. */
  readonly rows: tf.Tensor2D;
  /** Shape [N]. */
  readonly squares: tf.Tensor1D;
};

/** What is kept of the images so far. */
type Known = Vectors & {
  /** Pooled features, shape [N, channels of all layers]. */
  readonly pooled: tf.Tensor2D;
};

/** An empty sequence. */
export function createDeviceSequence({ maps, heads, imagesPerPass }: DeviceMetric): DeviceSequence {
  /** Null before the first image. */
  let known: Known | null = null;
  let pooledDistances: number[] = [];
  const forget = () => {
    if (known !== null) tf.dispose([known.rows, known.squares, known.pooled]);
    known = null;
  };

  const addSome = async (images: ImageBatch, distances: number[]): Promise<void> => {
    const before = known?.rows.shape[0] ?? 0;
    const { between, ...next } = tf.tidy(() => {
      const layers = maps(images);
      const own = ownFeatures(layers, heads);
      const all: Known = known === null ? own : {
        rows: tf.concat([known.rows, own.rows]),
        squares: tf.concat([known.squares, own.squares]),
        pooled: tf.concat([known.pooled, own.pooled]),
      };
      const pooled = tf.squaredDifference(own.pooled.expandDims(1), all.pooled.expandDims(0)).sum(2);
      return { ...all, between: tf.stack([distancesBetween(own, all), pooled]) };
    });
    let read: Float32Array;
    try {
      read = await between.data() as Float32Array;
    } catch (error) {
      tf.dispose([next.rows, next.squares, next.pooled]);
      throw error;
    } finally {
      between.dispose();
    }
    forget();
    known = next;
    const total = before + images.count;
    for (let i = 0; i < images.count; i++) {
      const [own, ownPooled] = [i, images.count + i].map((row) => read.subarray(row * total, row * total + before + i));
      distances.push(...own);
      pooledDistances.push(...ownPooled);
    }
  };

  return {
    add: async (images) => {
      const perImage = images.height * images.width * 3;
      const distances: number[] = [];
      await inBatches(images.count, imagesPerPass, async (from, to) => {
        const data = images.data.subarray(from * perImage, to * perImage);
        await addSome({ ...images, count: to - from, data }, distances);
      });
      return distances;
    },
    pooledDistances: () => [...pooledDistances],
    dispose: () => {
      forget();
      pooledDistances = [];
    },
  };
}

/** A layer's part of the vectors of `unitVector`: channels of unit length at every position, times sqrt(weight / positions). */
function unitRows(map: tf.Tensor4D, head: Float32Array): tf.Tensor2D {
  const [count, height, width, channels] = map.shape;
  const roots = tf.tensor1d(head.map((weight) => Math.sqrt(weight / (height * width))));
  const lengths = map.square().sum(3, true).sqrt();
  return map.div(lengths.add(EPSILON)).mul(roots).reshape([count, height * width * channels]);
}

/** A layer's part of `pooledFeatures`: channels summed over positions, of unit length, or of none. */
function pooledRows(map: tf.Tensor4D): tf.Tensor2D {
  const sums = map.sum<tf.Tensor2D>([1, 2]);
  return sums.divNoNan(sums.square().sum(1, true).sqrt());
}

/** What is kept of images, from the feature maps of each layer. */
function ownFeatures(layers: readonly tf.Tensor4D[], heads: readonly Float32Array[]): Known {
  const rows: tf.Tensor2D = tf.concat(layers.map((map, i) => unitRows(map, heads[i])), 1);
  return { rows, squares: rows.square().sum(1), pooled: tf.concat(layers.map(pooledRows), 1) };
}

/** |a|^2 + |b|^2 - 2 a.b of every row a with every row b, at least 0; shape [rows of a, rows of b]. */
function distancesBetween(a: Vectors, b: Vectors): tf.Tensor2D {
  const [aHigh, aLow] = halves(a.rows);
  const [bHigh, bLow] = halves(b.rows);
  // high high + high low + low high, by one product; low low is below the last bit
  const products = tf.matMul(tf.concat([aHigh, aHigh, aLow], 1), tf.concat([bHigh, bLow, bHigh], 1), false, true);
  return a.squares.expandDims(1).add(b.squares).sub(products.mul(2)).maximum(0);
}

/** Numbers as sums of two of few bits each. */
function halves(x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const scaled = x.mul(SPLITTER);
  const high: tf.Tensor2D = scaled.sub(scaled.sub(x));
  return [high, x.sub(high)];
}
