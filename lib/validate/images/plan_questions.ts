/**
 * What there is to ask: which units, in which groups, and about which images.
 *
 * @module
 */
import type { Dataset, ImageSource } from "../../data/mod.ts";
import { InputError } from "../../errors.ts";
import { permutation, type Random } from "../../random.ts";
import type { LayerInfo, UnitId } from "../../types.ts";
import { ONE_IN } from "./choose_images.ts";

/** The most training images of which a unit's best and worst are taken; they are spread over the set. */
export const MOST_TRAINING_IMAGES = 10_000;

/** Fewest units: an interval over one unit says nothing. */
const FEWEST_UNITS = 2;

/** How much is asked. */
export interface Amounts {
  /** Pairs of test images a unit. */
  readonly pairs: number;
  /** References a side. */
  readonly images: number;
}

/**
 * Refuses what cannot be asked, before any work.
 *
 * @throws {InputError} when there are fewer than two units, fewer test images in the top 5 % than pairs, or fewer training
 * images than references.
 */
export function refuseTooFew(
  units: readonly UnitId[],
  { title, train, test }: Pick<Dataset, "title" | "train" | "test">,
  { pairs, images }: Amounts,
): void {
  if (units.length < FEWEST_UNITS) {
    throw new InputError(
      `${units.length} unit is chosen, and an interval over units needs at least ${FEWEST_UNITS}; choose more of them`,
    );
  }
  const tail = Math.floor(test.count / ONE_IN);
  if (tail < pairs) {
    const remedy = tail === 0 ? "" : `ask for at most ${tail} pairs, or `;
    throw new InputError(
      `${title} has ${test.count} test images, of which ${tail} are in the top 5 %, and as many in the bottom 5 %: too few ` +
        `for ${pairs} pairs; ${remedy}give a dataset with at least ${ONE_IN * pairs} test images`,
    );
  }
  if (train.count < 2 * images) {
    throw new InputError(
      `${title} has ${train.count} training images, too few for ${images} real images that excite a unit and as many that ` +
        `do not; ask for at most ${Math.floor(train.count / 2)}, or give a larger dataset`,
    );
  }
}

/** At most so many of the indices 0 .. count - 1, spread evenly. */
export function spreadIndices(count: number, most: number): number[] {
  const chosen = Math.min(most, count);
  return Array.from({ length: chosen }, (_, i) => Math.floor(i * count / chosen));
}

/** The images of a source that have these indices, as a source of their own. */
export function imagesAt(source: ImageSource, indices: readonly number[]): ImageSource {
  return {
    count: indices.length,
    size: source.size,
    labels: source.labels && indices.map((index) => source.labels![index]),
    images: (own) => source.images(Array.from(own, (i) => indices[i])),
  };
}

/**
 * The units whose activations are read: those that are chosen and, in a layer of which one alone is chosen, another one
 * drawn beside it, to lend it references.
 *
 * @param layers of the network.
 * @param random what a layer's other unit is drawn by.
 * @returns layers in the order of the network, units ascending.
 */
export function unitsToRead(
  layers: readonly LayerInfo[],
  chosen: readonly UnitId[],
  random: (layer: string) => Random,
): { readonly layer: string; readonly units: readonly number[] }[] {
  return layers.flatMap(({ name, units }) => {
    const own = [...new Set(chosen.filter(({ layer }) => layer === name).map(({ unit }) => unit))];
    if (own.length === 0) return [];
    if (own.length === 1 && units > 1) own.push((own[0] + random(name).integer(1, units - 1)) % units);
    return [{ layer: name, units: own.sort((a, b) => a - b) }];
  });
}

/**
 * Units of one layer in groups that are judged together. In a group each unit is judged by the references of the next one
 * too, so the order is drawn.
 *
 * @param units at least one.
 * @param most in a group, at least 3.
 * @returns groups as equal as may be; none of a single unit, unless there is just one.
 */
export function groupsOf<T>(units: readonly T[], most: number, random: Random): T[][] {
  const order = Array.from(permutation(units.length, random), (at) => units[at]);
  const groups = Math.ceil(units.length / most);
  const bound = (group: number) => Math.round(group * units.length / groups);
  return Array.from({ length: groups }, (_, group) => order.slice(bound(group), bound(group + 1)));
}
