import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, panelName, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** The mean distance of one unit's images as they were added. */
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

/** The data of the chart as rows. */
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

/** Smaller changes are drawn at this value, since a logarithmic axis has no 0. */
const SMALLEST_CHANGE = 1e-5;

/** Room in pixels for the axis at the left, and between panels. */
const LEFT_AXIS = 84;
const SPACING = 10;

/**
 * Mean pairwise distance as images are added (top), and how much each image changes it (bottom), in a column for each
 * layer. A unit is a thin line with its two stops; the thick line is the median, up to the length that all units of the
 * layer reach. The two thresholds are lines across.
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
  const names = [
    `${rules.literal.name} stop (dashed line: its threshold, ${rules.literal.threshold})`,
    `${rules.own.name} stop (solid line: its threshold, ${rules.own.threshold})`,
  ];
  const thresholds = [
    { threshold: rules.literal.threshold, stroke: INK.literal, strokeDash: [5, 3] },
    { threshold: rules.own.threshold, stroke: INK.own },
  ].filter(({ threshold }) => threshold >= SMALLEST_CHANGE);
  const width = Math.floor((PRINT_WIDTH - LEFT_AXIS - SPACING * (layers.length - 1)) / layers.length);
  const distances = rows.map((row) => row.mean_distance);
  const fields = {
    mean_distance: {
      title: "mean LPIPS distance d",
      scale: { domain: [Math.min(0, ...distances), Math.max(...distances)], nice: true },
      axis: { tickCount: 5 },
    },
    change: {
      title: "change |Δd| by the last image",
      scale: { type: "log", nice: false, domain: [SMALLEST_CHANGE, Math.max(0.1, ...rows.map((r) => r.change ?? 0))] },
      axis: { values: [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1], format: "~g" },
    },
  };
  const rule = (range: readonly string[]) => ({
    field: "rule",
    type: "nominal",
    title: null,
    sort: null,
    scale: { domain: names, range },
  });
  const [colour, shape] = [[INK.literal, INK.own], ["circle", "triangle-up"]].map(rule);
  const lastImage = Math.max(...rows.map(({ I }) => I));
  const panel = (layer: string, index: number, field: keyof typeof fields) => {
    const here = rows.filter((row) => row.layer === layer && row[field] !== null);
    const shortest = Math.min(
      ...curves.filter((curve) => curve.layer === layer).map(({ meanDistances }) => meanDistances.length + 1),
    );
    const images = [...new Set(here.map(({ I }) => I))].filter((I) => I <= shortest);
    const medians = images.map((I) => ({
      I,
      [field]: median(here.filter((row) => row.I === I).map((row) => row[field]!)),
    }));
    const stops = here.flatMap((row) => [
      ...(row.literal_stop ? [{ ...row, rule: names[0] }] : []),
      ...(row.own_stop ? [{ ...row, rule: names[1] }] : []),
    ]);
    const { title, axis, scale } = fields[field];
    const x = {
      field: "I",
      type: "quantitative",
      title: field === "change" ? "number of images I" : null,
      scale: { domain: [0, lastImage + 1], nice: false },
      axis: { tickCount: Math.max(2, Math.floor(width / 32)), tickMinStep: 1, format: "d" },
    };
    const y = {
      field,
      type: "quantitative",
      title: index === 0 ? title : null,
      scale,
      axis: index === 0 ? { ...axis, minExtent: 44 } : { ...axis, labels: false, ticks: false, domain: false },
    };
    return {
      width,
      height: field === "change" ? 170 : 150,
      layer: [
        {
          data: { values: here },
          mark: { type: "line", stroke: INK.line, strokeWidth: 0.6, opacity: 0.45 },
          encoding: { x, y, detail: { field: "id", type: "nominal" } },
        },
        {
          data: { values: medians },
          mark: { type: "line", stroke: "black", strokeWidth: 1.8 },
          encoding: { x, y },
        },
        ...(field === "change"
          ? thresholds.map(({ threshold, ...looks }) => ({
            data: { values: [{ [field]: threshold }] },
            mark: { type: "rule", strokeWidth: 1.5, ...looks },
            encoding: { y },
          }))
          : []),
        {
          data: { values: stops },
          mark: { type: "point", filled: true, size: curves.length > 4 ? 26 : 130, opacity: 0.8 },
          encoding: { x, y, color: colour, shape },
        },
        ...(field === "mean_distance" ? panelTitle(width, panelName(width, layer)) : []),
      ],
    };
  };
  return chart(
    title,
    "Mean LPIPS distance against the number of images, and its change on a logarithmic axis, a panel a layer.",
    {
      spacing: 14,
      vconcat: (["mean_distance", "change"] as const).map((field) => ({
        spacing: SPACING,
        hconcat: layers.map((layer, index) => panel(layer, index, field)),
      })),
    },
  );
}
