import { score } from "../../score/mod.ts";
import type { Matrix } from "../../types.ts";
import type { PlantedUnit } from "./planted_unit.ts";
import type { SettingScore } from "./study.ts";

/** A feature counts as reached when so many images show it more than any other. */
const REACHED = 2;

/** The features that at least two images show more than any other, ascending. */
export function shownFeatures(shown: readonly number[]): number[] {
  return [...new Set(shown)].filter((feature) => shown.filter((each) => each === feature).length >= REACHED)
    .sort((a, b) => a - b);
}

/** The features that a unit's images reached. A unit of one feature has reached it. */
export function reachedFeatures({ kind }: Pick<PlantedUnit, "kind">, shown: readonly number[]): number[] {
  return kind === "single" || kind === "near-duplicate" ? [0] : shownFeatures(shown);
}

/**
 * The score that the best rule for K would give: K is the number of features reached, and S is that of the centres of the
 * images that show each of them.
 *
 * @param shown the feature that each image shows most.
 * @param embeddings of the images, the first of which are those shown.
 */
export function oracleScore(
  unit: Pick<PlantedUnit, "kind">,
  shown: readonly number[],
  { cols, data }: Matrix,
): SettingScore {
  const features = reachedFeatures(unit, shown);
  const I = shown.length;
  const K = Math.max(1, features.length);
  if (K === 1) return { I, K, S: 0 };
  const centers = new Float64Array(K * cols);
  features.forEach((feature, c) => {
    const members = shown.flatMap((each, i) => each === feature ? [i] : []);
    for (const i of members) {
      for (let d = 0; d < cols; d++) centers[c * cols + d] += data[i * cols + d] / members.length;
    }
  });
  return { I, K, S: score({ rows: K, cols, data: centers }, I).S ?? 0 };
}
