/** Stages of known behaviour in place of the learned ones, so that what the pipeline does with them can be told by hand. */
import { tf } from "../../lib/engine/mod.ts";
import type { Embedder } from "../../lib/embed/mod.ts";
import type { PixelSet } from "../../lib/data/mod.ts";
import type { Lpips } from "../../lib/lpips/mod.ts";
import type { Network } from "../../lib/networks/network.ts";
import { CALIBRATED, type PipelineContext, type Profile } from "../../lib/pipeline/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { ImageBatch, Size } from "../../lib/types.ts";
import { randomPixels } from "../data/made_up_dataset.ts";

/** Units of the stand-in's layer `colour`. */
export const RED = 0;
export const GREEN = 1;
export const DEAD = 2;
/** Red less one half: silent after a ReLU where the image is darker than that. */
export const BRIGHT_RED = 3;

/**
 * Two layers: `colour`, four neurons: the mean of red, the mean of green, nothing at all, the mean of red less one half; and
 * `map`, one channel: green, position by position.
 */
export function colourNetwork(input: Size = { height: 32, width: 32 }): Network {
  const colour = (images: tf.Tensor4D) => {
    const [red, green] = [0, 1].map((c) =>
      images.slice([0, 0, 0, c], [-1, -1, -1, 1]).mean<tf.Tensor>([1, 2]).reshape([-1, 1])
    );
    return tf.concat([red, green, red.mul(0), red.sub(0.5)], 1);
  };
  const map = (images: tf.Tensor4D) => images.slice([0, 0, 0, 1], [-1, -1, -1, 1]);
  return {
    name: "colours",
    input,
    layers: [{ name: "colour", positions: "none", units: 4 }, { name: "map", positions: "grid", units: 1 }],
    activations: (images, layers) =>
      tf.tidy(() => layers.map((layer) => layer === "map" ? map(images) : colour(images))),
    dispose: () => {},
  };
}

/**
 * A metric that says what it is told: the distance of image j to each earlier one is `row(j)`, and `pooled(j, i)` that of its
 * pooled features to those of image i.
 */
export function toldLpips(row: (j: number) => number, pooled: (j: number, i: number) => number = () => 0): Lpips {
  return {
    net: "alex",
    version: "0.1",
    resize: null,
    distance: () => Promise.resolve({ distance: 0, layers: [] }),
    features: () => Promise.reject(new Error("a told metric has no features")),
    createSequence: () => {
      let count = 0;
      return {
        get count() {
          return count;
        },
        add: (images) => {
          const distances: number[] = [];
          for (const end = count + images.count; count < end; count++) distances.push(...Array(count).fill(row(count)));
          return Promise.resolve(distances);
        },
        pooledDistances: () =>
          Array.from({ length: count }, (_, j) => Array.from({ length: j }, (_, i) => pooled(j, i))).flat(),
        dispose: () => {},
      };
    },
    dispose: () => {},
  };
}

/** An embedder of two dimensions that says what it is told: image i of a unit is embedded at `at(i)`. */
export function toldEmbedder(at: (i: number) => readonly [number, number]): Embedder {
  return {
    name: "told",
    dimensions: 2,
    inputSize: 32,
    mean: null,
    embed: ({ count }) =>
      Promise.resolve({
        rows: count,
        cols: 2,
        data: Float32Array.from({ length: 2 * count }, (_, k) => at(k >> 1)[k & 1]),
      }),
    dispose: () => {},
  };
}

/** Images in turn at the ends of two axes: two clusters with orthogonal centres of equal norm. */
export const takingTurns = (i: number): readonly [number, number] => i % 2 === 0 ? [1, 0] : [0, 1];

/** One step of ascent without movements: enough where nothing is learned. */
export const QUICK: Profile = {
  ...CALIBRATED,
  visualize: { ...CALIBRATED.visualize, start: "noise", startFade: 0, steps: 1, jitter: 0 },
  cluster: {
    ...CALIBRATED.cluster,
    center: false,
    restarts: 2,
    beta: 1.79,
    lpipsWeight: 0,
    pooledWeight: 0,
    minClusterSize: 1,
  },
};

/** A context of stand-ins, without a dataset. */
export function standInContext(changes: Partial<PipelineContext> = {}): PipelineContext {
  return {
    network: colourNetwork(),
    profile: QUICK,
    seed: 0,
    lpips: toldLpips(() => 0.25),
    embedder: toldEmbedder(takingTurns),
    meanEmbedding: null,
    dataset: null,
    ...changes,
  };
}

/** Images of 32 x 32 random pixels and labels 0. */
export function randomImages(count: number, ...seed: (string | number)[]): PixelSet {
  return randomPixels(count, { height: 32, width: 32 }, ...seed);
}

/** A batch of random pixels. */
export function randomBatch(count: number, size: number, ...seed: (string | number)[]): ImageBatch {
  const random = createRandom("batch", ...seed);
  const data = Float32Array.from({ length: count * size * size * 3 }, () => random.integer(0, 255) / 255);
  return { count, height: size, width: size, data };
}
