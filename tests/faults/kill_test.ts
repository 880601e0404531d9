/** A few kills of each command; `deno task faults` has many. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { inFolder } from "../in_folder.ts";
import { NAMES, prepareScenarios, QUICK_SIZE } from "./scenarios.ts";
import { sweep, type SweepPlan } from "./sweep.ts";

/** As many as take half a minute in all. */
const PLANS: Readonly<Record<typeof NAMES[number], SweepPlan>> = {
  "score-all": { seed: 1, moments: 0, changes: 1 },
  "train": { seed: 1, moments: 1, changes: 0 },
  "merge": { seed: 1, moments: 0, changes: 2 },
  "export": { seed: 1, moments: 0, changes: 2 },
  "weights fetch": { seed: 1, moments: 1, changes: 1 },
};

const skipped = isAddonInstalled() ? "" : " (train skipped: the native engine is not built; run `deno task setup`)";

Deno.test(
  `commands killed at random moments leave no half file, and what goes on ends as an undisturbed run${skipped}`,
  (context) =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), QUICK_SIZE);
      for (const name of NAMES) {
        if (name === "train" && skipped !== "") continue;
        await context.step(name, async () => {
          const result = await sweep(scenarios.all.get(name)!, PLANS[name], join(folder, name.replace(" ", "-")));
          assert.deepEqual(result.faults, []);
          assert.ok(result.kills >= PLANS[name].moments + PLANS[name].changes);
        });
      }
    }),
);
