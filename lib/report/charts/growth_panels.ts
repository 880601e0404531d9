import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PALETTE, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** What was measured along one axis, the others fixed. */
export interface GrowthPanel {
  /** What grows along the axis, such as `units`. */
  readonly name: string;
  /** Words below the name, such as the fitted growth. */
  readonly note: string;
  /** Points by ascending x; all positive. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** The line that was fitted, y = intercept + slope x, drawn through the range of the points. */
  readonly line: { readonly intercept: number; readonly slope: number };
}

/** Room in pixels for the vertical axis, and between panels. */
const LEFT_AXIS = 50;
const GAP = 26;

/** Points of a drawn line, which is bent on logarithmic axes. */
const LINE_POINTS = 40;

/**
 * Rows of panels on logarithmic axes: what was measured as points, and the straight line that was fitted to them.
 *
 * @param rows each with the title of its vertical axis and as many panels as the others; one row and panel at least. The
 *   panels of a row have the same vertical axis.
 */
export function growthPanels(
  rows: readonly { readonly title: string; readonly panels: readonly GrowthPanel[] }[],
  title: ChartTitle,
): TopLevelSpec {
  const columns = rows[0].panels.length;
  const width = Math.floor((PRINT_WIDTH - LEFT_AXIS - (columns - 1) * GAP) / columns);
  const row = ({ title, panels }: typeof rows[number], index: number) => {
    const all = panels.flatMap(({ points }) => points.map(({ y }) => y));
    const domain = [Math.min(...all) / 1.5, Math.max(...all) * 1.5];
    return {
      spacing: GAP,
      hconcat: panels.map(({ name, note, points, line }, column) => {
        const xs = points.map(({ x }) => x);
        const [low, high] = [Math.min(...xs), Math.max(...xs)];
        const drawn = Array.from({ length: LINE_POINTS + 1 }, (_, i) => low * (high / low) ** (i / LINE_POINTS))
          .map((x) => ({ x, y: line.intercept + line.slope * x })).filter(({ y }) => y >= domain[0] && y <= domain[1]);
        const x = {
          field: "x",
          type: "quantitative",
          title: null,
          scale: { type: "log", base: 2, domain: [low / 1.3, high * 1.3], nice: false },
          axis: { values: xs, grid: false, format: ",~r", labelAngle: -45 },
        };
        const y = {
          field: "y",
          type: "quantitative",
          title: column === 0 ? title : null,
          scale: { type: "log", domain, nice: false },
          axis: column === 0 ? { tickCount: 4, format: ",~r" } : { tickCount: 4, labels: false, ticks: false },
        };
        return {
          width,
          height: 150,
          layer: [
            ...panelTitle(width, name, note),
            {
              data: { values: drawn },
              mark: { type: "line", stroke: INK.muted, strokeDash: [4, 3], strokeWidth: 1.2 },
              encoding: { x, y },
            },
            {
              data: { values: points.map(({ x, y }) => ({ x, y })) },
              mark: { type: "point", filled: true, size: 45, fill: PALETTE[index], opacity: 1 },
              encoding: { x, y },
            },
          ],
        };
      }),
    };
  };
  return chart(title, "What was measured along each axis, with the straight lines fitted, on logarithmic scales.", {
    spacing: 44,
    vconcat: rows.map(row),
  });
}
