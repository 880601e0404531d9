import { quantileSorted } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { ScoreInterval } from "../../types.ts";
import { endOfName, textWidth } from "../text_width.ts";
import { chart, type ChartTitle, INK, namesByNumber, PALETTE, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** A unit's score. */
export interface ScorePoint {
  readonly layer: string;
  readonly unit: number;
  readonly K: number;
  readonly S: number;
  /** Interval of S, drawn as a thin line through its point; none is drawn where it is null. */
  readonly interval: ScoreInterval | null;
  readonly C: number;
  readonly D: number;
}

const PARTS = [
  { part: "S", says: "S = C + D − C D" },
  { part: "C", says: "C = (K − 1) / (I − 1)" },
  { part: "D", says: "D, angular diversity" },
] as const;

const K_GROUPS = ["K = 1", "K = 2", "K ≥ 3"] as const;

/** Room in pixels for the name of a layer where names are slanted. */
const CROWDED_LABEL = 90;

/** A number in [0, 1) for each index: multiples of the golden ratio, which spread evenly however many there are. */
const spread = (index: number) => (index * 0.6180339887498949) % 1;

/**
 * S and its parts by layer: a point for each unit, and for each layer the median (bar) and the middle half (box).
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
  const counts = layers.map((layer) => points.filter((point) => point.layer === layer).length);
  const largest = Math.max(...points.map(({ S, interval }) => interval === null ? S : Math.max(S, interval.high)));
  const top = Math.min(1, Math.max(0.1, Math.ceil(largest * 11) / 10));
  const label = { fontSize: 10 }; // that of an axis
  const crowded = layers.length > 6 || layers.some((layer) => textWidth(layer, label) > width / layers.length);
  const names = layers.map((layer, i) =>
    crowded ? endOfName(layer, CROWDED_LABEL, label) : [layer, `n = ${counts[i]}`]
  );
  const x = {
    type: "quantitative",
    title: crowded ? "layer" : "layer, number of units n",
    scale: { domain: [-0.5, layers.length - 0.5], nice: false },
    axis: {
      values: layers.map((_, i) => i),
      labelExpr: namesByNumber(names),
      labelAngle: crowded ? -45 : 0,
      ...(crowded && { labelAlign: "right", labelOverlap: false, labelLimit: CROWDED_LABEL }),
      grid: false,
    },
  };
  return chart(title, "The score S and its parts C and D of every unit, by layer.", {
    spacing: 16,
    hconcat: PARTS.map(({ part, says }, panel) => {
      const y = {
        type: "quantitative",
        title: panel === 0 ? "score or part, from 0 to 1 (no unit)" : null,
        scale: { domain: [0, top], nice: false },
        axis: panel === 0 ? { tickCount: 6 } : { tickCount: 6, labels: false, ticks: false, domain: false },
      };
      const summaries = layers.flatMap((layer, i) => {
        const values = points.filter((point) => point.layer === layer).map((point) => point[part]).sort((a, b) =>
          a - b
        );
        if (values.length === 0) return [];
        const [low, middle, high] = [0.25, 0.5, 0.75].map((p) => quantileSorted(values, p));
        return [{ left: i - 0.42, right: i + 0.42, low, middle, high }];
      });
      const dots = layers.flatMap((layer, i) =>
        points.filter((point) => point.layer === layer).map((point, index) => ({
          x: i + 0.76 * (spread(index) - 0.5),
          y: point[part],
          group: K_GROUPS[Math.min(point.K, 3) - 1],
        }))
      );
      const bars = part !== "S"
        ? []
        : layers.flatMap((layer, i) =>
          points.filter((point) => point.layer === layer).flatMap(({ interval }, index) =>
            interval === null ? [] : [{ x: i + 0.76 * (spread(index) - 0.5), ...interval }]
          )
        );
      const group = { field: "group", type: "nominal", title: null, sort: null };
      return {
        width,
        height: 250,
        layer: [
          {
            data: { values: summaries },
            mark: { type: "rect", fill: "black", opacity: 0.09 },
            encoding: {
              x: { ...x, field: "left" },
              x2: { field: "right" },
              y: { ...y, field: "low" },
              y2: { field: "high" },
            },
          },
          ...(bars.length === 0 ? [] : [{
            data: { values: bars },
            mark: { type: "rule", stroke: INK.line, strokeWidth: 0.7, opacity: 0.7 },
            encoding: { x: { ...x, field: "x" }, y: { ...y, field: "low" }, y2: { field: "high" } },
          }]),
          {
            data: { values: dots },
            mark: { type: "point", filled: true, size: 26, opacity: 0.85 },
            encoding: {
              x: { ...x, field: "x" },
              y: { ...y, field: "y" },
              color: { ...group, scale: { domain: [...K_GROUPS], range: [PALETTE[4], PALETTE[0], PALETTE[5]] } },
              shape: { ...group, scale: { domain: [...K_GROUPS], range: ["circle", "square", "triangle-up"] } },
            },
          },
          {
            data: { values: summaries },
            mark: { type: "rule", stroke: "black", strokeWidth: 2 },
            encoding: { x: { ...x, field: "left" }, x2: { field: "right" }, y: { ...y, field: "middle" } },
          },
          ...panelTitle(width, says),
        ],
      };
    }),
  });
}
