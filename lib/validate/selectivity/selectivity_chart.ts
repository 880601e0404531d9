import { emptyChart, type SelectivityPanel, selectivityScatter } from "../../report/charts/mod.ts";
import type { SelectivityCorrelation } from "./correlate_selectivity.ts";
import { type ProbedUnit, type ScoreKey, SELECTIVITIES } from "./selectivities.ts";

/** A chart, as a Vega-Lite specification. */
type Chart = ReturnType<typeof selectivityScatter>;

/** What a probe was made with, for the chart's title. */
export interface ProbeOrigin {
  /** Names. */
  readonly run: string;
  readonly model: string;
  readonly generator: string;
  /** Number of images. */
  readonly images: number;
}

/** The chart of a probe: the selectivities of units against their score S, a panel each. */
export function selectivityChart(
  units: readonly ProbedUnit[],
  correlations: readonly SelectivityCorrelation[],
  { run, model, generator, images }: ProbeOrigin,
): Chart {
  const title = {
    text: "What drives units, and their score S",
    subtitle: [
      "A point a unit, moved a little aside. Rank correlation within layers, 95 % interval, p by permutation within layers.",
      `model ${model} · generator ${generator} · ${images} images · run ${run}`,
    ],
  };
  const panels = selectivityPanels(units, correlations, "S");
  return panels.length === 0
    ? emptyChart(title, "No unit of this run has both a score and a selectivity.")
    : selectivityScatter(panels, "S", title);
}

/**
 * The panels of such a chart, each with its correlation within layers.
 *
 * @returns no panel for a selectivity that no scored unit has.
 */
export function selectivityPanels(
  units: readonly ProbedUnit[],
  correlations: readonly SelectivityCorrelation[],
  score: ScoreKey,
): SelectivityPanel[] {
  return SELECTIVITIES.flatMap(({ key, label }) => {
    const points = units.flatMap(({ layer, [score]: S, [key]: value }) =>
      S === null || value === null ? [] : [{ layer, S, value }]
    );
    const within = correlations.find((each) =>
      each.score === score && each.selectivity === key && each.scope === "within layers"
    );
    const kind = key === "label_share" || key === "mask_share" ? "share" as const : "count" as const;
    return points.length === 0 ? [] : [{ label, caption: captionOf(within), kind, points }];
  });
}

function captionOf(within: SelectivityCorrelation | undefined): string {
  if (within === undefined || within.rho === null) return "no rank correlation within layers";
  const { rho, low, high, p, units } = within;
  const interval = low === null ? "" : ` [${low.toFixed(2)}, ${high!.toFixed(2)}]`;
  return `rho ${rho.toFixed(2)}${interval}, p ${p!.toFixed(4)}, ${units} units`;
}
