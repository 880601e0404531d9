import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PALETTE, panelName, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** One unit: activations of the images that its score counts, made without transforms, and that of the dataset's best. */
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
 * The activations of each unit's best and lowest visualization against that of the dataset's best image, in a panel for each
 * layer. A point above the diagonal is a visualization that activates its unit more than every image of the dataset does.
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
  const side = Math.min(300, Math.floor((PRINT_WIDTH - columns * 55) / columns));
  const width = columns === 1 ? 460 : side; // a single panel is as wide as the title above it
  const names = ["best visualization", "lowest visualization"];
  const all = points.flatMap(({ best, lowest, datasetMax }) => [best, lowest, datasetMax]);
  const scale = { type: "symlog", constant: 1, domain: [low(Math.min(...all)), high(Math.max(...all))], nice: false };
  const axis = { values: TICKS, format: ",d", labelOverlap: true };
  const x = { type: "quantitative", title: datasetName, scale, axis };
  const which = { field: "which", type: "nominal", title: null, sort: null };
  return chart(title, `Activation of each unit's images against the ${datasetName}, with the diagonal.`, {
    columns,
    spacing: { row: 18, column: 14 },
    concat: layers.map((layer, index) => {
      const here = points.filter((point) => point.layer === layer);
      const bestAbove = here.filter(({ best, datasetMax }) => best > datasetMax).length;
      const allAbove = here.filter(({ lowest, datasetMax }) => lowest > datasetMax).length;
      const y = {
        type: "quantitative",
        title: index % columns === 0 ? "activation of visualizations" : null,
        scale,
        axis: { ...axis, minExtent: 22 },
      };
      const dots = here.flatMap(({ best, lowest, datasetMax }) => [
        { datasetMax, activation: lowest, which: names[1] },
        { datasetMax, activation: best, which: names[0] },
      ]);
      return {
        width,
        height: side,
        layer: [
          {
            data: { values: scale.domain.map((end) => ({ end })) },
            mark: { type: "line", stroke: INK.text, strokeDash: [4, 3], strokeWidth: 1.2 },
            encoding: { x: { ...x, field: "end" }, y: { ...y, field: "end" } },
          },
          {
            data: { values: here },
            mark: { type: "rule", stroke: INK.line, strokeWidth: 0.8 },
            encoding: { x: { ...x, field: "datasetMax" }, y: { ...y, field: "lowest" }, y2: { field: "best" } },
          },
          {
            data: { values: dots },
            mark: { type: "point", filled: true, size: 30, opacity: 0.85 },
            encoding: {
              x: { ...x, field: "datasetMax" },
              y: { ...y, field: "activation" },
              color: { ...which, scale: { domain: names, range: [PALETTE[0], PALETTE[5]] } },
              shape: { ...which, scale: { domain: names, range: ["circle", "triangle-down"] } },
            },
          },
          ...panelTitle(
            width,
            panelName(width, layer),
            `above the diagonal: best ${bestAbove}, all ${allAbove} of ${here.length}`,
          ),
        ],
      };
    }),
  });
}

/** Ticks of the axes, which are linear near 0 and logarithmic away from it. */
const TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000].flatMap((tick) => [-tick, tick]).concat(0)
  .sort((a, b) => a - b);

/** The lower end of an axis: 0, or a tenth below the least value where that is negative. */
function low(least: number): number {
  return least >= 0 ? 0 : 1.1 * least - 0.1;
}

/** The upper end of an axis: a tenth above the greatest value, or 0.5 where no value is above 0. */
function high(most: number): number {
  return most <= 0 ? 0.5 : 1.1 * most + 0.1;
}
