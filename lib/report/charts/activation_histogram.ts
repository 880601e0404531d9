import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PRINT_WIDTH } from "./theme.ts";

/** Bars of the histogram, each about 8 pixels wide. */
const BINS = 80;

/** Room in pixels for the labels at the left. */
const LEFT_AXIS = 70;

/**
 * The activations of a unit: on top a tick for each of its visualizations, below a histogram of the dataset's images. Both
 * have one axis.
 *
 * @param dataset at least one activation.
 * @param visualizations at least one activation.
 */
export function activationHistogram(
  dataset: readonly number[],
  visualizations: readonly number[],
  title: ChartTitle,
): TopLevelSpec {
  const extent = (values: readonly number[]) =>
    values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [low, high] = extent(dataset);
  const [lowest, highest] = extent([...visualizations, low, high]);
  const width = (highest - lowest) / BINS || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of dataset) counts[Math.min(BINS - 1, Math.floor((value - lowest) / width))]++;
  const bars = counts.flatMap((count, i) =>
    count === 0 ? [] : [{ from: lowest + i * width, to: lowest + (i + 1) * width, count }]
  );
  const x = {
    type: "quantitative",
    title: "activation, before the ReLU",
    scale: { domain: [lowest - width, highest + width], nice: false },
    axis: { grid: false },
  };
  const panel = { width: PRINT_WIDTH - LEFT_AXIS };
  return chart(title, "Activations of visualizations and of the dataset's images on one axis.", {
    spacing: 4,
    resolve: { scale: { x: "shared" } },
    vconcat: [
      {
        ...panel,
        height: 34,
        data: { values: visualizations.map((activation) => ({ activation, what: "visualizations" })) },
        mark: { type: "tick", color: INK.own, thickness: 1.5, size: 24, opacity: 0.8 },
        encoding: {
          x: { field: "activation", ...x, axis: null },
          y: { field: "what", type: "nominal", title: null, axis: { domain: false, ticks: false } },
        },
      },
      {
        ...panel,
        height: 150,
        layer: [
          {
            data: { values: bars },
            mark: { type: "rect", color: INK.line },
            encoding: {
              x: { field: "from", ...x },
              x2: { field: "to" },
              y: { field: "count", type: "quantitative", title: "images of the dataset", scale: { zero: true } },
              y2: { datum: 0 },
            },
          },
          {
            data: { values: [{ at: high }] },
            mark: { type: "rule", stroke: INK.dataset, strokeDash: [5, 3], strokeWidth: 1.5 },
            encoding: { x: { field: "at", ...x } },
          },
          {
            data: { values: [{ at: high }] },
            mark: {
              ...{ type: "text", text: "best of the dataset", fill: INK.dataset, fontSize: 10, y: 10 },
              ...(high > (lowest + highest) / 2 ? { align: "right", dx: -6 } : { align: "left", dx: 6 }),
            },
            encoding: { x: { field: "at", ...x } },
          },
        ],
      },
    ],
  });
}
