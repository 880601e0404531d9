/**
 * Tests of association by permutation.
 *
 * @module
 */
import { permutation, type Random } from "../random.ts";

/**
 * How far below the observed statistic a shuffled one may lie and still count as equal: a sum in another order differs
 * in its last bits.
 */
const ROUNDING = 1e-9;

/**
 * Two-sided p-value of an association of pairs, by permutation within strata: how often shuffled pairs give a statistic
 * at least as far from zero as the pairs as they are.
 *
 *     p = (1 + hits) / (1 + permutations)
 *
 * A shuffle exchanges partners within each stratum only, so that differences between strata are in every shuffle as
 * they are in the data. With one stratum of all pairs this is the usual permutation test.
 *
 * @param strata the indices of the pairs of each stratum.
 * @param statistic of a pairing: `partners[i]` is the index of the pair from which pair i gets its second member. It is
 *   zero when there is no association, and of the order of 1. The array is used again.
 * @param permutations how many shuffles are drawn, at least 1.
 * @returns in (0, 1].
 * @throws {RangeError} when `permutations` is not a positive integer.
 * @see Phipson & Smyth (2010), "Permutation p-values should never be zero"
 * @example A rank correlation of x and y
 * ```ts
 * permutationPValue([indices], (partners) => spearman(x, partners.map((j) => y[j]))!, random, 2000);
 * ```
 */
export function permutationPValue(
  strata: readonly (readonly number[])[],
  statistic: (partners: readonly number[]) => number,
  random: Random,
  permutations: number,
): number {
  if (!(Number.isInteger(permutations) && permutations >= 1)) {
    throw new RangeError(`permutations must be an integer of at least 1, got ${permutations}`);
  }
  const partners: number[] = [];
  for (const index of strata.flat()) partners[index] = index;
  const threshold = Math.abs(statistic(partners)) - ROUNDING;
  let hits = 0;
  for (let shuffle = 0; shuffle < permutations; shuffle++) {
    for (const stratum of strata) {
      const order = permutation(stratum.length, random);
      stratum.forEach((index, i) => partners[index] = stratum[order[i]]);
    }
    if (Math.abs(statistic(partners)) >= threshold) hits++;
  }
  return (1 + hits) / (1 + permutations);
}
