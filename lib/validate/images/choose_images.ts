/**
 * Which real images are shown: those that excite a unit most and least.
 *
 * @module
 */
import { permutation, type Random } from "../../random.ts";

/** One test image in this many, 5 %, counts as exciting a unit, and as many as not exciting it. */
export const ONE_IN = 20;

/** Images at both ends of a unit's activation, by their indices. */
export interface Ends {
  /** The most exciting. */
  readonly most: readonly number[];
  /** The least exciting; as many. */
  readonly least: readonly number[];
}

/**
 * The images that excite a unit most, and those that excite it least. Which of equally exciting ones they are is drawn.
 *
 * @param activations of N images.
 * @param count of each, from 1 to N / 2.
 * @returns the most exciting first, and the least exciting first; null where not every one of the first excites the unit
 * more than every one of the second, or an activation is not finite: such a unit does not tell images apart.
 */
export function imagesAtEnds(activations: ArrayLike<number>, count: number, random: Random): Ends | null {
  const place = permutation(activations.length, random); // a class may lie side by side: ties must not go by index
  const order = Array.from(place, (_, index) => index)
    .sort((a, b) => activations[b] - activations[a] || place[a] - place[b]);
  if (!order.every((index) => Number.isFinite(activations[index]))) return null;
  const [most, least] = [order.slice(0, count), order.reverse().slice(0, count)];
  return activations[most[count - 1]] > activations[least[count - 1]] ? { most, least } : null;
}

/**
 * The pairs of test images that are asked about: one of the 5 % that excite the unit most, one of the 5 % that excite it
 * least. More pairs by the same source of chance begin with the same ones.
 *
 * @param activations of N test images.
 * @param pairs from 1 to N / 20.
 * @returns pair i is `most[i]` and `least[i]`, no image twice; null where the unit does not tell such images apart.
 */
export function choosePairs(activations: ArrayLike<number>, pairs: number, random: Random): Ends | null {
  const tail = Math.floor(activations.length / ONE_IN);
  const ends = imagesAtEnds(activations, tail, random);
  if (ends === null) return null;
  const drawn = (indices: readonly number[]) =>
    Array.from(permutation(tail, random).subarray(0, pairs), (at) => indices[at]);
  return { most: drawn(ends.most), least: drawn(ends.least) };
}
