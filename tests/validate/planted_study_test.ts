import assert from "node:assert/strict";
import {
  calibrate,
  calibrationDocument,
  type CalibrationUnit,
  parseFamilies,
  type PlantedResult,
  summarizeStudy,
} from "../../lib/validate/planted/mod.ts";
import { oracleScore, reachedFeatures } from "../../lib/validate/planted/oracle.ts";

/** A unit that a setting `told` says is K with S = (K - 1) / 10. */
function unit(k: number, K: number, changes: Partial<PlantedResult> = {}): PlantedResult {
  return {
    seed: 1,
    family: "template",
    kind: k === 1 ? "single" : "union",
    k,
    features: Array.from({ length: k }, (_, i) => i),
    unit: 0,
    scores: { told: { I: 32, K, S: (K - 1) / 10 }, angle: { I: 32, K: null, S: 0.5 } },
    reached: { told: k, angle: k },
    ...changes,
  };
}

Deno.test("summarizeStudy() counts what K says of units of one and of several features", () => {
  const results = [
    unit(1, 1),
    unit(1, 1),
    unit(1, 2),
    unit(1, 3, { kind: "near-duplicate" }),
    unit(2, 2),
    unit(3, 2),
    unit(4, 4),
    unit(5, 1, { reached: { told: 0, angle: 0 } }),
    unit(3, 1, { kind: "sum" }),
    unit(2, 1, { kind: "fooling" }),
  ];
  const { units, settings: [told, angle], coverage, sums_called_mono, unreached, unscored } = summarizeStudy(
    results,
    ["told", "angle"],
    "angle",
    0,
  );
  assert.equal(units, 8); // the sum and the fooling unit are apart
  assert.equal(told.exact_k, 4 / 8);
  assert.equal(told.mono_called_poly, 1 / 3);
  assert.equal(told.near_duplicate_called_poly, 1);
  assert.equal(told.poly_called_mono, 1 / 4);
  assert.deepEqual(told.exact_by_k, [1 / 2, 1, 0, 1, 0]);
  // pairs (several, one): S of several .1 .1 .3 0 against 0 0 .1 .2: wins 2 + 2 + 4 + 0, ties (.1 with .1) 2 and (0 with 0) 2
  assert.equal(told.auroc, (8 + 2) / 16);
  assert.ok(told.exact_k_low! <= 4 / 8 && told.exact_k_high! >= 4 / 8 && told.exact_k_low! < told.exact_k_high!);
  assert.equal(angle.exact_k, null);
  assert.equal(angle.auroc, 0.5); // all the same: ties
  assert.equal(angle.spearman, null);
  assert.equal(coverage.told, (1 + 1 + 1 + 0) / 4);
  assert.deepEqual(unreached, { told: 1, angle: 1 });
  assert.deepEqual(unscored, { told: 0, angle: 0 });
  assert.deepEqual(sums_called_mono, { told: 1, angle: null });
});

Deno.test("summarizeStudy() pairs settings unit by unit: a difference on every resample has an interval without zero", () => {
  const results = [1, 1, 1, 1, 2, 3, 4, 5].map((k) =>
    unit(k, k, { scores: { told: { I: 32, K: k, S: k }, angle: { I: 32, K: null, S: -k } } })
  );
  const [{ name, against, auroc, spearman }] = summarizeStudy(results, ["told", "angle"], "angle", 0).paired;
  assert.deepEqual([name, against], ["told", "angle"]);
  assert.deepEqual(auroc, { value: 1, low: 1, high: 1 });
  assert.equal(spearman.value, 2);
  assert.ok(spearman.low! > 0);
});

Deno.test("summarizeStudy() leaves out, and counts, units that a setting could not score; nothing becomes NaN", () => {
  const results = [
    unit(1, 1),
    unit(1, 1, { scores: {}, reached: {} }),
    unit(2, 2),
    unit(3, 2, { scores: {}, reached: {} }),
  ];
  const summary = summarizeStudy(results, ["told", "never"], "told", 0);
  assert.deepEqual(summary.unscored, { told: 2, never: 4 });
  assert.equal(summary.settings[0].exact_k, 1);
  assert.equal(summary.settings[1].auroc, null);
  assert.equal(summary.settings[1].exact_k, null);
  assert.doesNotMatch(JSON.stringify(summary), /NaN/);
});

Deno.test("summarizeStudy() gives the same table for the same seed, another interval for another", () => {
  const results = [1, 1, 1, 2, 2, 3, 4, 5].map((k, i) => unit(k, 1 + (k * 7 + i) % 4));
  const summary = (seed: number) => summarizeStudy(results, ["told", "angle"], "angle", seed);
  assert.deepEqual(summary(1), summary(1));
  assert.equal(summary(1).settings[0].auroc, summary(2).settings[0].auroc);
});

