import type { TopLevelSpec } from "vega-lite";
import { chart, INK, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** How often a setting is right on planted units; shares in [0, 1], null where a setting has no such number. */
export interface PlantedSetting {
  readonly name: string;
  readonly auroc: number | null;
  readonly auroc_low: number | null;
  readonly auroc_high: number | null;
  readonly spearman: number | null;
  readonly spearman_low: number | null;
  readonly spearman_high: number | null;
  readonly exact_k: number | null;
  readonly exact_k_low: number | null;
  readonly exact_k_high: number | null;
  readonly mono_called_poly: number | null;
  readonly mono_called_poly_low: number | null;
  readonly mono_called_poly_high: number | null;
  readonly near_duplicate_called_poly: number | null;
  readonly near_duplicate_called_poly_low: number | null;
  readonly near_duplicate_called_poly_high: number | null;
  readonly poly_called_mono: number | null;
  readonly poly_called_mono_low: number | null;
  readonly poly_called_mono_high: number | null;
}

const PANELS = [
  { key: "auroc", says: "AUROC, one against several" },
  { key: "spearman", says: "Spearman(S, k)" },
  { key: "exact_k", says: "K exact" },
  { key: "mono_called_poly", says: "one called several" },
  { key: "near_duplicate_called_poly", says: "near-duplicates called several" },
  { key: "poly_called_mono", says: "several called one" },
] as const;

const COLUMNS = 3;

/**
 * How well each setting does on planted units, with 95 % intervals: a panel for each measure.
 *
 * @param settings at least one.
 * @param units number of units behind it.
 */
export function plantedSettings(settings: readonly PlantedSetting[], units: number): TopLevelSpec {
  const width = Math.floor((PRINT_WIDTH - 70 - COLUMNS * 20) / COLUMNS);
  const names = settings.map(({ name }) => name);
  const title = {
    text: "Planted units: what the score says and what is true",
    subtitle: [
      `${units} units of 1 to 5 known features; 95 % bootstrap intervals`,
      "upper row: the higher the better; lower row: the lower the better",
    ],
  };
  return chart(title, "Measures of agreement with the truth by setting, with intervals.", {
    columns: COLUMNS,
    spacing: { row: 16, column: 20 },
    concat: PANELS.map(({ key, says }, panel) => {
      const values = settings.flatMap((setting) => {
        const value = setting[key];
        if (value === null) return [];
        return [{ name: setting.name, value, low: setting[`${key}_low`], high: setting[`${key}_high`] }];
      });
      const y = {
        field: "name",
        type: "nominal",
        sort: null,
        title: null,
        scale: { domain: names },
        axis: panel % COLUMNS === 0 ? { labelLimit: 0 } : { labels: false, ticks: false },
      };
      const x = {
        type: "quantitative",
        title: null,
        scale: { domain: [Math.min(0, ...values.map(({ low }) => low ?? 0)), 1] },
      };
      const colour = { condition: { test: "datum.name === 'paper'", value: INK.literal }, value: INK.own };
      return {
        width,
        height: 22 * names.length,
        data: { values },
        layer: [
          ...panelTitle(width, says),
          {
            mark: { type: "rule", strokeWidth: 1.6 },
            encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" }, color: colour },
          },
          {
            mark: { type: "point", filled: true, size: 55, opacity: 1 },
            encoding: { y, x: { ...x, field: "value" }, color: colour },
          },
        ],
      };
    }),
  });
}
