import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { summarizeTrained, type TaughtEntry, type TrainedResult } from "../../lib/validate/trained/mod.ts";
import { drawExciting, scoreRealImages } from "../../lib/validate/trained/real_images.ts";
import { checkNetwork, requireBothKinds } from "../../lib/validate/trained/run_study.ts";
import { separations, shareRight } from "../../lib/validate/trained/truth.ts";
import { useBackend } from "../../lib/engine/mod.ts";
import { CALIBRATED, type PipelineContext } from "../../lib/pipeline/mod.ts";
import { scoreWithKnownK } from "../../lib/validate/trained/known_k.ts";
import { record } from "../store/example_run.ts";
import { plainPixels, sourceOf } from "../data/made_up_dataset.ts";
import { colourNetwork, toldEmbedder, toldLpips } from "../pipeline/stand_ins.ts";

/** A unit of which the profile `told` says K, with S = (K - 1) / 10, and the control nothing. */
function unit(network: string, k: number, K: number, changes: Partial<TrainedResult> = {}): TrainedResult {
  return {
    network,
    architecture: network === "weak" ? "lenet5" : "resnet",
    kind: network === "weak" ? "labels" : "sets",
    seed: 1,
    unit: 0,
    k,
    classes: Array.from({ length: k }, (_, i) => i),
    scores: { told: { I: 32, K, S: (K - 1) / 10 }, control: { I: 32, K: null, S: 0.5 } },
    ...changes,
  };
}

const RESULTS = [
  ...[[1, 1], [1, 2], [2, 2], [3, 1]].map(([k, K]) => unit("deep", k, K)),
  ...[[1, 1], [4, 4], [2, 3]].map(([k, K]) => unit("weak", k, K)),
];

Deno.test("summarizeTrained() counts what K says of units of one class and of several", () => {
  const summary = summarizeTrained(RESULTS, ["told"], 0);
  assert.deepEqual([summary.networks, summary.units], [2, 7]);
  assert.deepEqual(summary.groups.map(({ name, networks, units }) => [name, networks, units]), [
    ["all", 2, 7],
    ["strong", 1, 4],
    ["resnet", 1, 4],
    ["lenet5", 1, 3],
  ]);
  const [told, control, lpips, real, known] = summary.groups[0].settings;
  assert.deepEqual([told, control, lpips, real, known].map(({ name }) => name), [
    "told",
    "control",
    "mean LPIPS",
    "real images",
    "known K",
  ]);
  // S of several .1 0 .3 .2 against 0 .1 0 of one: .1 wins 2 and ties 1, 0 ties 2, .3 and .2 win 3 each
  assert.equal(told.auroc, (2.5 + 1 + 3 + 3) / 12);
  assert.equal(told.exact_k, 4 / 7);
  assert.equal(told.mono_called_poly, 1 / 3);
  assert.equal(told.poly_called_mono, 1 / 4);
  assert.deepEqual(told.units_by_k, [3, 2, 1, 1]);
  assert.deepEqual(told.exact_by_k, [2 / 3, 1 / 2, 0, 1]);
  assert.deepEqual(told.mean_k_by_k, [4 / 3, 5 / 2, 1, 4]);
  assert.deepEqual(told.mean_s_by_k.map((mean) => mean!.toFixed(6)), ["0.033333", "0.150000", "0.000000", "0.300000"]);
  assert.ok(told.exact_k_low! < 4 / 7 && told.exact_k_high! > 4 / 7);
  // ranks of k 2 2 2 4.5 4.5 6 7 and of S 2 4.5 2 4.5 6 2 7, less 4: in the order k = 1 1 1 2 2 3 4
  const [x, y] = [[-2, -2, -2, .5, .5, 2, 3], [-2, .5, -2, .5, 2, -2, 3]];
  const product = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  assert.ok(Math.abs(told.spearman! - product(x, y) / Math.sqrt(product(x, x) * product(y, y))) < 1e-12);
  assert.ok(Math.abs(told.spearman_k! - told.spearman!) < 1e-12); // S rises with K here
  assert.ok(told.spearman_k_low! < told.spearman_k! && told.spearman_k_high! > told.spearman_k!);
  // a statistic without clusters, all the same
  assert.deepEqual([control.auroc, control.spearman, control.spearman_k, control.exact_k], [0.5, null, null, null]);
  assert.deepEqual(control.mean_k_by_k, [null, null, null, null]);
  assert.deepEqual([lpips.units, lpips.auroc, lpips.auroc_low], [0, null, null]);
  assert.deepEqual(summary.unscored, { told: 0, control: 0, "mean LPIPS": 7, "real images": 7, "known K": 7 });
  // of the strong network .1 and 0 against 0 and .1
  assert.equal(summary.groups[1].settings[0].auroc, 1 / 2);
  assert.equal(summary.groups[3].settings[0].auroc, 1);
  assert.doesNotMatch(JSON.stringify(summary), /NaN/);
});

