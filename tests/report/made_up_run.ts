/** A run made up by formulas, for the tests of figures: nothing in it comes from scoring. */
import type { RunData, UnitDetails } from "../../lib/run_data.ts";
import type { ClusteringRecord } from "../../lib/types.ts";
import { MANIFEST } from "../store/example_run.ts";

/** A clustering of I images in K clusters, in turn; C and S by their formulas, D whatever is said. */
function clustering(I: number, K: number, D: number): ClusteringRecord {
  const C = (K - 1) / (I - 1);
  const square = (off: number) =>
    Array.from({ length: K }, (_, i) => Array.from({ length: K }, (_, j) => i === j ? 0 : off));
  return {
    I,
    K,
    C,
    D,
    S: C + D - C * D,
    assignments: Array.from({ length: I }, (_, i) => i % K),
    theta: square(D),
    b: square(1),
    candidates: Array.from(
      { length: Math.min(5, I - 1) },
      (_, i) => ({ k: i + 1, criterion: 4 + (i + 1 - K) ** 2, inertia: 5 - i }),
    ),
  };
}

/** A unit of eight images of 4 x 4 pixels, whose score counts six, in K clusters around as many points of a circle. */
export function unitOf(layer: string, unit: number, K: number, changes: Partial<UnitDetails> = {}): UnitDetails {
  const [N, I] = [8, 6];
  return {
    layer,
    unit,
    stopReason: "elbow",
    flags: [],
    images: {
      count: N,
      height: 4,
      width: 4,
      data: Float32Array.from({ length: N * 48 }, (_, i) => ((i * 37 + unit * 11) % 256) / 255),
    },
    activations: Array.from({ length: N }, (_, i) => 3 + unit + 0.25 * i),
    distances: Array.from({ length: (N * (N - 1)) / 2 }, (_, i) => 0.2 + 0.01 * (i % 7)),
    pooledDistances: Array.from({ length: (N * (N - 1)) / 2 }, (_, i) => 0.6 + 0.01 * (i % 5)),
    meanDistances: [0.2, 0.22, 0.23, 0.225, 0.226, 0.2262, 0.2261],
    embeddings: {
      rows: N,
      cols: 3,
      data: Float32Array.from({ length: N }, (_, i) => i).reduce((data, i) => {
        data.set([5 * Math.cos(i % K), 5 * Math.sin(i % K), 0.1 * i], 3 * i);
        return data;
      }, new Float32Array(3 * N)),
    },
    score: clustering(I, K, K === 1 ? 0 : 0.1 + 0.05 * unit),
    scoreInterval: null,
    kShares: null,
    paper: clustering(4, Math.min(K + 1, 3), 0.25),
    meanAngle: 0.1,
    datasetMax: 2 + unit,
    datasetBest: [{ index: 3, activation: 2 + unit }],
    ...changes,
  };
}

/** A unit no start of which has a gradient. */
export function deadUnit(layer: string, unit: number): UnitDetails {
  return unitOf(layer, unit, 1, {
    stopReason: "dead",
    flags: ["dead"],
    images: { count: 0, height: 4, width: 4, data: new Float32Array(0) },
    activations: [],
    distances: [],
    pooledDistances: [],
    meanDistances: [],
    embeddings: { rows: 0, cols: 3, data: new Float32Array(0) },
    score: null,
    scoreInterval: null,
    kShares: null,
    paper: null,
    meanAngle: null,
  });
}

/** Four units of conv1, of which one is dead, and three of fc1, of which one has three clusters. */
export const UNITS: readonly UnitDetails[] = [
  unitOf("conv1", 0, 1),
  unitOf("conv1", 1, 2),
  deadUnit("conv1", 2),
  unitOf("conv1", 3, 1),
  unitOf("fc1", 0, 1),
  unitOf("fc1", 1, 3),
  unitOf("fc1", 2, 2),
];

/** A run of these units, all of its plan unless more is said to be planned. */
export function madeUpRun(units: readonly UnitDetails[] = UNITS, changes: Partial<RunData> = {}): RunData {
  const layers = [...new Set(units.map(({ layer }) => layer))];
  return {
    name: "made-up",
    manifest: {
      ...MANIFEST,
      profile: {
        elbow: { threshold: 0.005, patience: 3, minImages: 6 },
        cluster: { criterion: "sse-penalty", beta: 1.79 },
      },
    },
    layers: layers.map((name) => ({
      name,
      planned: units.filter(({ layer }) => layer === name).length,
      seconds: 1,
    })),
    units,
    dataset: {
      count: 10_000,
      images: () => Promise.resolve({ count: 0, height: 4, width: 4, data: new Float32Array(0) }),
    },
    unit(layer, unit) {
      const found = units.find((each) => each.layer === layer && each.unit === unit);
      if (!found) throw new RangeError(`unit ${layer}:${unit} is not in the run`);
      return found;
    },
    ...changes,
  };
}
