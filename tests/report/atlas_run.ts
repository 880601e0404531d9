/** Runs made up for the tests of the page, as the plain data that it takes: no network, no file. */
import type { ClusteringRecord, ImageBatch, RunManifest } from "../../lib/types.ts";
import type { RunData, UnitDetails } from "../../lib/run_data.ts";

/** What a made-up run is like. */
export interface RunShape {
  readonly name?: string;
  /** Units of each layer. */
  readonly layers?: Readonly<Record<string, number>>;
  /** Images of each unit, at least 4. */
  readonly images?: number;
  /** Side of an image in pixels. */
  readonly side?: number;
  /** Units left out at the end, as if they were still to come. */
  readonly missing?: number;
  readonly manifest?: Partial<RunManifest>;
  /** Moves every K by so much. */
  readonly moreClusters?: number;
  /** The last unit of the first layer, which has no score, is not dead but explodes. */
  readonly exploding?: boolean;
  /** Without the dataset's images. */
  readonly withoutDataset?: boolean;
}

const BEST = 9;

/**
 * A run whose units are known in advance: unit u of a layer has K = 1 + u mod 4 clusters, I = `images` images, C = (K - 1) /
 * (I - 1), D = u / 40 (0 for K = 1) and S = C + D - C D; the last unit of the first layer is dead. Image i is of cluster i mod
 * K. The interval of S is from 0 halfway to 1; of halves of the images a quarter has K = 1, half K = 2 and a quarter more, but
 * all have K = 1 where the unit has; neither is known for every fourth unit. Pixels are smooth blobs with some noise, about as
 * hard to compress as real visualizations.
 */
export function madeUpRun(shape: RunShape = {}): RunData {
  const { name = "made-up", layers = { conv1: 6, fc1: 10 }, images = 8, side = 32, missing = 0 } = shape;
  const plan = Object.entries(layers);
  const first = plan[0][0];
  const all = plan.flatMap(([layer, count]) => Array.from({ length: count }, (_, unit) => ({ layer, unit })));
  const isDead = (layer: string, unit: number) => layer === first && unit === layers[first] - 1;

  const score = (layer: string, unit: number, I: number): ClusteringRecord => {
    const K = 1 + (unit + (shape.moreClusters ?? 0)) % 4;
    const C = (K - 1) / (I - 1);
    const D = K === 1 ? 0 : (unit % 20) / 40;
    return {
      I,
      K,
      C,
      D,
      S: C + D - C * D,
      assignments: Array.from({ length: I }, (_, i) => i % K),
      theta: Array.from({ length: K }, (_, i) => Array.from({ length: K }, (_, j) => i === j ? 0 : 0.25)),
      b: Array.from({ length: K }, () => new Array(K).fill(1)),
      candidates: Array.from({ length: 4 }, (_, i) => ({
        k: i + 1,
        criterion: i === 3 ? -Infinity : 5 + Math.abs(i + 1 - K) + (layer === first ? 0 : 1),
        inertia: 10 / (i + 1),
      })),
    };
  };
  const overview = (layer: string, unit: number) => {
    const dead = isDead(layer, unit);
    return {
      layer,
      unit,
      stopReason: dead
        ? shape.exploding ? "exploded" as const : "dead" as const
        : unit % 2 === 0
        ? "elbow" as const
        : "maximum" as const,
      flags: dead ? [shape.exploding ? "exploded" : "dead"] : unit % 5 === 1 ? ["dataset_higher"] : [],
      activations: dead ? [] : Array.from({ length: images }, (_, i) => 2 + unit / 10 + i / 100),
      score: dead ? null : score(layer, unit, images),
      scoreInterval: dead || unit % 4 === 3 ? null : { low: 0, high: (1 + score(layer, unit, images).S!) / 2 },
      kShares: dead || unit % 4 === 3
        ? null
        : { K1: unit % 4 === 0 ? 1 : 0.25, K2: unit % 4 === 0 ? 0 : 0.5, K3: unit % 4 === 0 ? 0 : 0.25 },
      paper: dead ? null : score(layer, unit + 1, 4),
      meanAngle: dead ? null : 0.1 + (unit % 10) / 100,
      datasetMax: unit % 5 === 1 ? 2 + unit / 10 + 0.005 : 1.5,
    };
  };
  const details = (layer: string, unit: number): UnitDetails => {
    const common = overview(layer, unit);
    const count = common.activations.length;
    const K = common.score?.K ?? 1;
    return {
      ...common,
      images: blobs(count, side, unit + 1, K),
      distances: new Array(count * (count - 1) / 2).fill(0.3),
      pooledDistances: new Array(count * (count - 1) / 2).fill(0.7),
      meanDistances: Array.from({ length: Math.max(0, count - 1) }, (_, i) => 0.3 + 0.1 / (i + 1)),
      embeddings: {
        rows: count,
        cols: 4,
        data: Float32Array.from({ length: count * 4 }, (_, i) => {
          const [image, axis] = [Math.floor(i / 4), i % 4];
          return (image % K === axis ? 1 : 0) + 0.02 * Math.sin(image * 7 + axis);
        }),
      },
      datasetBest: Array.from(
        { length: BEST },
        (_, i) => ({ index: (unit * 31 + i * 7) % 100, activation: 1.5 - i / 10 }),
      ),
    };
  };
  const units = all.slice(0, all.length - missing).map(({ layer, unit }) => overview(layer, unit));
  return {
    name,
    manifest: {
      ...MANIFEST,
      jobs: plan.map(([layer, n]) => ({ layer, units: [...Array(n).keys()] })),
      ...shape.manifest,
    },
    layers: plan.map(([name, planned]) => ({ name, planned, seconds: 12 })),
    units,
    dataset: shape.withoutDataset
      ? null
      : { count: 100, images: (indices) => Promise.resolve(blobs(indices.length, side, indices[0], 3)) },
    unit: details,
  };
}

/** The settings of a made-up run. */
export const MANIFEST: RunManifest = {
  schema: 1,
  version: "0.1.0",
  model: "lenet5-cifar10",
  modelSha256: "a".repeat(64),
  seed: 0,
  profileName: "calibrated",
  profile: {
    elbow: { threshold: 0.005, patience: 3, minImages: 32, maxImages: 48 },
    cluster: { criterion: "sse-penalty", beta: 1.79 },
  },
  embedder: "resnet18-cifar10",
  embedderSha256: "b".repeat(64),
  lpips: "alex",
  lpipsSha256: "c".repeat(64),
  dataset: { name: "cifar10", sha256: "d".repeat(64) },
  jobs: [],
  shard: { index: 0, count: 1 },
  engine: "native, tfjs 4.22.0",
};

/** Smooth colours with stripes and some noise, another for each image. */
function blobs(count: number, side: number, seed: number, K: number): ImageBatch {
  const data = new Float32Array(count * side * side * 3);
  let state = (seed * 2654435761 + 12345) >>> 0;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  for (let n = 0, at = 0; n < count; n++) {
    const angle = (n % K) * 0.8 + 0.3 * noise();
    const wave = 0.5 + 0.35 * (seed % 5);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const along = (x * Math.cos(angle) + y * Math.sin(angle)) * wave;
        for (let c = 0; c < 3; c++) {
          const value = 0.5 + 0.33 * Math.sin(along + c * (1 + n % K) + seed) + 0.22 * noise();
          data[at++] = Math.min(1, Math.max(0, value));
        }
      }
    }
  }
  return { count, height: side, width: side, data };
}