Deno.test("summarizeTrained() pairs profiles with the control, unit by unit", () => {
  const [{ name, against, auroc, spearman }] = summarizeTrained(RESULTS, ["told"], 0).groups[0].paired;
  assert.deepEqual([name, against], ["told", "control"]);
  assert.ok(Math.abs(auroc.value! - (9.5 / 12 - 0.5)) < 1e-12);
  assert.equal(spearman.value, null); // the control is the same of all
  const apart = [1, 1, 1, 2, 3, 4].flatMap((k) =>
    ["deep", "deeper"].map((network) =>
      unit(network, k, k, { scores: { told: { I: 32, K: k, S: k }, control: { I: 32, K: null, S: -k } } })
    )
  );
  const [pair] = summarizeTrained(apart, ["told"], 0).groups[0].paired;
  assert.deepEqual(pair.auroc, { value: 1, low: 1, high: 1 });
  assert.equal(pair.spearman.value, 2);
  // units that a profile could not score are in neither side
  const missing = [...RESULTS, unit("deep", 1, 1, { scores: { control: { I: 32, K: null, S: 9 } } })];
  const summary = summarizeTrained(missing, ["told"], 0);
  assert.equal(summary.groups[0].paired[0].auroc.value, auroc.value);
  assert.equal(summary.unscored.told, 1);
});

Deno.test("summarizeTrained() has wide intervals where networks differ, the same for the same seed", () => {
  // one network told right, the other wrong throughout: with two drawn of two, half of the resamples know one alone
  const results = [1, 1, 2, 2].flatMap((k) => [unit("right", k, k), unit("wrong", k, 3 - k)]);
  const [{ settings: [told] }] = summarizeTrained(results, ["told"], 1).groups;
  assert.deepEqual([told.exact_k, told.exact_k_low, told.exact_k_high], [0.5, 0, 1]);
  assert.deepEqual(summarizeTrained(results, ["told"], 1), summarizeTrained(results, ["told"], 1));
  // units of one kind alone have no AUROC and no interval of it
  const [{ settings: [one] }] = summarizeTrained([unit("deep", 1, 1), unit("deep", 1, 2)], ["told"], 1).groups;
  assert.deepEqual([one.auroc, one.auroc_low, one.spearman, one.exact_k], [null, null, null, 0.5]);
});

const ENTRY: TaughtEntry = {
  name: "resnet-sets-1",
  architecture: "resnet",
  kind: "sets",
  seed: 1,
  file: "resnet-sets-1.safetensors",
  bytes: 1,
  sha256: "0".repeat(64),
  parameters: 1,
  classes: [[0], [1], [2, 3], [4, 5, 6]],
  test_accuracy: 0.9,
  command: "a test",
};
const GOOD = [[0.9], [0.75], [0.8, 0.99], [0.76, 0.8, 0.9]];
const looked = (accuracy: number, separations = GOOD) => ({ accuracy, separations, exciting: [] });

