/**
 * Operators that give the same entries another shape, or their axes another order.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { broadcastShape, product, range, reshapeValue, Value } from "../value.ts";
import {
  axisOf,
  type Call,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
} from "./operator.ts";

/** Axes from an input or, in older files, from an attribute. */
export function axesOf(call: Call, index: number, name = "axes"): readonly number[] | undefined {
  return knownInput(call, index) ?? attribute.numbers(call.node, name);
}

function reshaped(call: Call, value: Value, shape: readonly number[]): Value {
  if (product(shape) !== value.tensor.size) {
    refuse(call, `makes the shape [${shape.join(", ")}] of a value of [${value.shape.join(", ")}]`);
  }
  return reshapeValue(value, shape);
}

const reshape: Operator = (call) => {
  const x = input(call, 0);
  const wanted = [...axesOf(call, 1, "shape") ?? refuse(call, "has no shape")];
  const keepZero = attribute.number(call.node, "allowzero", 0) !== 0;
  const shape = wanted.map((n, i) =>
    n === 0 && !keepZero ? x.shape[i] ?? refuse(call, "copies an axis that is not there") : n
  );
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const rest = product(shape.filter((_, i) => i !== open));
    shape[open] = rest === 0 ? 0 : x.tensor.size / rest;
  }
  const stretched = call.rebatched && product(shape) !== x.tensor.size ? stretchShape(x.shape, shape) : undefined;
  return reshaped(call, x, checkedShape(call, stretched ?? shape));
};

/**
 * The shape that a file wrote down for its own number of images, for another number: one axis grows. It is the first that
 * joins, or is part of, an axis of the input that can have grown as much.
 *
 * @returns undefined where there is none.
 */
export function stretchShape(from: readonly number[], to: readonly number[]): number[] | undefined {
  // a ratio of whole numbers: as a float, 4/3 would not be exact
  const [many, few] = [product(from), product(to)];
  for (const axis of range(to.length)) {
    if (to[axis] * many % few !== 0) continue;
    const shape = to.map((n, i) => i === axis ? n * many / few : n);
    const [start, end] = [product(shape.slice(0, axis)), product(shape.slice(0, axis + 1))];
    const grown = range(from.length).some((own) => {
      const [first, last] = [product(from.slice(0, own)), product(from.slice(0, own + 1))];
      const nested = (start <= first && last <= end) || (first <= start && end <= last);
      return nested && from[own] * few % many === 0;
    });
    if (grown) return shape;
  }
  return undefined;
}

const flatten: Operator = (call) => {
  const x = input(call, 0);
  const given = attribute.number(call.node, "axis", 1);
  const axis = given === x.rank ? given : axisOf(call, given, x.rank);
  return reshaped(call, x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
};

const squeeze: Operator = (call) => {
  const x = input(call, 0);
  const axes = axesOf(call, 1)?.map((axis) => axisOf(call, axis, x.rank)) ??
    range(x.rank).filter((axis) => x.shape[axis] === 1);
  return reshaped(call, x, x.shape.filter((_, axis) => !axes.includes(axis)));
};

const unsqueeze: Operator = (call) => {
  const x = input(call, 0);
  const given = axesOf(call, 1) ?? refuse(call, "has no axes");
  const rank = x.rank + given.length;
  const axes = given.map((axis) => axisOf(call, axis, rank));
  let next = 0;
  return reshaped(call, x, range(rank).map((axis) => axes.includes(axis) ? 1 : x.shape[next++]));
};

/** No entry moves: only the note of where each axis is held changes. */
const permute: Operator = (call) => {
  const x = input(call, 0);
  const axes = attribute.numbers(call.node, "perm") ?? range(x.rank).reverse();
  if (axes.length !== x.rank || range(x.rank).some((axis) => !axes.includes(axis))) {
    refuse(call, `has the permutation [${axes.join(", ")}] for a value of rank ${x.rank}`);
  }
  return new Value(x.tensor.clone(), x.order.map((axis) => axes.indexOf(axis)));
};

const expand: Operator = (call) => {
  const x = input(call, 0);
  const shape = checkedShape(call, broadcastShape(x.shape, knownInput(call, 1) ?? []));
  return new Value(broadcastTo(x.plain(), shape));
};

/** Truth values are copied as numbers, since TensorFlow.js copies no others. */
export function broadcastTo(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (x.rank === shape.length && x.shape.every((n, i) => n === shape[i])) return x.clone();
  if (x.dtype === "bool") return tf.cast(broadcastTo(x.cast("int32"), shape), "bool");
  const whole = x.reshape([...new Array<number>(shape.length - x.rank).fill(1), ...x.shape]);
  return tf.add(whole, tf.zeros([...shape], x.dtype as "float32" | "int32"));
}

const tile: Operator = (call) => {
  const x = input(call, 0);
  const repeats = knownInput(call, 1) ?? [];
  checkedShape(call, x.shape.map((n, axis) => n * (repeats[axis] ?? 1)));
  let tensor = x.plain();
  repeats.forEach((count, axis) => {
    if (count === 1) return;
    const [before, after] = [tensor.shape.slice(0, axis), tensor.shape.slice(axis)];
    const copies = broadcastTo(tensor.reshape([...before, 1, ...after]), [...before, count, ...after]);
    tensor = copies.reshape([...before, count * after[0], ...after.slice(1)]);
  });
  return new Value(tensor === x.tensor ? tensor.clone() : tensor);
};

/** Channels to blocks of pixels. */
const depthToSpace: Operator = (call) => {
  const x = input(call, 0);
  const block = attribute.number(call.node, "blocksize", 1);
  const [n, channels, height, width] = x.shape;
  const depth = channels / (block * block);
  checkedShape(call, [n, depth, height * block, width * block]);
  const columnsFirst = attribute.text(call.node, "mode", "DCR") === "DCR";
  const parts = columnsFirst ? [n, block, block, depth, height, width] : [n, depth, block, block, height, width];
  const order = columnsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return new Value(x.plain().reshape(parts).transpose(order).reshape([n, depth, height * block, width * block]));
};

const spaceToDepth: Operator = (call) => {
  const x = input(call, 0);
  const block = attribute.number(call.node, "blocksize", 1);
  const [n, channels, height, width] = x.shape;
  const shape = checkedShape(call, [n, channels * block * block, height / block, width / block]);
  const parts = [n, channels, height / block, block, width / block, block];
  return new Value(x.plain().reshape(parts).transpose([0, 3, 5, 1, 2, 4]).reshape(shape));
};

const identity: Operator = (call) => new Value(input(call, 0).tensor.clone(), input(call, 0).order);

/** A network that is scored does not drop units. */
const dropout: Operator = (call) => {
  if (knownInput(call, 2)?.[0]) refuse(call, "is in training mode; export the network after model.eval()");
  const x = input(call, 0);
  return [new Value(x.tensor.clone(), x.order), new Value(tf.onesLike(x.tensor).cast("bool"), x.order)];
};

/** Operators that change shapes. */
export const RESHAPES: OperatorTable = {
  DepthToSpace: depthToSpace,
  Dropout: dropout,
  Expand: expand,
  Flatten: flatten,
  Identity: identity,
  Reshape: reshape,
  SpaceToDepth: spaceToDepth,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: permute,
  Unsqueeze: unsqueeze,
};
