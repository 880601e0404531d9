import type { TopLevelSpec } from "vega-lite";
import type { ScoreInterval } from "../../types.ts";
import { chart, type ChartTitle, groupColour, groupShape, INK, panelTitle } from "./theme.ts";

/** S of one unit by two ways. */
export interface TwoScores {
  readonly layer: string;
  readonly unit: number;
  readonly first: number;
  readonly second: number;
  /** Intervals of the two, drawn as thin lines through the point; none is drawn where one is missing. */
  readonly firstInterval?: ScoreInterval | null;
  readonly secondInterval?: ScoreInterval | null;
}

/**
 * S of the same units by two ways: on the left a point for each unit with the diagonal, on the right the distributions of S.
 *
 * @param points at least one.
 * @param names what the two ways are called.
 */
export function twoScores(
  points: readonly TwoScores[],
  names: { readonly first: string; readonly second: string },
  title: ChartTitle,
): TopLevelSpec {
  const layers = [...new Set(points.map(({ layer }) => layer))];
  const side = 278;
  // about the width of an entry of the legend, in pixels
  const entry = 24 + 5.5 * Math.max(...layers.map(({ length }) => length));
  const columns = Math.max(1, Math.floor(side / entry));
  const layer = { field: "layer", type: "nominal", title: "layer", sort: null, legend: { columns } };
  const unitInterval = { domain: [-0.02, 1.02], nice: false };
  const axis = { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: ".1f" };
  const scatterX = { field: "first", type: "quantitative", title: `S, ${names.first}`, scale: unitInterval, axis };
  const scatterY = { field: "second", type: "quantitative", title: `S, ${names.second}`, scale: unitInterval, axis };
  const ways = [names.first, names.second];
  const distribution = (["first", "second"] as const).flatMap((way, index) => {
    const values = points.map((point) => point[way]).sort((a, b) => a - b);
    return [
      { way: ways[index], S: 0, share: 0 },
      ...values.map((S, i) => ({ way: ways[index], S, share: (i + 1) / values.length })),
      { way: ways[index], S: 1, share: 1 },
    ];
  });
  const intervals = (way: "firstInterval" | "secondInterval", encoding: Record<string, unknown>) => {
    const values = points.flatMap(({ first, second, [way]: interval }) =>
      interval ? [{ first, second, low: interval.low, high: interval.high }] : []
    );
    const mark = { type: "rule", stroke: INK.line, strokeWidth: 0.7, opacity: 0.6 };
    return values.length === 0 ? [] : [{ data: { values }, mark, encoding }];
  };
  const way = { field: "way", type: "nominal", title: null, sort: null };
  return chart(title, "S of every unit by two ways: a scatter plot with the diagonal, and cumulative distributions.", {
    spacing: 40,
    resolve: { scale: { color: "independent", shape: "independent", strokeDash: "independent" } },
    hconcat: [
      {
        width: side,
        height: side,
        layer: [
          {
            data: { values: [{ first: 0, second: 0 }, { first: 1, second: 1 }] },
            mark: { type: "line", stroke: INK.text, strokeDash: [4, 3], strokeWidth: 1.2 },
            encoding: { x: scatterX, y: scatterY },
          },
          ...intervals("firstInterval", { x: { ...scatterX, field: "low" }, x2: { field: "high" }, y: scatterY }),
          ...intervals("secondInterval", { x: scatterX, y: { ...scatterY, field: "low" }, y2: { field: "high" } }),
          {
            data: { values: points.map(({ layer, unit, first, second }) => ({ layer, unit, first, second })) },
            mark: { type: "point", filled: true, size: 36, opacity: 0.8 },
            encoding: {
              x: scatterX,
              y: scatterY,
              color: { ...layer, scale: { range: layers.map((_, i) => groupColour(i)) } },
              shape: { ...layer, scale: { range: layers.map((_, i) => groupShape(i)) } },
            },
          },
          ...panelTitle(side, "a point a unit"),
        ],
      },
      {
        width: side,
        height: side,
        layer: [{
          data: { values: distribution },
          mark: { type: "line", interpolate: "step-after", strokeWidth: 1.8 },
          encoding: {
            x: { field: "S", type: "quantitative", title: "S", scale: unitInterval, axis },
            y: {
              field: "share",
              type: "quantitative",
              title: "share of units",
              scale: unitInterval,
              axis: { ...axis, format: "%" },
            },
            color: { ...way, scale: { domain: ways, range: [INK.literal, INK.own] }, legend: { symbolSize: 400 } },
            strokeDash: { ...way, scale: { domain: ways, range: [[5, 3], [1, 0]] }, legend: { symbolSize: 400 } },
          },
        }, ...panelTitle(side, "share of units whose S is at most this")],
      },
    ],
  });
}
