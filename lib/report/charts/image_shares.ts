import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PALETTE, PRINT_WIDTH } from "./theme.ts";

/** How often images of a setting tell which of two real images excites a unit; null where there are none. */
export interface ImageShare {
  /** What the row is of: a layer, or all units. */
  readonly row: string;
  /** What the images are, such as `calibrated (pixel)`. */
  readonly setting: string;
  /** Whose images they are, such as `own`. */
  readonly references: string;
  /** Share in [0, 1]. */
  readonly right: number | null;
  readonly right_low: number | null;
  readonly right_high: number | null;
}

/** Pixels that a setting takes in a row. */
const LINE = 11;
/** Pixels left for the names of layers. */
const NAMES = 150;

/**
 * Shares of right choices with 95 % intervals, a row for each layer and a colour for each setting, against chance.
 *
 * @param shares row by row, in the order in which they are shown; at least one.
 */
export function imageShares(shares: readonly ImageShare[], title: ChartTitle): TopLevelSpec {
  const distinct = (names: readonly string[]) => [...new Set(names)];
  const rows = distinct(shares.map(({ row }) => row));
  const settings = distinct(shares.map(({ setting }) => setting));
  const references = distinct(shares.map(({ references }) => references));
  const values = shares.filter(({ right }) => right !== null)
    .map((share) => ({ ...share, line: `${share.setting}, ${share.references}` }));
  const lines = settings.flatMap((setting) => references.map((each) => `${setting}, ${each}`));
  const place = {
    y: {
      field: "row",
      type: "nominal",
      sort: null,
      title: null,
      scale: { domain: rows, paddingInner: 0.25 },
      axis: { labelLimit: NAMES, ticks: false },
    },
    yOffset: { field: "line", type: "nominal", sort: null, scale: { domain: lines } },
    color: {
      field: "setting",
      type: "nominal",
      title: null,
      scale: { domain: settings, range: settings.map((_, i) => PALETTE[i % PALETTE.length]) },
    },
  };
  const x = { type: "quantitative", title: "share of right choices", scale: { domain: [0, 1] } };
  return chart(title, "Shares of right choices by layer and setting, with intervals, against chance.", {
    width: PRINT_WIDTH - NAMES - 30,
    height: rows.length * (lines.length + 1) * LINE,
    layer: [
      {
        data: { values: [{ chance: 0.5 }] },
        mark: { type: "rule", color: INK.line, strokeDash: [4, 3] },
        encoding: { x: { ...x, field: "chance" } },
      },
      {
        data: { values: values.filter(({ right_low }) => right_low !== null) },
        mark: { type: "rule", strokeWidth: 1.6 },
        encoding: { ...place, x: { ...x, field: "right_low" }, x2: { field: "right_high" } },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: {
          ...place,
          x: { ...x, field: "right" },
          shape: {
            field: "references",
            type: "nominal",
            title: null,
            scale: { domain: references, range: references.map((_, i) => ["circle", "cross"][i % 2]) },
          },
        },
      },
    ],
  });
}