Deno.test("a network below its floor of accuracy is refused as truth, at the floor it is not", () => {
  const good = checkNetwork(ENTRY, looked(0.82));
  assert.deepEqual(good.units, [0, 1, 2, 3]);
  assert.deepEqual([good.summary.refused, good.summary.floor, good.summary.units], [false, 0.82, 4]);
  const low = checkNetwork(ENTRY, looked(0.8199));
  assert.deepEqual([low.units, low.refused], [[], []]);
  assert.deepEqual([low.summary.refused, low.summary.test_accuracy, low.summary.units], [true, 0.8199, 0]);
  for (const [architecture, floor] of [["lenet5", 0.65], ["vgg", 0.82], ["vit", 0.75]] as const) {
    assert.equal(checkNetwork({ ...ENTRY, architecture }, looked(floor)).summary.refused, false);
    assert.equal(checkNetwork({ ...ENTRY, architecture }, looked(floor - 0.001)).summary.refused, true);
  }
});

Deno.test("a unit that does not answer to one of its classes is left out, and listed", () => {
  const { units, refused, summary } = checkNetwork(ENTRY, looked(0.9, [[0.9], [0.749], [0.8, 0.5], [1, 1, 1]]));
  const limited = checkNetwork(ENTRY, looked(0.9, [[0.1], [0.9], [0.8, 0.9], [1, 1, 1]]), 2);
  assert.deepEqual([limited.units, limited.summary.units], [[1, 2], 2]); // the first that count
  assert.deepEqual(units, [0, 3]);
  assert.equal(summary.units, 2);
  assert.deepEqual(refused, [
    { network: "resnet-sets-1", unit: 1, classes: [1], separations: [0.749] },
    { network: "resnet-sets-1", unit: 2, classes: [2, 3], separations: [0.8, 0.5] },
  ]);
});

Deno.test("fewer than two units of one class, or of several, are refused, saying what was left out", () => {
  requireBothKinds([checkNetwork(ENTRY, looked(0.9))]); // two and two
  const refusal = (checked: Parameters<typeof requireBothKinds>[0], message: RegExp) =>
    assert.throws(() => requireBothKinds(checked), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  refusal(
    [checkNetwork(ENTRY, looked(0.5))],
    /0 units of one class and 0 of several.*at least two of each \(resnet-sets-1 is refused as truth, with 50\.0 % test accuracy where 82\.0 % are asked for\); train more/,
  );
  refusal(
    [checkNetwork(ENTRY, looked(0.9, [[0.9], [0.1], [0.8, 0.5], [1, 1, 1]]))],
    /1 units of one class and 1 of several.*\(2 units do not answer to the classes they were taught\)/,
  );
  refusal([], /0 units of one class and 0 of several, and needs at least two of each; train more/);
});

Deno.test("separations() are the AUROC of each class of a set against all classes outside it", () => {
  // class 1 of the set {1, 2} against 0 and 3: 4 and 1 against 2 and 0: three of four pairs; class 2: 3 and 3, all four
  const labels = [1, 1, 2, 2, 0, 3];
  assert.deepEqual(separations([4, 1, 3, 3, 2, 0], labels, [1, 2]), [0.75, 1]);
  assert.deepEqual(separations([4, 1, 3, 3, 2, 0], labels, [2, 1]), [1, 0.75]);
  assert.deepEqual(separations([4, 1, 3, 3, 2, 0], labels, [0]), [2 / 5]);
  assert.deepEqual(separations([1, 2], [0, 1], [5]), [0]); // no image of the class
});

Deno.test("shareRight() is the share of rows whose greatest entry is the one wanted", () => {
  const scores = { rows: 4, cols: 3, data: Float32Array.of(0, 2, 1, 5, 5, 1, -1, -2, -3, 0, 0, 9) };
  assert.equal(shareRight(scores, [1, 0, 0, 1]), 3 / 4); // the first of equals; the last row is wrong
});

Deno.test("drawExciting() draws 32 of the hundredth of images that excite a unit most, by seed, network and unit", () => {
  const activations = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_000);
  const drawn = drawExciting(activations, 1, "net", 0)!;
  assert.equal(new Set(drawn).size, 32);
  assert.ok(drawn.every((i) => activations[i] >= 9900));
  assert.deepEqual(drawExciting(activations, 1, "net", 0), drawn);
  assert.notDeepEqual(drawExciting(activations, 2, "net", 0), drawn);
  assert.notDeepEqual(drawExciting(activations, 1, "other", 0), drawn);
  assert.notDeepEqual(drawExciting(activations, 1, "net", 1), drawn);
  assert.equal(drawExciting([0, 0, 0], 1, "net", 0), null); // all alike
  assert.deepEqual(drawExciting([3, 9, 1], 1, "net", 0), [1]); // a hundredth of three is one
});

