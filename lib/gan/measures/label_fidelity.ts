/**
 * Whether generated images show what they were asked to show.
 *
 * @module
 */
import { permutation, type Random } from "../../random.ts";
import { type Estimate, estimateMean } from "../../statistics/mod.ts";
import { LABELS } from "../network/image_generator.ts";

/** How far the judge sees the labels that were asked for. */
export interface LabelFidelity {
  /** Number of images. */
  readonly count: number;
  /** Share of the images that the judge takes for what was asked, in [0, 1]. */
  readonly share: Estimate;
  /** The same with the labels asked for shuffled among the images: what an image would get that ignores its label. */
  readonly shuffled: Estimate;
  /** The share for each label; null where none was asked for. */
  readonly byLabel: readonly (number | null)[];
  /** Numbers of images, [label asked for][label that the judge sees], 10 x 10. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Compares the labels that images were asked for with those that a judge sees in them.
 *
 * @param asked labels 0 .. 9, at least one.
 * @param judged as many labels 0 .. 9.
 * @throws {RangeError} when there is none, or the numbers differ.
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
