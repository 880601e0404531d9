import { quantileSorted } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { KShares, ScoreInterval } from "../../types.ts";
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
  /** How sure K is; drawn below as a column of the unit, none where it is null. */
  readonly kShares: KShares | null;
  /** The same by fresh sets of images, drawn below that; none where it is not known. */
  readonly freshShares?: KShares;
  readonly C: number;
  readonly D: number;
}

const PARTS = [
  { part: "S", says: "S = C + D − C D" },
  { part: "C", says: "C = (K − 1) / (I − 1)" },
  { part: "D", says: "D, angular diversity" },
] as const;

const K_GROUPS = ["K = 1", "K = 2", "K ≥ 3"] as const;

/** Colours and shapes of the three groups. */
const K_COLOURS = [PALETTE[4], PALETTE[0], PALETTE[5]] as const;
const K_SHAPES = ["circle", "square", "triangle-up"] as const;

/** Half the room of a layer, on an axis whose layers are at 0, 1, ... */
const HALF = 0.42;

/** Room in pixels for the name of a layer where names are slanted. */
const CROWDED_LABEL = 90;

/** A number in [0, 1) for each index: multiples of the golden ratio, which spread evenly however many there are. */
const spread = (index: number) => (index * 0.6180339887498949) % 1;

/**
 * S and its parts by layer: a point for each unit, and for each layer the median (bar) and the middle half (box). Below, where
 * it is known, how sure K is.
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
  const largest = Math.max(...points.map(({ S, interval }) => interval === null ? S : Math.max(S, interval.high)));
  const top = Math.min(1, Math.max(0.1, Math.ceil(largest * 11) / 10));
  const x = layerAxis(points, layers, width);
  const panels = {
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
        return [{ left: i - HALF, right: i + HALF, low, middle, high }];
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
              color: { ...group, scale: { domain: [...K_GROUPS], range: [...K_COLOURS] } },
              shape: { ...group, scale: { domain: [...K_GROUPS], range: [...K_SHAPES] } },
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
  };
  const wide = PRINT_WIDTH - 48;
  const sure = [
    surenessPanel(points, layers, wide, ({ kShares }) => kShares, "random halves of its images"),
    surenessPanel(points, layers, wide, ({ freshShares }) => freshShares ?? null, "fresh sets of images"),
  ].filter((panel) => panel !== null);
  const description = "The score S and its parts C and D of every unit, by layer";
  return sure.length === 0
    ? chart(title, `${description}.`, panels)
    : chart(title, `${description}, and how sure K is: shares of halves of its images with K = 1, 2, and 3 or more.`, {
      spacing: 34,
      resolve: { scale: { color: "independent", shape: "independent" } }, // or the legend is not one
      vconcat: [panels, ...sure],
    });
}

/** The axis of layers at 0, 1, ..., of a panel so wide. */
function layerAxis(points: readonly ScorePoint[], layers: readonly string[], width: number) {
  const counts = layers.map((layer) => points.filter((point) => point.layer === layer).length);
  const label = { fontSize: 10 }; // that of an axis
  const crowded = layers.length > 6 || layers.some((layer) => textWidth(layer, label) > width / layers.length);
  const names = layers.map((layer, i) =>
    crowded ? endOfName(layer, CROWDED_LABEL, label) : [layer, `n = ${counts[i]}`]
  );
  return {
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
}

/** Units beside one another that have the same shares. */
interface SameShares {
  readonly shares: readonly [number, number, number];
  /** How many units of the layer stand before them, and with them. */
  readonly from: number;
  to: number;
}

/** Units side by side, equal neighbours joined; of those without shares there is a gap. */
function columnsOf(units: readonly (KShares | null)[]): SameShares[] {
  const columns: SameShares[] = [];
  for (const [place, each] of units.entries()) {
    if (each === null) continue;
    const shares = [each.K1, each.K2, each.K3] as const;
    const last = columns.at(-1);
    if (last?.to === place && last.shares.every((share, i) => share === shares[i])) last.to++;
    else columns.push({ shares, from: place, to: place + 1 });
  }
  return columns;
}

/** The units of a layer, those first whose K is 1 in the most halves of their images; the same order in each panel. */
function surestFirst(points: readonly ScorePoint[], layer: string): ScorePoint[] {
  const share = ({ kShares, K }: ScorePoint) => kShares ?? { K1: Number(K === 1), K2: Number(K === 2) };
  return points.filter((point) => point.layer === layer)
    .sort((a, b) => share(b).K1 - share(a).K1 || share(b).K2 - share(a).K2);
}

/** How sure K is: a column for each unit, parted by the shares of K = 1, 2, and 3 or more; null where nothing is known. */
function surenessPanel(
  points: readonly ScorePoint[],
  layers: readonly string[],
  width: number,
  sharesOf: (point: ScorePoint) => KShares | null,
  what: string,
): Record<string, unknown> | null {
  const rectangles = layers.flatMap((layer, i) => {
    const units = surestFirst(points, layer);
    const at = (place: number) => i - HALF + 2 * HALF * place / units.length;
    return columnsOf(units.map(sharesOf)).flatMap(({ shares, from, to }) =>
      shares.flatMap((share, k) => {
        const low = shares.slice(0, k).reduce((sum, each) => sum + each, 0);
        return share === 0 ? [] : [{ left: at(from), right: at(to), low, high: low + share, group: K_GROUPS[k] }];
      })
    );
  });
  if (rectangles.length === 0) return null;
  const x = layerAxis(points, layers, width);
  const y = {
    type: "quantitative",
    title: "share",
    scale: { domain: [0, 1], nice: false },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], format: "%" },
  };
  const colour = { scale: { domain: [...K_GROUPS], range: [...K_COLOURS] }, legend: null };
  return {
    width,
    height: 110,
    layer: [
      {
        data: { values: rectangles },
        mark: { type: "rect" },
        encoding: {
          x: { ...x, field: "left" },
          x2: { field: "right" },
          y: { ...y, field: "low" },
          y2: { field: "high" },
          color: { field: "group", type: "nominal", title: null, sort: null, ...colour },
        },
      },
      ...panelTitle(width, `how sure K is: each unit a column, ${what} by their K`),
    ],
  };
}
