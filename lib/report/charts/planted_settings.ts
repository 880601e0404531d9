import type { TopLevelSpec } from "vega-lite";
import { type MeasuredSetting, settingsPanels } from "./settings_panels.ts";

const PANELS = [
  { key: "auroc", says: "AUROC, one against several" },
  { key: "spearman", says: "Spearman(S, k)" },
  { key: "exact_k", says: "K exact" },
  { key: "mono_called_poly", says: "one called several" },
  { key: "near_duplicate_called_poly", says: "near-duplicates called several" },
  { key: "poly_called_mono", says: "several called one" },
] as const;

/** How often a setting is right on planted units; shares in [0, 1], null where a setting has no such number. */
export type PlantedSetting = MeasuredSetting<typeof PANELS[number]["key"]>;

/**
 * How well each setting does on planted units, with 95 % intervals: a panel for each measure.
 *
 * @param settings at least one.
 * @param units number of units behind it.
 */
export function plantedSettings(settings: readonly PlantedSetting[], units: number): TopLevelSpec {
  return settingsPanels(
    {
      text: "Planted units: what the score says and what is true",
      subtitle: [
        `${units} units of 1 to 5 known features; 95 % bootstrap intervals`,
        "upper row: the higher the better; lower row: the lower the better",
      ],
    },
    PANELS,
    settings,
  );
}
