import { quantileSorted } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, PALETTE, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** A unit's score. */
export interface ScorePoint {
  readonly layer: string;
  readonly unit: number;
  readonly K: number;
  readonly S: number;
  readonly C: number;
  readonly D: number;
}

const PARTS = [
  { part: "S", says: "S = C + D − C D" },
  { part: "C", says: "C = (K − 1) / (I − 1)" },
  { part: "D", says: "D, angular diversity" },
] as const;

const K_GROUPS = ["K = 1", "K = 2", "K ≥ 3"] as const;

/** A number in [0, 1) that fills the interval evenly as the index goes on: the golden ratio's multiples. */
const spread = (index: number) => (index * 0.6180339887498949) % 1;

/**
 * S and its parts, a point a unit, by layer, with the median and the middle half of each layer.
 *
 * @param points at least one.
 * @param layers layers in order; those without a point stay empty.
 */
export function scoreByLayer(
  points: readonly ScorePoint[],
  layers: readonly string[],
  title: ChartTitle,
): TopLevelSpec {
  const width = Math.floor((PRINT_WIDTH - 48 - 2 * 16) / 3);
  const label = new Map(
    layers.map((layer) => [layer, `${layer} n=${points.filter((point) => point.layer === layer).length}`]),
  );
  const top = Math.min(1, Math.max(0.1, Math.ceil(Math.max(...points.map(({ S }) => S)) * 11) / 10));
  const crowded = layers.length > 6;
  return chart(title, "The score S and its parts C and D of every unit, by layer.", {
    spacing: 16,
    hconcat: PARTS.map(({ part, says }, panel) => {
      const y = {
        field: part,
        type: "quantitative",
        title: panel === 0 ? "score or part (no unit)" : null,
        scale: { domain: [0, top], nice: false },
        axis: panel === 0 ? { tickCount: 6 } : { tickCount: 6, labels: false, ticks: false, domain: false },
      };
      const x = {
        field: "label",
        type: "nominal",
        title: panel === 1 ? "layer, n units" : null,
        scale: { domain: [...label.values()], paddingInner: 0.25, paddingOuter: 0.15 },
        axis: {
          labelExpr: crowded ? "datum.label" : "split(datum.label, ' ')",
          labelAngle: crowded ? -45 : 0,
          ...(crowded && { labelAlign: "right" }),
        },
      };
      const summaries = layers.flatMap((layer) => {
        const values = points.filter((point) => point.layer === layer).map((point) => point[part]).sort((a, b) =>
          a - b
        );
        if (values.length === 0) return [];
        const at = (p: number) => quantileSorted(values, p);
        return [{ label: label.get(layer), [part]: at(0.5), low: at(0.25), high: at(0.75) }];
      });
      const group = {
        field: "group",
        type: "nominal",
        title: null,
        sort: null,
      };
      return {
        width,
        height: 250,
        title: panelTitle(says),
        layer: [
          {
            data: {
              values: points.map((point, index) => ({
                ...point,
                label: label.get(point.layer),
                group: K_GROUPS[Math.min(point.K, 3) - 1],
                aside: spread(index),
              })),
            },
            mark: { type: "point", filled: true, size: 26, opacity: 0.75 },
            encoding: {
              x,
              y,
              xOffset: { field: "aside", type: "quantitative", scale: { domain: [-0.1, 1.1] } },
              color: { ...group, scale: { domain: [...K_GROUPS], range: [PALETTE[4], PALETTE[0], PALETTE[5]] } },
              shape: { ...group, scale: { domain: [...K_GROUPS], range: ["circle", "square", "triangle-up"] } },
            },
          },
          {
            data: { values: summaries },
            mark: { type: "bar", filled: false, stroke: "black", strokeWidth: 1, width: { band: 1 } },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
          },
          {
            data: { values: summaries },
            mark: { type: "tick", color: "black", thickness: 2.5, width: { band: 1 } },
            encoding: { x, y },
          },
        ],
      };
    }),
  });
}
