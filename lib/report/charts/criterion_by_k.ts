import type { TopLevelSpec } from "vega-lite";
import type { ClusterCandidate } from "../../types.ts";
import { chart, type ChartTitle, INK, panelName, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** The choice of K for one unit by one rule. */
export interface CriterionPanel {
  /** Such as `conv2:3`. */
  readonly unit: string;
  /** Number of images clustered. */
  readonly I: number;
  /** The chosen K. */
  readonly K: number;
  readonly candidates: readonly ClusterCandidate[];
}

/** The panels of one rule, one for each unit. */
export interface CriterionRow {
  /** Name of the rule's criterion, for the axis. */
  readonly criterion: string;
  readonly colour: string;
  readonly panels: readonly CriterionPanel[];
}

/** Room in pixels for the labels of a vertical axis. */
const LABELS = 42;

/**
 * The criterion of each K that was tried, with the chosen K marked. Each rule has a row of panels, each unit a column.
 * Values that are not finite are left out.
 *
 * @param rows each with the same units in the same order.
 */
export function criterionByK(rows: readonly CriterionRow[], title: ChartTitle): TopLevelSpec {
  const columns = Math.max(...rows.map(({ panels }) => panels.length));
  const width = Math.floor((PRINT_WIDTH - 18 - (LABELS + 10) * columns) / columns);
  return chart(title, "The value of the criterion by the number of clusters K; the chosen K is marked.", {
    spacing: 16,
    vconcat: rows.map(({ criterion, colour, panels }) => ({
      spacing: 10,
      hconcat: panels.map(({ unit, I, K, candidates }, column) => {
        const values = candidates.filter(({ criterion }) => Number.isFinite(criterion)).map(({ k, criterion }) => ({
          k,
          criterion,
        }));
        const most = Math.max(...candidates.map(({ k }) => k));
        const encoding = {
          x: {
            field: "k",
            type: "quantitative",
            title: "number of clusters K",
            scale: { domain: [0.5, most + 0.5], nice: false },
            axis: { values: ticks(most, width), format: "d", grid: false },
          },
          y: {
            field: "criterion",
            type: "quantitative",
            title: column === 0 ? criterion : null,
            scale: { zero: false, padding: 6 },
            axis: { tickCount: 5, format: ",.5~r", minExtent: LABELS },
          },
        };
        return {
          width,
          height: 130,
          layer: [
            { data: { values }, mark: { type: "line", color: colour, strokeWidth: 1.4 }, encoding },
            { data: { values }, mark: { type: "point", filled: true, color: colour, size: 22, opacity: 1 }, encoding },
            {
              data: { values: values.filter(({ k }) => k === K) },
              mark: { type: "point", shape: "diamond", size: 150, strokeWidth: 1.8, color: INK.text, opacity: 1 },
              encoding,
            },
            ...panelTitle(width, panelName(width, unit), `I = ${I}, K = ${K}`),
          ],
        };
      }),
    })),
  });
}

/** Whole numbers from 1 at equal steps, as many as there is room for. */
function ticks(most: number, width: number): number[] {
  const step = Math.max(1, Math.ceil((most * 10) / width));
  return Array.from({ length: Math.ceil(most / step) }, (_, i) => 1 + i * step);
}
