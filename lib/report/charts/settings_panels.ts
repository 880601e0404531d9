import type { TopLevelSpec } from "vega-lite";
import { chart, INK, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** A measure with a panel of its own. */
export interface SettingsPanel<Key extends string> {
  readonly key: Key;
  /** What it is, above the panel. */
  readonly says: string;
}

/** A setting and its measures with their intervals; shares in [0, 1], null where a setting has no such number. */
export type MeasuredSetting<Key extends string> =
  & { readonly name: string }
  & Readonly<Record<Key | `${Key}_low` | `${Key}_high`, number | null>>;

const COLUMNS = 3;

/**
 * Measures of settings with their intervals, a panel for each measure, three in a row.
 *
 * @param settings at least one.
 */
export function settingsPanels<Key extends string>(
  title: { readonly text: string; readonly subtitle: string[] },
  panels: readonly SettingsPanel<Key>[],
  settings: readonly MeasuredSetting<Key>[],
): TopLevelSpec {
  const width = Math.floor((PRINT_WIDTH - 70 - COLUMNS * 20) / COLUMNS);
  const names = settings.map(({ name }) => name);
  return chart(title, "Measures of agreement with the truth by setting, with intervals.", {
    columns: COLUMNS,
    spacing: { row: 16, column: 20 },
    concat: panels.map(({ key, says }, panel) => {
      const values = settings.flatMap((setting) => {
        const [value, low, high] = numbersOf(setting, key);
        return value === null ? [] : [{ name: setting.name, value, low, high }];
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
        scale: { domain: [Math.min(0, ...values.map(({ low, value }) => low ?? value)), 1] },
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

/** A measure and its interval. TypeScript cannot tell that each key of a generic template has a number. */
function numbersOf<Key extends string>(setting: MeasuredSetting<Key>, key: Key): (number | null)[] {
  const numbers = setting as Readonly<Record<string, unknown>>;
  return [key, `${key}_low`, `${key}_high`].map((each) => numbers[each] as number | null);
}
