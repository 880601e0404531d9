/** A small run made up by hand, for the tests of the store. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { RUN_SCHEMA } from "../../lib/store/mod.ts";
import type { RunManifest, UnitRecord } from "../../lib/types.ts";

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
  dataset: { name: "cifar10", sha256: "d".repeat(64) },
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
      candidates: [{ k: 1, bic: 3.5, inertia: 4 / 3 }, { k: 2, bic: -Infinity, inertia: 0 }],
    },
    scoreInterval: { low: 0.625, high: 0.8125 },
    paper: {
      I: 2,
      K: 1,
      C: 0,
      D: 0,
      S: 0,
      assignments: [0, 0],
      theta: [[0]],
      b: [[1]],
      candidates: [{ k: 1, bic: NaN, inertia: 0 }],
    },
    meanAngle: 1 / 3,
    datasetMax: 2,
    datasetBest: [{ index: 17, activation: 2 }, { index: 4, activation: 1.25 }],
    ...changes,
  };
}

/** A unit no start of which has a gradient. */
export function deadRecord(layer: string, unit: number): UnitRecord {
  return record(layer, unit, {
    stopReason: "dead",
    flags: ["dead", "dataset_higher"],
    images: { count: 0, height: 2, width: 1, data: new Float32Array(0) },
    activations: [],
    distances: [],
    pooledDistances: [],
    embeddings: { rows: 0, cols: 2, data: new Float32Array(0) },
    score: null,
    scoreInterval: null,
    paper: null,
    meanAngle: null,
  });
}

/** The records of each of the three jobs. */
export function jobRecords(job: number): UnitRecord[] {
  if (job === 0) return [record("conv1", 0), deadRecord("conv1", 1)];
  if (job === 1) return [record("conv1", 2, { activations: [3, 4, 5], flags: ["dataset_higher"] })];
  return [record("fc1", 5, { datasetMax: 0.1 + 0.2, stopReason: "maximum" })];
}

/** Takes from a run's file what schema 2 added to schema 1. */
export function makeOldRun(folder: string): string {
  const db = new DatabaseSync(join(folder, "run.sqlite"));
  db.exec("ALTER TABLE units DROP COLUMN score_low; ALTER TABLE units DROP COLUMN score_high");
  db.exec("ALTER TABLE distances DROP COLUMN pooled");
  db.exec("UPDATE manifest SET value = '1' WHERE field = 'schema'; PRAGMA user_version = 1");
  db.close();
  return folder;
}
