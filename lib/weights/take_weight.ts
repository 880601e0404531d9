/**
 * Arrays out of a weight file by name, checked.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { WeightArray } from "./safetensors.ts";

/** Weights by name, in PyTorch's layouts. */
export type Weights = ReadonlyMap<string, WeightArray>;

/**
 * The array of a name, checked.
 *
 * @throws {InputError} when it is missing, has another shape or holds a number that is not finite.
 */
export function takeWeight(weights: Weights, name: string, shape: readonly number[], source: string): WeightArray {
  const array = weights.get(name);
  if (array === undefined) {
    const wrapped = [...weights.keys()].find((each) => each.endsWith(`.${name}`));
    const found = wrapped === undefined ? "" : `, but has ${wrapped}`;
    throw new InputError(`${source} has no tensor ${name}${found}; is it the weight file of another network?`);
  }
  if (array.shape.join() !== shape.join()) {
    throw new InputError(
      `${source}: ${name} has shape [${array.shape}] instead of [${shape}]; is it the weight file of another network?`,
    );
  }
  if (!array.data.every(Number.isFinite)) {
    throw new InputError(`${source}: ${name} holds a number that is not finite; use an intact weight file`);
  }
  return array;
}
