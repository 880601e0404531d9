/**
 * What a planted unit is, and what is true of it.
 *
 * @module
 */

/** The families of planted features. */
export const FAMILIES = ["template", "patch", "texture", "alexnet", "lenet", "resnet"] as const;
export type Family = typeof FAMILIES[number];

/** How a unit is made of its features. */
export type PlantedKind =
  /** One feature. */
  | "single"
  /** The greatest of several near-duplicates of one feature: still one. */
  | "near-duplicate"
  /** The greatest of several features. */
  | "union"
  /** A weighted sum of rectified features: each of k excites it by itself, and one or two others suppress it. */
  | "sum"
  /** A control that answers photographs by the greatest of two features, and images far from photographs by a third. */
  | "fooling";

/** A unit, and what is true of it. */
export interface PlantedUnit {
  readonly family: Family;
  readonly kind: PlantedKind;
  /**
   * True number of features: 1 for `single` and `near-duplicate`, 2 to 5 for `union`, 2 to 4 features of positive weight for
   * `sum`, the 2 that photographs show for `fooling`.
   */
  readonly k: number;
  /** Its features' indices in the family's set: those that count in k, then those that suppress, or that fool. */
  readonly features: readonly number[];
  /** What each of the features weighs in a `sum`; in other units absent. */
  readonly weights?: readonly number[];
  /** What each standardized response must exceed to count as active in a `sum`; in other units absent. */
  readonly thresholds?: readonly number[];
}

/** How many units of each kind. */
export interface UnitCounts {
  readonly single: number;
  readonly nearDuplicate: number;
  /** Unions, of 2, 3, 4, 5, 2, ... features in turn. */
  readonly union: number;
  /** Rectified sums, of 2, 3, 4, 2, ... features of positive weight in turn. */
  readonly sum: number;
  /** Fooling units; none if absent. */
  readonly fooling?: number;
}

/** Number of units in all. */
export function countUnits({ single, nearDuplicate, union, sum, fooling = 0 }: UnitCounts): number {
  return single + nearDuplicate + union + sum + fooling;
}

/** Kinds whose score is held against k in the tables. The truth of the others is another, and they are reported apart. */
export function isCounted({ kind }: Pick<PlantedUnit, "kind">): boolean {
  return kind !== "sum" && kind !== "fooling";
}
