import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, groupColour, groupShape, panelTitle, PRINT_WIDTH } from "./theme.ts";

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

/** How far a point is moved aside, in shares of the greatest score, and in counts. */
const ASIDE = { score: 0.025, count: 0.3 } as const;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The i-th of numbers that spread evenly over -1 .. 1, however many there are. */
const spread = (i: number) => 2 * ((i * GOLDEN) % 1) - 1;

/**
 * Selectivities against a score: a panel for each selectivity, a point for each unit. Many units have the same score, and
 * counts are whole numbers. So that points do not hide each other, each is moved a little aside, by an amount that depends
 * on its place in the list alone.
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
  const highest = Math.max(...panels.flatMap(({ points }) => points.map(({ S }) => S))) || 1;
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
          data: {
            values: points.map(({ layer, S, value }, i) => ({
              layer,
              S: S + ASIDE.score * highest * spread(i),
              // spread otherwise than S: by the same amounts, the points of a place would lie on a line
              value: kind === "share" ? value : value + ASIDE.count * spread(i * i),
            })),
          },
          mark: { type: "point", filled: true, size: 30, opacity: 0.65 },
          encoding: {
            x: {
              field: "S",
              type: "quantitative",
              title: score,
              scale: { domain: [-0.05 * highest, 1.05 * highest], nice: false },
            },
            y: {
              field: "value",
              type: "quantitative",
              title: label,
              scale: { zero: true },
              axis: kind === "share" ? { format: "%" } : { tickMinStep: 1, format: "d" },
            },
            color: { ...layer, scale: { range: layers.map((_, i) => groupColour(i)) } },
            shape: { ...layer, scale: { range: layers.map((_, i) => groupShape(i)) } },
          },
        },
      ],
    })),
  });
}
