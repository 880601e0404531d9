/**
 * Parameters of the two networks: variables by name. They are drawn from a seed or read from a file, and written to
 * one.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { toTensor, toWeightArray } from "../../networks/mod.ts";
import { takeWeight, type WeightArray, type Weights } from "../../weights/mod.ts";
import type { Random } from "../../random.ts";

/** The shape of a parameter, and the normal numbers that it begins with. */
export interface ParameterSpec {
  /** In TensorFlow's layout. */
  readonly shape: readonly number[];
  /** Standard deviation; with 0 all numbers begin as the mean. */
  readonly std: number;
  /** Default 0. */
  readonly mean?: number;
}

/** What parameters are, by name. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

/** Variables by name. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/** New variables with random numbers. */
export function initializeParameters(specs: ParameterSpecs, random: Random): Parameters {
  return new Map(
    Object.entries(specs).map(([name, { shape, std, mean = 0 }]) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const data = Float32Array.from({ length: size }, () => std === 0 ? mean : mean + std * random.normal());
      return [name, tf.tidy(() => tf.variable(tf.tensor(data, [...shape])))];
    }),
  );
}

/**
 * Variables with the numbers of a file.
 *
 * @throws {InputError} when a tensor is missing, has another shape or holds a number that is not finite.
 */
export function readParameters(specs: ParameterSpecs, weights: Weights, source: string): Parameters {
  // all arrays are taken before any variable is made: a file that does not fit leaves none behind
  const arrays = Object.entries(specs).map(([name, { shape }]) => {
    return [name, takeWeight(weights, name, layoutOfFile(shape), source)] as const;
  });
  return new Map(arrays.map(([name, array]) => [name, tf.tidy(() => tf.variable(toTensor(array)))]));
}

/** The variables as a file holds them, in PyTorch's layouts. */
export function writeParameters(parameters: Parameters): Map<string, WeightArray> {
  return new Map([...parameters].map(([name, variable]) => [name, toWeightArray(variable)]));
}

/** Copies that no optimizer changes. */
export function copyParameters(parameters: Parameters): Parameters {
  return new Map(
    [...parameters].map(([name, variable]) => [name, tf.tidy(() => tf.variable(variable.clone(), false))]),
  );
}

/** Frees the variables. */
export function disposeParameters(parameters: Parameters): void {
  tf.dispose([...parameters.values()]);
}

/** The shape in PyTorch's layout. */
function layoutOfFile(shape: readonly number[]): number[] {
  if (shape.length === 4) return [shape[3], shape[2], shape[0], shape[1]];
  return [...shape].reverse();
}
