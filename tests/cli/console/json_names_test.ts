import assert from "node:assert/strict";
import { withPresentNames } from "../../../lib/cli/console/json_names.ts";

Deno.test("withPresentNames() puts present names beside former ones at any depth, and notes them", () => {
  const { document, note } = withPresentNames({ layers: [{ meanS: 0.5, spreadS: null }], datasetMax: 3, K: 2 });
  assert.deepEqual(document, {
    layers: [{ mean_S: 0.5, meanS: 0.5, sd_S: null, spreadS: null }],
    dataset_max: 3,
    datasetMax: 3,
    K: 2,
  });
  assert.equal(
    note,
    "note: names in this JSON: meanS is now mean_S; spreadS is now sd_S; datasetMax is now dataset_max; the former ones go " +
      "with the next release",
  );
});

Deno.test("withPresentNames() tells intervals and shares by the names of the columns of scores.csv", () => {
  const known = { scoreInterval: { low: 0.1, high: 0.3 }, kShares: { K1: 0.2, K2: 0.8, K3: 0 } };
  assert.deepEqual(withPresentNames(known).document, {
    ...known,
    ...{ S_low: 0.1, S_high: 0.3, K1_share: 0.2, K2_share: 0.8, K3_share: 0 },
  });
  const unknown = { scoreInterval: null };
  assert.deepEqual(withPresentNames(unknown).document, { ...unknown, S_low: null, S_high: null });
});

Deno.test("withPresentNames() says that bic is the former name of a candidate's criterion, and leaves other names alone", () => {
  const candidates = [{ k: 1, criterion: -0.5, bic: -0.5 }];
  assert.deepEqual(withPresentNames({ candidates }), {
    document: { candidates },
    note:
      "note: names in this JSON: bic is now criterion, among the candidates; the former ones go with the next release",
  });
  const plain = { "my-Profile": 1, myProfile: { S: 0 }, mean_S: 2, list: [null, "meanS"] };
  assert.deepEqual(withPresentNames(plain), { document: plain, note: null });
});

Deno.test("withPresentNames() tells a comparison with the dataset by the columns of scores.csv, and no other mean or share", () => {
  const { document, note } = withPresentNames({
    check: { min: 1, exceeds: false, share: 0.5 },
    others: { min: 2, share: 1 },
  });
  assert.deepEqual(document, {
    check: { activation_min: 1, min: 1, exceeds_dataset: false, exceeds: false, exceeds_share: 0.5, share: 0.5 },
    others: { min: 2, share: 1 },
  });
  assert.match(
    note!,
    /min is now activation_min; exceeds is now exceeds_dataset; share is now exceeds_share; the former/,
  );
});
