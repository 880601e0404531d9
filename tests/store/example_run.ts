/** A small run made up by hand, for the tests of the store. */
import { openRun, RUN_SCHEMA } from "../../lib/store/mod.ts";
import type { DatasetChunk, DatasetRecord, RunManifest, UnitRecord } from "../../lib/types.ts";

/** Images that the example's dataset is compared with: a chunk of their own. */
export const TEST_IMAGES = 12;

/** Three jobs: conv1:0-1, conv1:2, fc1:5. */
export const MANIFEST: RunManifest = {
  schema: RUN_SCHEMA,
  version: "0.1.0",
  model: "lenet5-cifar10",
  modelSha256: "a".repeat(64),
  seed: 0,
  profileName: "calibrated",
  profile: { elbow: { threshold: 0.005, patience: 3 }, cluster: { criterion: "sse-penalty" } },
  embedder: "resnet18-cifar10",
  embedderSha256: "b".repeat(64),
  lpips: "alex",
  lpipsSha256: "c".repeat(64),
  dataset: { name: "cifar10", sha256: "d".repeat(64), images: TEST_IMAGES },
  jobs: [{ layer: "conv1", units: [0, 1] }, { layer: "conv1", units: [2] }, { layer: "fc1", units: [5] }],
  shard: { index: 0, count: 1 },
  engine: "cpu",
};

/**
 * Three images of 2 x 1 pixels in two clusters with orthogonal centres of equal norm: theta = 1/2, b = 1, D = 1/2. The
 * literal stop is at two images in one cluster.
 */
export function record(layer: string, unit: number, changes: Partial<UnitRecord> = {}): UnitRecord {
  const bytes = Array.from({ length: 18 }, (_, i) => (i * 14 + unit) % 256);
  return {
    layer,
    unit,
    stopReason: "elbow",
    flags: [],
    images: { count: 3, height: 2, width: 1, data: Float32Array.from(bytes, (byte) => byte / 255) },
    activations: [1.5, 2.5, 3.5],
    distances: [0.1, 0.2, 0.3],
    pooledDistances: [0.4, 0.5, 0.75],
    embeddings: { rows: 3, cols: 2, data: Float32Array.of(1, 0, 1, 0, 0, 1) },
    score: {
      I: 3,
      K: 2,
      C: 0.5,
      D: 0.5,
      S: 0.75,
      assignments: [0, 0, 1],
      theta: [[0, 0.5], [0.5, 0]],
      b: [[1, 1], [1, 1]],
      candidates: [{ k: 1, criterion: 3.5, inertia: 4 / 3 }, { k: 2, criterion: -Infinity, inertia: 0 }],
    },
    scoreInterval: { low: 0.625, high: 0.8125 },
    kShares: { K1: 0.125, K2: 0.75, K3: 0.125 },
    paper: {
      I: 2,
      K: 1,
      C: 0,
      D: 0,
      S: 0,
      assignments: [0, 0],
      theta: [[0]],
      b: [[1]],
      candidates: [{ k: 1, criterion: NaN, inertia: 0 }],
    },
    meanAngle: 1 / 3,
    ...changes,
  };
}

/** A unit no start of which has a gradient. */
export function deadRecord(layer: string, unit: number): UnitRecord {
  return record(layer, unit, {
    stopReason: "dead",
    flags: ["dead"],
    images: { count: 0, height: 2, width: 1, data: new Float32Array(0) },
    activations: [],
    distances: [],
    pooledDistances: [],
    embeddings: { rows: 0, cols: 2, data: new Float32Array(0) },
    score: null,
    scoreInterval: null,
    kShares: null,
    paper: null,
    meanAngle: null,
  });
}

/** The records of each of the three jobs. */
export function jobRecords(job: number): UnitRecord[] {
  if (job === 0) return [record("conv1", 0), deadRecord("conv1", 1)];
  if (job === 1) return [record("conv1", 2, { activations: [3, 4, 5] })];
  return [record("fc1", 5, { stopReason: "maximum" })];
}

/** What the best image of the dataset does to fc1:5: a number that only 32 bits have. */
const BEST_OF_FC1 = Math.fround(0.3);

/**
 * What the dataset does to the four units: image 7 excites those of conv1 by 2 and fc1:5 by BEST_OF_FC1, image 4 those of
 * conv1 by 1.25, and every other image none of them. Responses are those after a ReLU, a tenth larger.
 */
export function exampleChunk(): DatasetChunk {
  const matrix = (cols: number, at: (image: number) => number) => ({
    rows: TEST_IMAGES,
    cols,
    data: Float32Array.from({ length: TEST_IMAGES * cols }, (_, i) => at(Math.floor(i / cols))),
  });
  const conv1 = (image: number) => image === 7 ? 2 : image === 4 ? 1.25 : 0;
  return {
    from: 0,
    to: TEST_IMAGES,
    layers: [
      { layer: "conv1", activations: matrix(3, conv1), responses: matrix(3, (image) => 1.1 * conv1(image)) },
      { layer: "fc1", activations: matrix(1, (image) => image === 7 ? BEST_OF_FC1 : 0), responses: null },
    ],
  };
}

/** What a run gives back of a unit once the dataset's part is there: its nine best images, ties by index, and the flag. */
export function withDataset<T extends UnitRecord>(record: T): T & DatasetRecord {
  const best = record.layer === "conv1"
    ? [[7, 2], [4, 1.25], [0, 0], [1, 0], [2, 0], [3, 0], [5, 0], [6, 0], [8, 0]]
    : [[7, BEST_OF_FC1], [0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [8, 0]];
  const datasetMax = best[0][1];
  const { score, activations } = record;
  const falls = score !== null && activations.slice(0, score.I).some((activation) => activation <= datasetMax);
  return {
    ...record,
    flags: falls ? [...record.flags, "dataset_higher"] : record.flags,
    datasetMax,
    datasetBest: best.map(([index, activation]) => ({ index, activation })),
  };
}

/** What a run gives back of a unit where nothing is known of the dataset. */
export function withoutDataset<T extends UnitRecord>(record: T): T & DatasetRecord {
  return { ...record, datasetMax: null, datasetBest: [] };
}

/** Writes a run of the example's units: those of the given jobs, a second and a half each. Gives its folder. */
export function makeRun(directory: string, jobs: readonly number[], changes: Partial<RunManifest> = {}): string {
  using run = openRun(directory, { ...MANIFEST, ...changes });
  for (const job of jobs) run.commitJob(job, jobRecords(job), 1.5);
  return directory;
}
