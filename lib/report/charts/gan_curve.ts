import type { TopLevelSpec } from "vega-lite";
import { chart, groupColour, groupShape, PRINT_WIDTH } from "./theme.ts";

/** What each loss is called. */
const LOSSES = { penalty: "gradient penalty", clip: "clipped weights" } as const;

/** One training of the generator, as far as the chart shows it. */
export interface TrainingCurve {
  readonly recipe: { readonly loss: keyof typeof LOSSES };
  readonly curve: readonly {
    readonly seconds: number;
    readonly frechet: number | null;
    readonly labelShare: number | null;
  }[];
}

/** The measures of generators by minutes of training: a line for each loss. */
export function ganCurveChart(trainings: readonly TrainingCurve[]): TopLevelSpec {
  const values = trainings.flatMap(({ recipe, curve }) =>
    curve.filter(({ frechet }) => frechet !== null).map(({ seconds, frechet, labelShare }) => ({
      loss: LOSSES[recipe.loss],
      minutes: seconds / 60,
      frechet,
      labelShare,
    }))
  );
  const names = trainings.map(({ recipe }) => LOSSES[recipe.loss]);
  const loss = { field: "loss", type: "nominal", title: null, sort: null };
  const panel = (field: string, title: string, format?: string) => ({
    width: Math.floor(PRINT_WIDTH / 2) - 75,
    height: 190,
    data: { values },
    mark: { type: "line", point: { filled: true, size: 25 } },
    encoding: {
      x: { field: "minutes", type: "quantitative", title: "minutes of training steps" },
      y: { field, type: "quantitative", title, scale: { zero: true }, axis: format ? { format } : {} },
      color: { ...loss, scale: { domain: names, range: names.map((_, i) => groupColour(i)) } },
      shape: { ...loss, scale: { domain: names, range: names.map((_, i) => groupShape(i)) } },
    },
  });
  return chart(
    {
      text: "The generator while it trained",
      subtitle: ["2,000 images of the averaged generator, judged by our ResNet-18; not the Inception FID."],
    },
    "Frechet distance and share of labels as asked, against minutes of training.",
    {
      columns: 2,
      spacing: 40,
      concat: [
        panel("frechet", "Frechet distance from test images"),
        panel("labelShare", "images of the label asked for", "%"),
      ],
    },
  );
}
