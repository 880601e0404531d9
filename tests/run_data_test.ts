import assert from "node:assert/strict";
import {
  exceedance,
  kSharesOf,
  meanKShares,
  plannedLayers,
  type RunData,
  summarizeLayers,
  unitName,
} from "../lib/run_data.ts";
import { madeUpRun } from "./report/atlas_run.ts";

const summary = ({ layers, units }: RunData, hasDataset = true) => summarizeLayers(layers, units, hasDataset);

Deno.test("summarizeLayers() counts units, clusters and units above the dataset, layer by layer", () => {
  const [conv1, fc1] = summary(madeUpRun({ layers: { conv1: 6, fc1: 4 }, missing: 1 }));
  // conv1: K = 1 2 3 4 1, the sixth dead; unit 1 has one image below the dataset's best
  assert.deepEqual([conv1.layer, conv1.planned, conv1.units, conv1.dead, conv1.seconds], ["conv1", 6, 6, 1, 12]);
  assert.deepEqual([conv1.K1, conv1.K2, conv1.K3], [2, 1, 2]);
  assert.equal(conv1.exceeding, 4);
  // fc1: K = 1 2 3 and one to come; again unit 1 is not above the dataset
  assert.deepEqual([fc1.layer, fc1.planned, fc1.units, fc1.dead], ["fc1", 4, 3, 0]);
  assert.deepEqual([fc1.K1, fc1.K2, fc1.K3], [1, 1, 1]);
  assert.equal(fc1.exceeding, 2);
});

Deno.test("summarizeLayers() gives mean and sample standard deviation of S where there are enough scores", () => {
  const run = madeUpRun({ layers: { conv1: 2, fc1: 3, fc2: 1 } });
  // the second unit of conv1 is dead; S of the others becomes 1/4, of fc1 1/4, 1/2 and 3/4, of fc2 none
  const S: Record<string, readonly (number | null)[]> = { conv1: [0.25, 0], fc1: [0.25, 0.5, 0.75], fc2: [null] };
  const units = run.units.map((each) => ({
    ...each,
    score: each.score && { ...each.score, S: S[each.layer][each.unit] },
  }));
  const [conv1, fc1, fc2] = summary({ ...run, units });
  assert.deepEqual([conv1.meanS, conv1.spreadS], [0.25, null]);
  assert.deepEqual([fc1.meanS, fc1.spreadS], [0.5, 0.25]); // sqrt((1/16 + 0 + 1/16) / 2)
  assert.deepEqual([fc2.meanS, fc2.spreadS, fc2.K1], [null, null, 1]);
});

Deno.test("summarizeLayers() gives the mean shares of K over the units where they are known", () => {
  // of conv1 units 0 and 4 have K = 1 in all halves, 1 and 2 in a quarter; unit 3 does not know, unit 5 is dead
  const [conv1, fc1] = summary(madeUpRun({ layers: { conv1: 6, fc1: 1 } }));
  assert.deepEqual(conv1.kShares, { K1: 2.5 / 4, K2: 1 / 4, K3: 0.5 / 4 });
  assert.deepEqual(fc1.kShares, { K1: 1, K2: 0, K3: 0 });
  const old = madeUpRun();
  const units = old.units.map((unit) => ({ ...unit, kShares: null }));
  assert.deepEqual(summary({ ...old, units }).map(({ kShares }) => kShares), [null, null]);
});

Deno.test("kSharesOf() counts one, two, and three or more; meanKShares() is their mean", () => {
  assert.deepEqual(kSharesOf([1, 2, 3, 9]), { K1: 0.25, K2: 0.25, K3: 0.5 });
  assert.deepEqual(kSharesOf([2, 2]), { K1: 0, K2: 1, K3: 0 });
  assert.deepEqual(meanKShares([{ K1: 1, K2: 0, K3: 0 }, { K1: 0.5, K2: 0.25, K3: 0.25 }]), {
    K1: 0.75,
    K2: 0.125,
    K3: 0.125,
  });
  assert.deepEqual([kSharesOf([]), meanKShares([])], [null, null]);
});

Deno.test("summarizeLayers() says nothing of a dataset where there is none", () => {
  assert.deepEqual(summary(madeUpRun(), false).map(({ exceeding }) => exceeding), [null, null]);
});

Deno.test("exceedance() compares the I images of the score alone, and equal is not above", () => {
  const [unit] = madeUpRun({ images: 6 }).units;
  const score = { ...unit.score!, I: 4 };
  const of = (activations: number[], datasetMax: number | null) => exceedance({ score, activations, datasetMax });
  assert.deepEqual(of([1, 2, 3, 6, 99, 99], 2), { all: false, share: 0.5 });
  assert.deepEqual(of([3, 4, 5, 6, -9, -9], 2), { all: true, share: 1 });
  assert.equal(of([3, 4, 5, 6], null), null);
  assert.equal(exceedance({ score: null, activations: [], datasetMax: 2 }), null);
});

Deno.test("plannedLayers() keeps the plan's order of layers and counts the jobs asked for", () => {
  const jobs = [
    { layer: "fc1", units: [9] },
    { layer: "conv1", units: [3, 4, 5] },
    { layer: "fc1", units: [2, 10] },
    { layer: "fc2", units: [0] },
  ];
  assert.deepEqual(plannedLayers(jobs), [
    { name: "fc1", planned: 3 },
    { name: "conv1", planned: 3 },
    { name: "fc2", planned: 1 },
  ]);
  assert.deepEqual(plannedLayers(jobs, (job) => job % 2 === 1), [
    { name: "fc1", planned: 0 },
    { name: "conv1", planned: 3 },
    { name: "fc2", planned: 1 },
  ]);
});

Deno.test("unitName() tells units apart whose layers have colons and digits in their names", () => {
  assert.equal(unitName({ layer: "conv2", unit: 3 }), "conv2:3");
  assert.notEqual(unitName({ layer: "a:1", unit: 2 }), unitName({ layer: "a", unit: 12 }));
  assert.notEqual(unitName({ layer: "a:1", unit: 2 }), unitName({ layer: "a", unit: 1 }));
});
