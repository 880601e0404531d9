import type { SelectivityCorrelation } from "./correlate_selectivity.ts";
import { type ProbedUnit, type ScoreKey, SELECTIVITIES, type SelectivityKey } from "./selectivities.ts";

/** Level of p-values and intervals at which an association counts as shown. */
const LEVEL = 0.05;

/**
 * What the correlations with a score say, in sentences.
 *
 * @param units those that the correlations are of.
 */
export function readCorrelations(
  units: readonly ProbedUnit[],
  correlations: readonly SelectivityCorrelation[],
  score: ScoreKey,
): string[] {
  const name = score === "S" ? "S" : "the literal S";
  const scored = units.filter((unit) => unit[score] !== null);
  const above = scored.filter((unit) => unit[score]! > 0).length;
  const within = correlations.filter((each) => each.score === score && each.scope === "within layers");
  const defined = within.filter(({ rho }) => rho !== null);
  const shown = defined.filter(isShown).map(sentencePart);
  return [
    `${name[0].toUpperCase()}${
      name.slice(1)
    } is above 0 for ${above} of ${scored.length} units; all others are tied at 0.`,
    defined.length === 0
      ? `Within layers nothing can be said of ${name}: in none do both it and a selectivity differ from unit to unit.`
      : shown.length > 0
      ? `Within layers, ${name} goes with: ${shown.join("; ")}. Of ${defined.length} tests at 5 % each, not corrected.`
      : `Within layers, no association of ${name} with any of ${defined.length} selectivities is shown (5 % each); ` +
        "that is not evidence that there is none.",
  ];
}

/** Whether both the p-value and the interval, which must leave out zero, show an association. */
function isShown({ low, high, p }: SelectivityCorrelation): boolean {
  return p !== null && p < LEVEL && low !== null && high !== null && low * high > 0;
}

function sentencePart({ selectivity, rho, low, high, p }: SelectivityCorrelation): string {
  return `${labelOf(selectivity)} (rho ${hundredths(rho!)} [${hundredths(low!)}, ${hundredths(high!)}], p ${
    p!.toFixed(4)
  })`;
}

function labelOf(key: SelectivityKey): string {
  return SELECTIVITIES.find((each) => each.key === key)!.label;
}

/** A number with two decimals; one that rounds to zero has no sign. */
function hundredths(value: number): string {
  return value.toFixed(2).replace(/^-0\.00$/, "0.00");
}
