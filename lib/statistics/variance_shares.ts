/**
 * Two-way analysis of variance: where the variance of a unit's activation comes from, the label or the mask.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";

/** Shares of the variance of a unit's activation over images. The first four sum to 1. */
export interface VarianceShares {
  /** Share explained by the label (eta squared), in [0, 1]. */
  readonly label: number;
  /** Share explained by the mask. */
  readonly mask: number;
  /** Share explained by the interaction of label and mask, beyond the sum of both. */
  readonly interaction: number;
  /** The rest: images of the same label and mask differ by their latents. */
  readonly rest: number;
  /**
   * The same shares minus what chance explains (omega squared). Where chance explains more than was found, 0 is given.
   */
  readonly labelOmega: number;
  readonly maskOmega: number;
  readonly interactionOmega: number;
}

/**
 * Analyses the variance of activations of images by label and mask, with equally many images in each cell. With sums of
 * squares SS about the grand mean, degrees of freedom df and the mean square W within cells,
 *
 *     eta^2 = SS / SS_total        omega^2 = (SS - df W) / (SS_total + W)
 *
 * @param values activations of `labels` x `masks` cells of one size of at least 2: all images of the first label under
 *   the first mask, then those of the first label under the second mask, and so on. Each image needs its own latent:
 *   the analysis takes images as independent.
 * @returns null when the activation is the same for all images.
 * @throws {RangeError} when there are fewer than two labels or masks, or the cells are not of one size of at least 2.
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
  if (all.every((value) => value === all[0])) return null; // an exact comparison, unlike sums of squares
  const grand = meanSimple([...all]);
  const cells = cellMeans(all, labels, masks);
  const labelMeans = Array.from(
    { length: labels },
    (_, l) => meanSimple([...cells.subarray(l * masks, (l + 1) * masks)]),
  );
  const maskMeans = Array.from(
    { length: masks },
    (_, m) => meanSimple(Array.from({ length: labels }, (_, l) => cells[l * masks + m])),
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
 * The mean of each cell of activations ordered as {@linkcode varianceShares} takes them.
 *
 * @returns shape [labels, masks].
 */
export function cellMeans(values: ArrayLike<number>, labels: number, masks: number): Float64Array {
  const size = values.length / (labels * masks);
  const all = Float64Array.from(values);
  return Float64Array.from(
    { length: labels * masks },
    (_, i) => meanSimple([...all.subarray(i * size, (i + 1) * size)]),
  );
}
