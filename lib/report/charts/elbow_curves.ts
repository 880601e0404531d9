import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** How the mean distance of one unit's images went on. */
export interface ElbowCurve {
  readonly layer: string;
  readonly unit: number;
  /** d_2, d_3, ...: mean pairwise LPIPS distance of the first 2, 3, ... images. */
  readonly meanDistances: readonly number[];
  /** Number of images at the profile's stop, and at the literal one; null where there is none. */
  readonly own: number | null;
  readonly literal: number | null;
}

/** A rule of stopping, as the chart draws it. */
export interface ElbowThreshold {
  /** Such as `literal`. */
  readonly name: string;
  /** A change of the mean distance below this is small. */
  readonly threshold: number;
}

/** One row of the chart's data: after image I. */
export interface ElbowRow {
  readonly layer: string;
  readonly unit: number;
  readonly I: number;
  readonly mean_distance: number;
  /** |d_I - d_(I-1)|; null for I = 2. */
  readonly change: number | null;
  /** Whether the unit's sequence ends here by the profile's rule, and by the literal one. */
  readonly own_stop: boolean;
  readonly literal_stop: boolean;
}

/** What is drawn of curves, row by row. */
export function elbowRows(curves: readonly ElbowCurve[]): ElbowRow[] {
  return curves.flatMap(({ layer, unit, meanDistances, own, literal }) =>
    meanDistances.map((distance, i) => ({
      layer,
      unit,
      I: i + 2,
      mean_distance: distance,
      change: i === 0 ? null : Math.abs(distance - meanDistances[i - 1]),
      own_stop: own === i + 2,
      literal_stop: literal === i + 2,
    }))
  );
}

/** Changes smaller than this are drawn here: a logarithmic axis has no 0. */
const SMALLEST_CHANGE = 1e-5;

/**
 * Mean pairwise distance as images are added, and how much each image changes it, one panel a layer: a thin line a unit,
 * the median thick as far as every unit of the layer goes, both stops, both thresholds.
 *
 * @param curves at least one, each of at least two mean distances.
 * @param rules the profile's threshold and the literal one.
 */
export function elbowCurves(
  curves: readonly ElbowCurve[],
  rules: { readonly own: ElbowThreshold; readonly literal: ElbowThreshold },
  title: ChartTitle,
): TopLevelSpec {
  const layers = [...new Set(curves.map(({ layer }) => layer))];
  const rows = elbowRows(curves).map((row) => ({
    ...row,
    id: `${row.layer}:${row.unit}`,
    change: row.change === null ? null : Math.max(row.change, SMALLEST_CHANGE),
  }));
  const names = [`${rules.literal.name} stop and threshold`, `${rules.own.name} stop and threshold`];
  const stops = rows.flatMap((row) => [
    ...(row.literal_stop ? [{ ...row, rule: names[0] }] : []),
    ...(row.own_stop ? [{ ...row, rule: names[1] }] : []),
  ]);
  const width = Math.floor((PRINT_WIDTH - 60 - 12 * (layers.length - 1)) / layers.length);
  const common = layers.map((layer) =>
    Math.min(...curves.filter((curve) => curve.layer === layer).map(({ meanDistances }) => meanDistances.length + 1))
  );
  const medians = layers.flatMap((layer, i) =>
    Array.from({ length: common[i] - 1 }, (_, step) => {
      const here = rows.filter((row) => row.layer === layer && row.I === step + 2);
      const changes = here.flatMap(({ change }) => change ?? []);
      return {
        layer,
        I: step + 2,
        mean_distance: median(here.map((row) => row.mean_distance)),
        change: changes.length === 0 ? null : median(changes),
      };
    })
  );
  const thresholds = layers.flatMap((layer) => [
    { layer, rule: names[0], threshold: rules.literal.threshold },
    { layer, rule: names[1], threshold: rules.own.threshold },
  ]).filter(({ threshold }) => threshold >= SMALLEST_CHANGE);
  const lastImage = Math.max(...rows.map(({ I }) => I));
  const rule = {
    field: "rule",
    type: "nominal",
    title: null,
    scale: { domain: names, range: [INK.literal, INK.own] },
  } as const;
  const shape = { ...rule, scale: { domain: names, range: ["circle", "triangle-up"] } } as const;
  const dash = { ...rule, scale: { domain: names, range: [[5, 3], [1, 0]] } } as const;
  const x = {
    field: "I",
    type: "quantitative",
    scale: { domain: [0, lastImage + 1], nice: false },
    axis: { tickCount: Math.max(2, Math.floor(width / 32)), tickMinStep: 1, format: "d" },
  } as const;
  const panel = (field: "mean_distance" | "change") => {
    const y = field === "mean_distance"
      ? { field, type: "quantitative", title: "mean LPIPS distance d_I", scale: { zero: false } } as const
      : {
        field,
        type: "quantitative",
        title: "change |d_I − d_(I−1)|",
        scale: {
          type: "log",
          nice: false,
          domain: [SMALLEST_CHANGE, Math.max(0.1, ...rows.map((r) => r.change ?? 0))],
        },
        axis: { values: [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1], format: "~g" },
      } as const;
    const axes = (data: unknown[], mark: object, more: object = {}) => ({
      data: { values: data },
      mark,
      encoding: { x: { ...x, title: field === "change" ? "number of images I" : null }, y, ...more },
    });
    const valid = <T extends { change: number | null }>(data: T[]) =>
      data.filter((row) => field === "mean_distance" || row.change !== null);
    return {
      width,
      height: field === "change" ? 170 : 150,
      layer: [
        axes(valid(rows), { type: "line", stroke: INK.line, strokeWidth: 0.6, opacity: 0.45 }, {
          detail: { field: "id", type: "nominal" },
        }),
        axes(valid(medians), { type: "line", stroke: "black", strokeWidth: 1.8 }),
        ...(field === "change"
          ? [{
            data: { values: thresholds },
            mark: { type: "rule", strokeWidth: 1.5 },
            encoding: { y: { field: "threshold", type: "quantitative" }, color: rule, strokeDash: dash },
          }]
          : []),
        axes(valid(stops), { type: "point", filled: true, size: 26, opacity: 0.8 }, { color: rule, shape }),
      ],
    };
  };
  // one panel a layer, built by hand: a facet would need all data in one table
  const row = (field: "mean_distance" | "change") => ({
    spacing: 12,
    hconcat: layers.map((layer, i) => {
      const { layer: marks, ...size } = panel(field);
      return {
        ...size,
        ...(field === "mean_distance" && { title: panelTitle(layer) }),
        layer: marks.map((mark) => ({
          ...mark,
          data: { values: (mark.data.values as { layer: string }[]).filter((each) => each.layer === layer) },
          ...(i > 0 && {
            encoding: {
              ...mark.encoding,
              y: { ...mark.encoding.y, ...("title" in mark.encoding.y && { title: null }) },
            },
          }),
        })),
      };
    }),
    resolve: { scale: { y: "shared" } },
  });
  return chart(
    title,
    "Mean LPIPS distance against the number of images, and its change on a logarithmic axis, a panel a layer.",
    { spacing: 14, vconcat: [row("mean_distance"), row("change")] },
  );
}
