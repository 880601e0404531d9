/**
 * Do generated images show the label that was asked for?
 *
 * @module
 */
import { permutation, type Random } from "../../random.ts";
import { type Estimate, estimateMean } from "../../statistics/mod.ts";
import { LABELS } from "../network/image_generator.ts";

/** How often the judge sees the label that was asked for. */
export interface LabelFidelity {
  /** Number of images. */
  readonly count: number;
  /** Share of the images in which the judge sees the label that was asked for, in [0, 1]. */
  readonly share: Estimate;
  /** The same after the asked labels are shuffled among the images: what a generator that ignores labels would get. */
  readonly shuffled: Estimate;
  /** The share for each label; null when no image of the label was asked for. */
  readonly byLabel: readonly (number | null)[];
  /** Number of images for each asked label (row) and each label that the judge sees (column), 10 x 10. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Compares the labels that images were asked for with those that a judge sees in them.
 *
 * @param asked labels 0 .. 9 that were asked for, at least one.
 * @param judged the labels 0 .. 9 that the judge sees in the same images.
 * @throws {RangeError} when there are none, or not equally many.
 */
export function labelFidelity(asked: Uint8Array, judged: Uint8Array, random: Random): LabelFidelity {
  const count = asked.length;
  if (judged.length !== count) throw new RangeError(`${count} labels stand beside ${judged.length}`);
  const confusion = Array.from({ length: LABELS }, () => new Array<number>(LABELS).fill(0));
  for (let i = 0; i < count; i++) confusion[asked[i]][judged[i]]++;
  const order = permutation(count, random);
  return {
    count,
    share: estimateMean(asked.map((label, i) => label === judged[i] ? 1 : 0), random),
    shuffled: estimateMean(asked.map((_, i) => asked[order[i]] === judged[i] ? 1 : 0), random),
    byLabel: confusion.map((row, label) => {
      const all = row.reduce((sum, images) => sum + images, 0);
      return all === 0 ? null : row[label] / all;
    }),
    confusion,
  };
}
