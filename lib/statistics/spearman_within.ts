import { ranks } from "./ranks.ts";

/**
 * Rank correlation within strata, free of differences between them: Pearson's correlation of ranks that are taken
 * within each stratum, minus their mean, divided by the size of the stratum.
 *
 * @param a values, none NaN.
 * @param b as many values, b[i] beside a[i].
 * @param strata the name of each pair's stratum. A stratum in which all values of `a` or of `b` are equal does not
 *   count.
 * @returns in [-1, 1]; null when no stratum counts.
 */
export function spearmanWithin(
  a: readonly number[],
  b: readonly number[],
  strata: readonly string[],
): number | null {
  let [xy, xx, yy] = [0, 0, 0];
  for (const stratum of new Set(strata)) {
    const own = strata.flatMap((each, i) => each === stratum ? [i] : []);
    const [x, y] = [a, b].map((values) => ranks(own.map((i) => values[i])).map((rank) => rank - (own.length + 1) / 2));
    if (x.every((rank) => rank === 0) || y.every((rank) => rank === 0)) continue;
    for (let i = 0; i < own.length; i++) {
      xy += x[i] * y[i] / own.length ** 2;
      xx += x[i] ** 2 / own.length ** 2;
      yy += y[i] ** 2 / own.length ** 2;
    }
  }
  return xx === 0 || yy === 0 ? null : Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)));
}
