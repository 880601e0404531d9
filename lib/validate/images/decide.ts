/**
 * The choice between two images that a perceptual metric makes in place of a person: which of them excites a unit more?
 *
 * @see Borowski et al. (2021), "Exemplary natural images explain CNN activations better than state-of-the-art feature
 * visualization"; Zimmermann et al. (2024), "Measuring mechanistic interpretability at scale without humans", section 3
 * @module
 */
import { meanSimple } from "simple-statistics";

/**
 * How much more an image is like those that excite a unit than like those that do not.
 *
 *     mean over negative n of d(q, n)  -  mean over positive p of d(q, p)
 *
 * @param toPositive distances of the image q to the references that excite the unit, at least one.
 * @param toNegative its distances to those that do not, at least one.
 * @returns positive where it is nearer to the positive ones.
 */
export function likeness(toPositive: readonly number[], toNegative: readonly number[]): number {
  return meanSimple([...toNegative]) - meanSimple([...toPositive]);
}

/**
 * Share of pairs of which the right image is chosen: the exciting one has the higher likeness. Of two of equal likeness one is
 * chosen by chance, which is right half the time.
 *
 * @param exciting likeness of the exciting image of each pair.
 * @param other likeness of the other one of each pair.
 * @returns in [0, 1]; by chance 1/2.
 * @throws {RangeError} when there is no pair, or the numbers of images differ.
 */
export function shareRight(exciting: readonly number[], other: readonly number[]): number {
  if (exciting.length === 0 || exciting.length !== other.length) {
    throw new RangeError(`${exciting.length} exciting images and ${other.length} others are no pairs`);
  }
  const right = exciting.reduce((sum, one, i) => sum + (one > other[i] ? 1 : one === other[i] ? 1 / 2 : 0), 0);
  return right / exciting.length;
}
