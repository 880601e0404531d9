import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PRINT_WIDTH } from "./theme.ts";

/** Room in pixels for the vertical axis. */
const LEFT_AXIS = 70;

/** Activations of a unit's images after some steps of ascent. */
export interface AscentPoint {
  readonly step: number;
  /** One per image, the same images in every point. */
  readonly activations: readonly number[];
}

/**
 * Activation by step of ascent: a thin line for each image, a thick one for their median, a dashed one for the dataset's
 * best image.
 *
 * @param points at least two, by ascending step.
 * @param datasetMax the dataset's highest activation of the unit; null without a dataset.
 */
export function ascentCurve(
  points: readonly AscentPoint[],
  datasetMax: number | null,
  title: ChartTitle,
): TopLevelSpec {
  const values = points.flatMap(({ step, activations }) =>
    activations.map((activation, image) => ({ step, activation, image }))
  );
  const medians = points.map(({ step, activations }) => ({ step, activation: median([...activations]) }));
  const encoding = {
    x: { field: "step", type: "quantitative", title: "step of ascent", scale: { nice: false }, axis: { grid: false } },
    y: { field: "activation", type: "quantitative", title: "activation, before the ReLU" },
  };
  const last = points[points.length - 1].step;
  return chart(title, "Activation of a unit's images by step of ascent, with the dataset's best as a line.", {
    width: PRINT_WIDTH - LEFT_AXIS,
    height: 240,
    layer: [
      {
        data: { values },
        mark: { type: "line", stroke: INK.own, strokeWidth: 0.7, opacity: 0.5 },
        encoding: { ...encoding, detail: { field: "image", type: "nominal" } },
      },
      {
        data: { values: medians },
        mark: { type: "line", stroke: "black", strokeWidth: 2, point: { color: "black" } },
        encoding,
      },
      ...(datasetMax === null ? [] : [
        {
          data: { values: [{ activation: datasetMax }] },
          mark: { type: "rule", stroke: INK.dataset, strokeDash: [5, 3], strokeWidth: 1.5 },
          encoding: { y: encoding.y },
        },
        {
          data: { values: [{ step: last, activation: datasetMax }] },
          mark: { type: "text", text: "best of the dataset", align: "right", dy: -6, fontSize: 10, fill: INK.dataset },
          encoding,
        },
      ]),
    ],
  });
}
