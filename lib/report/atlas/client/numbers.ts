/**
 * Numbers of units compared.
 *
 * @module
 */
import type { ScoreNumbers, UnitEntry } from "../page_data.ts";

/** The difference of a number in two runs, the second less the first; null where either has none. */
export function difference(
  first: ScoreNumbers | null | undefined,
  second: ScoreNumbers | null | undefined,
  part: "S" | "K",
): number | null {
  const [a, b] = [first?.[part] ?? null, second?.[part] ?? null];
  return a === null || b === null ? null : b - a;
}

/** The size of a number without its sign; null for none. */
export function magnitude(value: number | null): number | null {
  return value === null ? null : Math.abs(value);
}

/** Which of two numbers goes first, for sorting: below 0 for the first one. None goes last in both directions. */
export function compareNumbers(a: number | null, b: number | null, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return descending ? b - a : a - b;
}

/** How sure the K of a unit is: the share of random halves of its images that agree on K = 1, 2, or 3 and more; null where not known. */
export function sureness({ score, kShares }: Pick<UnitEntry, "score" | "kShares">): number | null {
  return score === null || kShares === null ? null : kShares[Math.min(score.K, 3) - 1];
}

/** Whether two intervals have no number in common; false where one is not known. */
export function areApart(
  first: readonly [number, number] | null | undefined,
  second: readonly [number, number] | null | undefined,
): boolean {
  return !!first && !!second && (first[1] < second[0] || second[1] < first[0]);
}
