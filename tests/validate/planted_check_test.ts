/**
 * The planted study in small, for real: the default profile tells one feature from several better than the literal one.
 */
import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import { CALIBRATED, PAPER } from "../../lib/pipeline/mod.ts";
import {
  CONTROL,
  FAMILIES,
  type Family,
  ORACLE,
  runPlantedStudy,
  SMALL_COUNTS,
  type StudyPlan,
  summarizeStudy,
} from "../../lib/validate/planted/mod.ts";

const BACKEND = await useBackend(undefined, { threads: 1 });
const { backend } = BACKEND;
const FAMILIES_HERE: readonly Family[] = ["template", "patch", "lenet"];
const PLAN: StudyPlan = {
  seeds: [11],
  families: FAMILIES_HERE,
  counts: SMALL_COUNTS,
  profiles: { calibrated: CALIBRATED, paper: PAPER },
  reference: "calibrated",
};

Deno.test("the calibrated profile tells one feature from several better than the literal one", {
  ignore: !isCifar10Present() || backend !== "native",
}, async () => {
  const { ref } = await openDataset({ kind: "cifar10" });
  const results = await runPlantedStudy(PLAN, BACKEND, ref, 2);
  const { settings: [calibrated, paper, control, oracle], units } = summarizeStudy(
    results,
    ["calibrated", "paper", CONTROL, ORACLE],
    CONTROL,
    0,
  );
  assert.equal(units, 22); // 10 of one feature, 4 of them near-duplicates, 12 of several
  assert.ok(calibrated.auroc! > paper.auroc!, `AUROC ${calibrated.auroc} against ${paper.auroc}`);
  assert.ok(calibrated.exact_k! > paper.exact_k!, `exact K ${calibrated.exact_k} against ${paper.exact_k}`);
  assert.ok(calibrated.auroc! > 0.9, `AUROC ${calibrated.auroc}`); // of a planned .97
  assert.ok(oracle.exact_k! >= calibrated.exact_k! - 0.1);
  assert.equal(control.exact_k, null);
});

Deno.test("planted units get the same scores again, whatever the number of workers", {
  ignore: !isCifar10Present() || backend !== "native",
}, async () => {
  const { ref } = await openDataset({ kind: "cifar10" });
  const plan: StudyPlan = {
    ...PLAN,
    families: ["template"],
    counts: { ...SMALL_COUNTS, template: { single: 3, nearDuplicate: 0, union: 6, sum: 1 } },
    profiles: { calibrated: { ...CALIBRATED, visualize: { ...CALIBRATED.visualize, steps: 8 } } },
  };
  const two = await runPlantedStudy(plan, BACKEND, ref, 2);
  assert.deepEqual(await runPlantedStudy(plan, BACKEND, ref, 1), two);
  assert.ok(two.every(({ scores }) => scores.calibrated.I! >= 32));
});

Deno.test("a study needs two units of one feature and two of several", async () => {
  const counts = Object.fromEntries(
    FAMILIES.map((family) => [family, { single: 0, nearDuplicate: 1, union: 1, sum: 0 }]),
  ) as StudyPlan["counts"];
  await assert.rejects(
    () => runPlantedStudy({ ...PLAN, families: ["template"], counts }, BACKEND, { kind: "cifar10" }, 1),
    /1 units of one feature and 1 of several; it needs at least two of each/,
  );
});
