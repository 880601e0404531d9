import type { SelectivityPanel } from "../report/charts/mod.ts";
import { type ProbedUnit, type ScoreKey, SELECTIVITIES, type SelectivityCorrelation } from "./correlate_selectivity.ts";

/**
 * The panels of a chart of selectivities against a score, each with its correlation within layers.
 *
 * @returns none for selectivities that no scored unit has.
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
    const caption = within === undefined || within.rho === null
      ? "no rank correlation within layers"
      : `rho ${within.rho.toFixed(2)}` +
        (within.low === null ? "" : ` [${within.low.toFixed(2)}, ${within.high!.toFixed(2)}]`) +
        `, p ${within.p!.toFixed(4)}, ${within.units} units`;
    const kind = key === "label_share" || key === "mask_share" ? "share" as const : "count" as const;
    return points.length === 0 ? [] : [{ label, caption, kind, points }];
  });
}
