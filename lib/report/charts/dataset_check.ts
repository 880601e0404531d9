import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** Section 3 for one unit: activations of its counted images, without transforms, beside the dataset's. */
export interface DatasetCheckPoint {
  readonly layer: string;
  readonly unit: number;
  /** Highest and lowest activation of the unit's images. */
  readonly best: number;
  readonly lowest: number;
  /** Highest activation over the dataset's test images. */
  readonly datasetMax: number;
}

/**
 * A unit's best and lowest visualization against the best of the dataset, a panel a layer, each with the diagonal: a unit above
 * it is excited more by what was made for it than by any image of the dataset.
 *
 * @param points at least one.
 * @param datasetName what the horizontal axis compares with, such as `best of 10,000 test images`.
 */
export function datasetCheck(
  points: readonly DatasetCheckPoint[],
  datasetName: string,
  title: ChartTitle,
): TopLevelSpec {
  const layers = [...new Set(points.map(({ layer }) => layer))];
  const columns = Math.min(3, layers.length);
  const width = Math.min(300, Math.floor((PRINT_WIDTH - columns * 62) / columns));
  const names = ["best visualization", "lowest visualization"];
  return chart(title, `Activation of each unit's images against the ${datasetName}, with the diagonal.`, {
    columns,
    spacing: { row: 20, column: 18 },
    concat: layers.map((layer, index) => {
      const here = points.filter((point) => point.layer === layer);
      const bestAbove = here.filter(({ best, datasetMax }) => best > datasetMax).length;
      const allAbove = here.filter(({ lowest, datasetMax }) => lowest > datasetMax).length;
      const xs = here.map(({ datasetMax }) => datasetMax);
      const ys = here.flatMap(({ best, lowest, datasetMax }) => [best, lowest, datasetMax]);
      const [xDomain, yDomain] = [padded(xs), padded(ys)];
      const ends = [Math.max(xDomain[0], yDomain[0]), Math.min(xDomain[1], yDomain[1])];
      const x = {
        field: "datasetMax",
        type: "quantitative",
        title: `${datasetName}`,
        scale: { domain: xDomain, nice: false },
        axis: { tickCount: 5, grid: false },
      };
      const y = (field: string) => ({
        field,
        type: "quantitative",
        title: index % columns === 0 ? "activation of visualizations" : null,
        scale: { domain: yDomain, nice: false },
        axis: { tickCount: 6 },
      });
      const which = { field: "which", type: "nominal", title: null, sort: null };
      const dots = here.flatMap(({ unit, best, lowest, datasetMax }) => [
        { unit, datasetMax, activation: lowest, which: names[1] },
        { unit, datasetMax, activation: best, which: names[0] },
      ]);
      return {
        width,
        height: Math.round(width * 0.85),
        title: panelTitle(layer, `above the diagonal: best ${bestAbove}, all ${allAbove} of ${here.length}`),
        layer: [
          {
            data: { values: ends.map((end) => ({ datasetMax: end, activation: end })) },
            mark: { type: "line", stroke: INK.text, strokeDash: [4, 3], strokeWidth: 1.2 },
            encoding: { x, y: y("activation") },
          },
          {
            data: { values: here },
            mark: { type: "rule", stroke: INK.line, strokeWidth: 0.8 },
            encoding: { x, y: y("lowest"), y2: { field: "best" } },
          },
          {
            data: { values: dots },
            mark: { type: "point", filled: true, size: 34, opacity: 0.9 },
            encoding: {
              x,
              y: y("activation"),
              color: { ...which, scale: { domain: names, range: [INK.own, INK.literal] } },
              shape: { ...which, scale: { domain: names, range: ["circle", "triangle-down"] } },
            },
          },
        ],
      };
    }),
  });
}

/** The range of values with room at both ends; of one value, room around it. */
function padded(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0.06 * (high - low) : Math.max(1, 0.1 * Math.abs(high));
  return [low - room, high + room];
}
