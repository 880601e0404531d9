/**
 * The study of trained units in small, for real, on a network that the report is of: the score tells units that were taught
 * one class from units that were taught several.
 */
import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import { CALIBRATED, CALIBRATED_NAME } from "../../lib/pipeline/mod.ts";
import {
  listTaughtNetworks,
  runTrainedStudy,
  summarizeTrained,
  TAUGHT_DIRECTORY,
} from "../../lib/validate/trained/mod.ts";

const BACKEND = await useBackend(undefined, { threads: 1 });

Deno.test("units that were taught one class have a lower score than units that were taught several", {
  ignore: !isCifar10Present() || BACKEND.backend !== "native",
}, async () => {
  const { ref } = await openDataset({ kind: "cifar10" });
  const networks = (await listTaughtNetworks(TAUGHT_DIRECTORY)).filter(({ name }) => name === "vgg-sets-101");
  assert.equal(networks.length, 1);
  const study = await runTrainedStudy(
    {
      folder: TAUGHT_DIRECTORY,
      networks,
      profiles: { [CALIBRATED_NAME]: { profile: CALIBRATED } },
      reference: CALIBRATED_NAME,
      seed: 0,
      limit: 8, // sets of 1, 2, 3, 4, 1, 2, 3 and 4 classes
    },
    BACKEND,
    ref,
    2,
  );
  assert.deepEqual(study.results.map(({ k }) => k), [1, 2, 3, 4, 1, 2, 3, 4]);
  assert.ok(study.networks[0].test_accuracy >= 0.82);
  const { groups: [{ settings: [calibrated, control] }] } = summarizeTrained(study.results, [CALIBRATED_NAME], 0);
  assert.equal(calibrated.name, CALIBRATED_NAME);
  assert.ok(calibrated.auroc! > 0.9, `AUROC ${calibrated.auroc}`); // of 12 pairs of a unit of one class and one of several
  assert.ok(calibrated.exact_k! >= 0.5, `exact K ${calibrated.exact_k}`);
  assert.equal(control.exact_k, null);
});
