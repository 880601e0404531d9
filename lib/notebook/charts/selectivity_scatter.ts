import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, groupColour, groupShape, panelTitle, PRINT_WIDTH } from "../../report/charts/theme.ts";

/** One selectivity of units against their scores. */
export interface SelectivityPanel {
  /** What stands at the vertical axis, such as `label's share of variance`. */
  readonly label: string;
  /** What is said above the panel, such as its rank correlation. */
  readonly caption: string;
  /** Whether values are shares, from 0 to 1, or counts. */
  readonly kind: "share" | "count";
  /** A point a unit. */
  readonly points: readonly { readonly layer: string; readonly S: number; readonly value: number }[];
}

/**
 * Selectivities against a score, a panel each and a point a unit.
 *
 * @param panels at least one, each of at least one point.
 * @param score what the score is called.
 */
export function selectivityScatter(
  panels: readonly SelectivityPanel[],
  score: string,
  title: ChartTitle,
): TopLevelSpec {
  const layers = [...new Set(panels.flatMap(({ points }) => points.map(({ layer }) => layer)))];
  const columns = Math.min(2, panels.length);
  const width = Math.floor(PRINT_WIDTH / 2) - 75;
  const layer = { field: "layer", type: "nominal", title: "layer", sort: null };
  return chart(title, `Selectivities of units against ${score}, a point a unit.`, {
    columns,
    spacing: { row: 30, column: 40 },
    concat: panels.map(({ label, caption, kind, points }) => ({
      width,
      height: 170,
      layer: [
        ...panelTitle(width, caption),
        {
          data: { values: points },
          mark: { type: "point", filled: true, size: 34, opacity: 0.7 },
          encoding: {
            x: { field: "S", type: "quantitative", title: score, scale: { domain: [-0.02, 1.02], nice: false } },
            y: {
              field: "value",
              type: "quantitative",
              title: label,
              scale: { zero: true },
              axis: kind === "share" ? { format: "%" } : { tickMinStep: 1, format: "d" },
            },
            color: { ...layer, scale: { domain: layers, range: layers.map((_, i) => groupColour(i)) } },
            shape: { ...layer, scale: { domain: layers, range: layers.map((_, i) => groupShape(i)) } },
          },
        },
      ],
    })),
  });
}