Deno.test("reachedFeatures() are those that two images show; of a single unit its one feature", () => {
  assert.deepEqual(reachedFeatures({ kind: "union" }, [2, 0, 0, 2, 1]), [0, 2]);
  assert.deepEqual(reachedFeatures({ kind: "union" }, [0, 1, 2]), []);
  assert.deepEqual(reachedFeatures({ kind: "sum" }, [1, 1, 0]), [1]);
  assert.deepEqual(reachedFeatures({ kind: "near-duplicate" }, [0, 3, 2]), [0]);
});

Deno.test("oracleScore() is of the centres of the images that show each feature reached", () => {
  // features 0 and 2 at right angles with norms 1 and 1: theta = 1/2, b = 1, D = 1/2, C = 1/4, S = 1/4 + 1/2 - 1/8
  const data = Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1, 5, 5);
  const embeddings = { rows: 5, cols: 2, data };
  assert.deepEqual(oracleScore({ kind: "union" }, [0, 0, 2, 2, 1], embeddings), { I: 5, K: 2, S: 0.625 });
  assert.deepEqual(oracleScore({ kind: "single" }, [0, 0, 0, 0, 0], embeddings), { I: 5, K: 1, S: 0 });
});

/** A unit whose inertia falls by 4 for each cluster up to the true one, and by `excess` after it. */
function path(k: number, excess: number, family: CalibrationUnit["family"] = "template"): CalibrationUnit {
  const inertias = Array.from({ length: 6 }, (_, i) => 40 - 4 * Math.min(i, k - 1) - excess * Math.max(0, i - (k - 1)));
  const clusters = inertias.map((_, i) => i + 1);
  const told = { inertias, clusters, scores: clusters.map((K) => (K - 1) / 10) };
  // the second weights know nothing: each cluster more always gains the same
  const blind = { inertias: clusters.map((K) => 40 - 2 * K), clusters, scores: clusters.map(() => 0) };
  return {
    family,
    kind: k === 1 ? "single" : "union",
    k,
    features: [],
    paths: [{ lpips: 4, pooled: 0, ...told }, { lpips: 0, pooled: 0, ...blind }],
  };
}

Deno.test("calibrate() finds the weights and a price between what a false and a true cluster gain", () => {
  const apart = (["sum", "fooling"] as const).map((kind) => ({ ...path(2, 9), kind, k: 9 })); // what is not counted
  const found = calibrate([...[1, 1, 2, 3, 4, 5].map((k) => path(k, 1)), ...apart]);
  assert.equal(found.units, 6);
  assert.deepEqual([found.best.lpips, found.best.pooled], [4, 0]);
  assert.ok(found.best.beta > 1 && found.best.beta < 4);
  assert.equal(found.best.fit.exact, 1);
  assert.equal(found.best.fit.objective, 2);
  assert.equal(found.best.fit.auroc, 1);
  assert.ok(
    found.forgiving.low > 1 && found.forgiving.low < 1.1 && found.forgiving.high > 3.7 && found.forgiving.high < 4,
  );
  assert.equal(found.grid.length, 2);
});

Deno.test("calibrate() reports a family by what was chosen on the others", () => {
  // in the family left out a false cluster gains 3.9: the middle of the price on the others, 2, splits all its units
  const units = [...[1, 1, 2, 3].map((k) => path(k, 1)), ...[1, 2].map((k) => path(k, 3.9, "patch"))];
  const left = calibrate(units).leave_one_family_out;
  const patch = left.find(({ family }) => family === "patch")!;
  assert.ok(patch.beta < 3.9);
  assert.equal(patch.fit.exact, 0);
  assert.equal(patch.fit.one_called_several, 1);
  assert.equal(patch.units, 2);
});

Deno.test("calibrationDocument() is what calibrate() finds in units that have a score, with a price of three digits", () => {
  const units = [1, 1, 2, 3, 4, 5].map((k) => path(k, 1));
  const results = units.map((each, i) => ({ ...unit(each.k, 1, { unit: i }), ...each }));
  const origin = {
    embedder: "e",
    embedder_sha256: "h",
    lpips: "alex",
    seeds: [1],
    families: ["template"] as const,
    command: "again",
  };
  const document = calibrationDocument([...results, unit(2, 2)], origin);
  const found = calibrate(units);
  const beta = Number(found.best.beta.toPrecision(3));
  assert.deepEqual(document, { ...origin, cluster: { beta, lpipsWeight: 4, pooledWeight: 0 }, ...found });
});

Deno.test("parseFamilies() reads a list in its order, and refuses what is no family", () => {
  assert.deepEqual(parseFamilies("lenet, template"), ["lenet", "template"]);
  assert.throws(
    () => parseFamilies("template,"),
    /there is no family "" of planted units; choose from template, patch/,
  );
});

Deno.test("calibrate() refuses units of one kind alone", () => {
  assert.throws(() => calibrate([path(1, 1), path(1, 1)]), /one feature and of several/);
  assert.throws(() => calibrate([path(2, 1)]), /one feature and of several/);
});
