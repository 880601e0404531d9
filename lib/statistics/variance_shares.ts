/**
 * Where the variance of a unit's activation comes from: a two-way analysis of variance by label and mask.
 *
 * @module
 */

/** Shares of the variance of one unit's activation over images. */
export interface VarianceShares {
  /** Share explained by the label (eta squared), in [0, 1]; the four shares sum to 1. */
  readonly label: number;
  /** Share explained by the mask. */
  readonly mask: number;
  /** Share explained by label and mask together beyond their sum. */
  readonly interaction: number;
  /** What is left: images of one label and one mask differ by their latents. */
  readonly rest: number;
  /** The same shares less what chance explains (omega squared); a negative one, which says no more than none, is 0. */
  readonly labelOmega: number;
  readonly maskOmega: number;
  readonly interactionOmega: number;
}

/**
 * Two-way analysis of variance with as many images in each cell. With sums of squares SS about the grand mean, degrees of
 * freedom df and the mean square W within cells,
 *
 *     eta^2 = SS / SS_total        omega^2 = (SS - df W) / (SS_total + W)
 *
 * @param values activations of `labels` x `masks` cells of one size of at least 2, row-major: all images of the first label
 *   and first mask, then those of the first label and second mask, and so on. Images must be of latents of their own.
 * @returns null where the activation is the same for all images.
 * @throws {RangeError} when there are fewer than two labels or masks, or cells are not of one size of at least 2.
 * @see Fisher (1925), "Statistical Methods for Research Workers", chapter 7; Hays (1963) on omega squared
 */
export function varianceShares(values: ArrayLike<number>, labels: number, masks: number): VarianceShares | null {
  const size = values.length / (labels * masks);
  if (!(labels >= 2 && masks >= 2 && Number.isInteger(size) && size >= 2)) {
    throw new RangeError(
      `${values.length} values of ${labels} labels and ${masks} masks; give two or more of each, and of images in each cell`,
    );
  }
  const all = Float64Array.from(values);
  if (all.every((value) => value === all[0])) return null; // exact, unlike sums of squares
  const grand = meanOf(all);
  const cells = cellMeans(all, labels, masks);
  const labelMeans = Array.from({ length: labels }, (_, l) => meanOf(cells.subarray(l * masks, (l + 1) * masks)));
  const maskMeans = Array.from(
    { length: masks },
    (_, m) => meanOf(Float64Array.from({ length: labels }, (_, l) => cells[l * masks + m])),
  );
  const squares = (deviations: Iterable<number>) => Array.from(deviations).reduce((sum, each) => sum + each * each, 0);
  const ofLabel = size * masks * squares(labelMeans.map((mean) => mean - grand));
  const ofMask = size * labels * squares(maskMeans.map((mean) => mean - grand));
  const ofBoth = size *
    squares(cells.map((mean, i) => mean - labelMeans[Math.floor(i / masks)] - maskMeans[i % masks] + grand));
  const within = squares(all.map((value, i) => value - cells[Math.floor(i / size)]));
  const total = ofLabel + ofMask + ofBoth + within;
  const W = within / (labels * masks * (size - 1));
  const omega = (sum: number, freedom: number) => Math.max(0, (sum - freedom * W) / (total + W));
  return {
    label: ofLabel / total,
    mask: ofMask / total,
    interaction: ofBoth / total,
    rest: within / total,
    labelOmega: omega(ofLabel, labels - 1),
    maskOmega: omega(ofMask, masks - 1),
    interactionOmega: omega(ofBoth, (labels - 1) * (masks - 1)),
  };
}

/**
 * Mean of each cell of such a table.
 *
 * @returns shape [labels, masks].
 */
export function cellMeans(values: ArrayLike<number>, labels: number, masks: number): Float64Array {
  const size = values.length / (labels * masks);
  const all = Float64Array.from(values);
  return Float64Array.from({ length: labels * masks }, (_, i) => meanOf(all.subarray(i * size, (i + 1) * size)));
}

function meanOf(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