Deno.test("scoreRealImages() clusters by the profile's rule without attributions", async () => {
  await useBackend();
  const source = sourceOf(plainPixels(8, { height: 32, width: 32 }, (image) => 30 * image));
  const context = (beta: number) => ({
    profile: {
      ...CALIBRATED,
      cluster: {
        ...CALIBRATED.cluster,
        beta,
        center: false,
        attributions: { depth: 2, weight: 100, beta: 1e6, lpipsWeight: 0, pooledWeight: 0 },
      },
    },
    lpips: toldLpips(() => 0),
    embedder: toldEmbedder((i) => i < 4 ? [1, 0] : [0, 1]),
    meanEmbedding: null,
    network: colourNetwork(),
    dataset: null,
    seed: 1,
  });
  // four images at (1, 0), four at (0, 1): SSE is 4 with one cluster (1/2 for each image), 0 with two
  const told = async (beta: number) =>
    await scoreRealImages(context(beta), "colour", 0, source, [0, 1, 2, 3, 4, 5, 6, 7]);
  const two = (await told(3.9))!;
  // C = 1 / 7, D = 1 / 2: S = 1/7 + 1/2 (1 - 1/7)
  assert.deepEqual([two.I, two.K], [8, 2]);
  assert.ok(Math.abs(two.S - 4 / 7) < 1e-12);
  assert.deepEqual(await told(4.1), { I: 8, K: 1, S: 0 });
  assert.equal(await scoreRealImages(context(1), "colour", 0, source, [3]), null);
  assert.equal(await scoreRealImages(context(1), "colour", 0, source, []), null);
});

Deno.test("scoreWithKnownK() cuts a unit's images into as many clusters as it is told, and scores those", () => {
  const rows = [[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [1, 1]];
  const embeddings = { rows: 6, cols: 2, data: Float32Array.from(rows.flat()) };
  const profile = {
    ...CALIBRATED,
    cluster: { ...CALIBRATED.cluster, center: false, halfCap: true, lpipsWeight: 0, pooledWeight: 0 },
  };
  const context = { profile, seed: 0, meanEmbedding: null } as unknown as PipelineContext;
  const told = { ...record("map", 0), embeddings, distances: Array(15).fill(0), pooledDistances: Array(15).fill(0) };
  const unit = { ...told, score: { ...told.score!, I: 6 } };
  assert.deepEqual(scoreWithKnownK(context, unit, 1), { I: 6, K: 1, S: 0 });
  // centres (1, 0), (0, 1), (1, 1): angles of 1/2, 1/4 and 1/4 of pi; lengths 1, 1 and the root of 2, so b = 1 and twice
  // 2 / (1 + root 2); C = 2 / 5
  const D = (0.5 + 2 * 0.25 * 2 / (1 + Math.SQRT2)) / 3;
  const three = scoreWithKnownK(context, unit, 3)!;
  assert.deepEqual([three.I, three.K], [6, 3]);
  assert.ok(Math.abs(three.S - (0.4 + D - 0.4 * D)) < 1e-6, String(three.S));
  assert.equal(scoreWithKnownK(context, unit, 4)!.K, 3); // half of the images at most
  assert.equal(scoreWithKnownK(context, { ...unit, score: null }, 2), null);
});
