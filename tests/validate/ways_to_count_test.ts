import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { CALIBRATED } from "../../lib/pipeline/mod.ts";
import type { ImageBatch } from "../../lib/types.ts";
import {
  agreementOfCounts,
  attributionClusters,
  METRICS,
  mostAtOdds,
  type UnitMetrics,
  unitSheet,
} from "../../lib/validate/metrics/mod.ts";

await useBackend();

/** Units 0, 1, ... with their counts by K, real images and attributions. */
function counted(...counts: (number | null)[][]): UnitMetrics[] {
  const nothing = Object.fromEntries(METRICS.map(({ key }) => [key, null]));
  return counts.map(([K, dataset_clusters, attribution_clusters], unit) =>
    ({ layer: "map", unit, ...nothing, K, dataset_clusters, attribution_clusters }) as UnitMetrics
  );
}

Deno.test("agreementOfCounts() tells on which units each pair of counts says one or several", () => {
  const rows = counted([1, 1, 1], [1, 3, null], [2, 1, 1], [2, 2, 4], [3, 5, null], [null, 2, 2]);
  const [images, attributions, others] = agreementOfCounts(rows);
  const kinds = ({ both_one, one_several, several_one, both_several }: typeof images) => [
    both_one,
    one_several,
    several_one,
    both_several,
  ];
  assert.deepEqual([images.a, images.b, images.units, ...kinds(images)], ["K", "dataset_clusters", 5, 1, 1, 1, 2]);
  assert.deepEqual([attributions.b, attributions.units, ...kinds(attributions)], [
    "attribution_clusters",
    3,
    1,
    0,
    1,
    1,
  ]);
  assert.deepEqual([others.a, others.units, ...kinds(others)], ["dataset_clusters", 4, 2, 0, 0, 2]);
  // rows 2 3, columns 2 3, of 5: (3/5 - 13/25) / (1 - 13/25)
  assert.ok(Math.abs(images.kappa! - 2 / 12) < 1e-12);
  assert.equal(others.kappa, 1);
  assert.equal(agreementOfCounts(counted([1, 2, null]))[1].kappa, null);
});

Deno.test("mostAtOdds() puts the widest range first, then the greatest sum of differences, then the order given", () => {
  const rows = counted([1, 1, 1], [1, 3, 2], [1, 3, 3], [1, 3, 3], [5, null, null], [2, 7, null], [null, 2, 9]);
  const units = (count: number) => mostAtOdds(rows, count).map(({ unit }) => unit);
  // ranges 0 2 2 2 - 5, and 7 of one that has no K, as a dead unit has none; sums of the three of range 2: all are twice the range
  assert.deepEqual(units(10), [5, 1, 2, 3]);
  assert.deepEqual(units(2), [5, 1]);
  assert.deepEqual(units(0), []);
});

/** A unit that sums what red and what green are above one half, behind a layer of the two. */
const TWO_WAYS: Network = {
  name: "two ways",
  input: { height: 8, width: 8 },
  layers: [{ name: "below", positions: "none", units: 2 }, { name: "top", positions: "none", units: 1 }],
  activations: (images, layers, through = (_, x) => x) => {
    const below = through("below", tf.slice(tf.mean(images, [1, 2]), [0, 0], [-1, 2]));
    const top = tf.sum(tf.relu(below.sub(0.5)), 1, true);
    return layers.map((layer) => layer === "below" ? below : top);
  },
  dispose: () => {},
};

/** As many red images and as many green ones, from light to dark. */
function redsAndGreens(reds: number, greens: number): ImageBatch {
  const count = reds + greens;
  const data = new Float32Array(count * 8 * 8 * 3);
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < 64; p++) data[(i * 64 + p) * 3 + (i < reds ? 0 : 1)] = 1 - i / (4 * count);
  }
  return { count, height: 8, width: 8, data };
}

Deno.test("attributionClusters() counts the ways in which images are answered, whatever the images look like", async () => {
  const context = { network: TWO_WAYS, profile: CALIBRATED, seed: 0 };
  const count = (images: ImageBatch) => attributionClusters(context, "top", 0, images);
  // attributions of unit length are (1, 0) or (0, 1). 10 of each have a sum of squares of 10 about their mean, and a second
  // cluster costs 6; 5 of each have one of 5
  assert.equal(await count(redsAndGreens(10, 10)), 2);
  assert.equal(await count(redsAndGreens(5, 5)), 1);
  assert.equal(await count(redsAndGreens(40, 0)), 1);
  assert.equal(await count(redsAndGreens(39, 1)), 1); // one image makes no cluster
  assert.equal(await attributionClusters(context, "below", 0, redsAndGreens(10, 10)), null); // nothing is below
  const blind: Network = { ...TWO_WAYS, activations: (images, layers) => TWO_WAYS.activations(images, layers) };
  assert.equal(await attributionClusters({ ...context, network: blind }, "top", 0, redsAndGreens(10, 10)), null);
});

Deno.test("unitSheet() has each cluster in rows of its own, and real images below, at the size of the visualizations", () => {
  const grey = (count: number, side: number, from: number): ImageBatch => {
    const data = new Float32Array(count * side * side * 3);
    for (let i = 0; i < count; i++) data.fill(from + i / 100, i * side * side * 3, (i + 1) * side * side * 3);
    return { count, height: side, width: side, data };
  };
  const { count, height, width, data } = unitSheet(grey(4, 64, 0), [0, 1, 0], grey(17, 32, 0.5));
  // 64 px are wide enough; rows of 64 and 2 lines: two for the clusters, apart, then two for 17 real images in one sheet
  assert.deepEqual([count, height, width], [1, 66 + 12 + 66 + 36 + (65 * 2 + 1), 16 * 65 + 1]);
  const at = (y: number, x: number) => data[(y * width + x) * 3];
  const middle = (column: number) => 1 + column * 65 + 32;
  const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}`);
  near(at(33, middle(0)), 0);
  near(at(33, middle(1)), 0.02); // the second of the first cluster; the fourth image does not count
  near(at(33, middle(2)), 1);
  near(at(66 + 6, middle(0)), 1);
  near(at(78 + 33, middle(0)), 0.01);
  near(at(78 + 33, middle(1)), 1);
  near(at(144 + 18, middle(0)), 1);
  near(at(180 + 33, middle(3)), 0.53);
  near(at(180 + 65 + 33, middle(0)), 0.66);
});
