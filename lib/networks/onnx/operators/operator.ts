/**
 * What an operator is: a function of values, built from TensorFlow.js's differentiable operations.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { describeNode, type GraphNode } from "../graph.ts";
import { InputError } from "../../../errors.ts";
import { product, type Value } from "../value.ts";

/** What an operator is given. */
export interface Call {
  readonly node: GraphNode;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Version of the operators' definitions. */
  readonly opset: number;
  /** Whether the network runs on another number of images than its file fixes. */
  readonly rebatched: boolean;
}

/** Computes the outputs of a node, those that nobody uses may be missing. */
export type Operator = (call: Call) => Value | readonly Value[];

/** Operators by name. */
export type OperatorTable = Readonly<Record<string, Operator>>;

/** Most entries of one value: 2 GiB of float32. What asks for more is a mistake or malice. */
const MOST_ENTRIES = 2 ** 29;
/** Most entries of a value that says where others lie or how large they are. */
const MOST_KNOWN = 2 ** 26;

/** @throws {InputError} what the node has that is not supported. */
export function refuse(call: Call, what: string): never {
  throw new InputError(`${describeNode(call.node)} ${what}`);
}

/** An input that must be there. */
export function input(call: Call, index: number): Value {
  return call.inputs[index] ?? refuse(call, `lacks its input ${index}`);
}

/** The entries of an input that must be known before the network runs, such as the shape of a Reshape. */
export function knownInput(call: Call, index: number): readonly number[] | undefined {
  const value = call.inputs[index];
  if (value === undefined) return undefined;
  if (value.known === "no") {
    return refuse(call, `takes ${call.node.inputs[index]} from the image, where a value known beforehand is needed`);
  }
  if (value.tensor.size > MOST_KNOWN) {
    refuse(call, `takes ${value.tensor.size} places or sizes; up to ${MOST_KNOWN} are supported`);
  }
  return value.entries();
}

/** An axis counted from the front. */
export function axisOf(call: Call, axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  return Number.isInteger(found) && found >= 0 && found < rank
    ? found
    : refuse(call, `names the axis ${axis} of a value of ${rank} axes`);
}

/** @returns the shape, if a value of it can be held. */
export function checkedShape(call: Call, shape: readonly number[]): number[] {
  if (!shape.every((n) => Number.isInteger(n) && n >= 0) || product(shape) > MOST_ENTRIES) {
    return refuse(
      call,
      `makes a value of the shape [${shape.join(", ")}], which is impossible or too large; use fewer or smaller images`,
    );
  }
  return [...shape];
}

/**
 * A function that is constant wherever it is smooth, such as a comparison: its gradient is 0, where TensorFlow.js has none
 * and would refuse what follows.
 */
export function withoutGradient(inputs: readonly tf.Tensor[], compute: (inputs: tf.Tensor[]) => tf.Tensor): tf.Tensor {
  const shapes = inputs.map(({ shape }) => shape);
  return tf.customGrad((...args) => ({
    value: compute(args.slice(0, -1) as tf.Tensor[]),
    gradFunc: () => shapes.map((shape) => tf.zeros(shape)),
  }))(...inputs);
}

/** Parts of a tensor along an axis; TensorFlow.js has no gradient of a split into one. */
export function splitTensor<T extends tf.Tensor>(tensor: T, parts: number | number[], axis: number): T[] {
  const count = typeof parts === "number" ? parts : parts.length;
  return count === 1 ? [tensor.clone() as T] : tf.split(tensor, parts, axis) as T[];
}

/** A tensor's entries as 32-bit integers. */
export function asInt(tensor: tf.Tensor): tf.Tensor {
  return tensor.dtype === "int32" ? tensor : tf.cast(tensor, "int32");
}

/** A tensor's entries as floats. */
export function asFloat(tensor: tf.Tensor): tf.Tensor {
  return tensor.dtype === "float32" ? tensor : tf.cast(tensor, "float32");
}
