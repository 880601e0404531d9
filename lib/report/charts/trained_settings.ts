import type { TopLevelSpec } from "vega-lite";
import { type MeasuredSetting, settingsPanels } from "./settings_panels.ts";

const PANELS = [
  { key: "auroc", says: "AUROC, one against several" },
  { key: "spearman", says: "Spearman(S, k)" },
  { key: "exact_k", says: "K exact" },
  { key: "mono_called_poly", says: "one called several" },
  { key: "poly_called_mono", says: "several called one" },
] as const;

/** How often a setting is right on trained units; shares in [0, 1], null where a setting has no such number. */
export type TrainedSettingMeasures = MeasuredSetting<typeof PANELS[number]["key"]>;

/**
 * How well each setting does on units trained towards known classes, with 95 % intervals: a panel for each measure.
 *
 * @param settings at least one.
 * @param counts of units and networks behind it.
 */
export function trainedSettings(
  settings: readonly TrainedSettingMeasures[],
  { units, networks }: { readonly units: number; readonly networks: number },
): TopLevelSpec {
  return settingsPanels(
    {
      text: "Trained units: what the score says and what is true",
      subtitle: [
        `${units} units of ${networks} networks, taught 1 to 4 classes; 95 % bootstrap intervals over networks and units`,
        "upper row: the higher the better; lower row: the lower the better",
      ],
    },
    PANELS,
    settings,
  );
}
