/**
 * What a probe measures of units, beside their scores.
 *
 * @module
 */
import type { ScoreParts, UnitId } from "../../types.ts";

/** What a probe measures of a unit. */
export type SelectivityKey = "label_share" | "mask_share" | "labels" | "shapes";

/** The measures, in the order of tables. */
export const SELECTIVITIES: readonly { readonly key: SelectivityKey; readonly label: string }[] = [
  { key: "label_share", label: "label's share of variance" },
  { key: "mask_share", label: "mask's share of variance" },
  { key: "labels", label: "labels that drive it" },
  { key: "shapes", label: "shapes that drive it" },
];

/** The scores of a run: by its profile, and by the literal stop and rule. */
export type ScoreKey = "S" | "S_paper";

/** The scores, in the order of tables. */
export const SCORES: readonly ScoreKey[] = ["S", "S_paper"];

/** The scores and selectivities of a unit; null where one is undefined. */
export type ProbedUnit = UnitId & Readonly<Record<ScoreKey | SelectivityKey, number | null>>;

/** What a probe says of a unit. */
export interface ProbeOfUnit extends UnitId {
  /** Shares of the variance of its activation; null when that is the same for all images. */
  readonly shares: { readonly label: number; readonly mask: number } | null;
  /** Names of the labels that drive it. */
  readonly labels: readonly string[];
  /** Names of the shapes that drive it. */
  readonly shapes: readonly string[];
}

/**
 * Sets the scores of units beside what a probe says of them.
 *
 * @param scored the scores of as many units, in the same order.
 */
export function withScores(
  probes: readonly ProbeOfUnit[],
  scored: readonly { readonly score: ScoreParts | null; readonly paper: ScoreParts | null }[],
): ProbedUnit[] {
  return probes.map(({ layer, unit, shares, labels, shapes }, i) => ({
    layer,
    unit,
    S: scored[i].score?.S ?? null,
    S_paper: scored[i].paper?.S ?? null,
    label_share: shares?.label ?? null,
    mask_share: shares?.mask ?? null,
    labels: labels.length,
    shapes: shapes.length,
  }));
}
