/**
 * Reductions over axes, and the softmax.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { product, range, Value } from "../value.ts";
import {
  asFloat,
  axisOf,
  type Call,
  input,
  type Operator,
  type OperatorTable,
  refuse,
  withoutGradient,
} from "./operator.ts";
import { axesOf } from "./reshapes.ts";

/** The order of the axes that are left when some are gone. */
function without(order: readonly number[], axes: readonly number[]): number[] {
  return order.filter((axis) => !axes.includes(axis)).map((axis) => axis - axes.filter((gone) => gone < axis).length);
}

/**
 * @param compute reduces places of a tensor, which stay as axes of size 1 where `keep`.
 * @param empty what it gives where there is nothing to reduce.
 */
function reduce(compute: (x: tf.Tensor, places: number[], keep: boolean) => tf.Tensor, empty = 0): Operator {
  return (call) => {
    const x = input(call, 0);
    const given = axesOf(call, 1);
    const none = given === undefined || given.length === 0;
    const entrywise = none && attribute.number(call.node, "noop_with_empty_axes", 0) !== 0;
    const axes = entrywise ? [] : none ? range(x.rank) : given.map((axis) => axisOf(call, axis, x.rank));
    const keep = attribute.number(call.node, "keepdims", 1) !== 0;
    const dtype = x.tensor.dtype;
    const places = axes.map((axis) => x.placeOf(axis));
    let y: tf.Tensor;
    if (x.tensor.size === 0) y = emptied(x.tensor.shape, places, keep, empty);
    else if (places.length === 0) y = compute(x.tensor.expandDims(x.rank), [x.rank], false);
    else y = compute(x.tensor, places, keep);
    if (dtype === "int32" && y.dtype !== dtype) y = y.cast(dtype);
    return new Value(y, keep || places.length === 0 ? x.order : without(x.order, axes));
  };
}

function logSumExp(x: tf.Tensor, places: number[], keep: boolean): tf.Tensor {
  const values = asFloat(x);
  const top = tf.max(values, places, true);
  // an infinite maximum is the result: nothing is subtracted from it
  const finite = tf.where(tf.isFinite(top), top, tf.zerosLike(top));
  const result = tf.add(tf.log(tf.sum(tf.exp(tf.sub(values, finite)), places, true)), finite);
  if (keep) return result;
  return result.reshape(result.shape.filter((_, place) => !places.includes(place)));
}

/** Truth values are reduced as numbers. */
function extreme(compute: (x: tf.Tensor, places: number[], keep: boolean) => tf.Tensor) {
  return (x: tf.Tensor, places: number[], keep: boolean): tf.Tensor =>
    x.dtype === "bool" ? compute(x.cast("int32"), places, keep).cast("bool") : compute(x, places, keep);
}

/** A reduction of nothing. */
function emptied(shape: readonly number[], places: readonly number[], keep: boolean, value: number): tf.Tensor {
  return tf.fill(shape.flatMap((n, place) => places.includes(place) ? (keep ? [1] : []) : [n]), value);
}

/** A function along one axis, which must stand last for TensorFlow; before opset 13 along all axes from one on. */
function alongAxis(compute: (x: tf.Tensor) => tf.Tensor): Operator {
  return (call) => {
    const x = input(call, 0);
    const old = call.opset < 13;
    const axis = axisOf(call, attribute.number(call.node, "axis", old ? 1 : -1), x.rank);
    if (old) {
      const plain = x.plain();
      return new Value(compute(plain.reshape([product(x.shape.slice(0, axis)), -1])).reshape(plain.shape));
    }
    if (x.placeOf(axis) === x.rank - 1) return new Value(compute(x.tensor), x.order);
    const order = [...range(x.rank).filter((each) => each !== axis), axis];
    return new Value(compute(x.inOrder(order)), order);
  };
}

function hardmax(x: tf.Tensor): tf.Tensor {
  return withoutGradient([x], ([x]) => tf.oneHot(tf.argMax(x, -1).toInt(), x.shape[x.rank - 1]).cast("float32"));
}

function argument(sign: 1 | -1): Operator {
  return (call: Call) => {
    const x = input(call, 0);
    const axis = axisOf(call, attribute.number(call.node, "axis", 0), x.rank);
    const last = attribute.number(call.node, "select_last_index", 0) !== 0;
    const found = withoutGradient([asFloat(x.plain())], ([x]) => {
      const plain = tf.mul(x, sign);
      return last
        ? tf.sub(x.shape[axis] - 1, tf.argMax(tf.reverse(plain, axis), axis)).cast("int32")
        : tf.argMax(plain, axis).cast("int32");
    });
    return new Value(attribute.number(call.node, "keepdims", 1) !== 0 ? found.expandDims(axis) : found);
  };
}

/** The k largest entries (sign 1) or smallest (-1) along the last axis, with the gradient that TensorFlow.js lacks. */
function largest(x: tf.Tensor, k: number, sign: number): tf.Tensor {
  return tf.customGrad((input, save) => {
    const { values, indices } = tf.topk(tf.mul(input as tf.Tensor, sign), k);
    (save as tf.GradSaveFunc)([indices]);
    const size = x.shape[x.rank - 1];
    return {
      value: tf.mul(values, sign),
      gradFunc: (dy: tf.Tensor, [places]: tf.Tensor[]) =>
        tf.sum(tf.mul(tf.oneHot(places.cast("int32"), size).cast("float32"), dy.expandDims(-1)), -2),
    };
  })(x);
}

/** The k largest entries and their places. */
const topK: Operator = (call) => {
  const x = input(call, 0);
  const axis = axisOf(call, attribute.number(call.node, "axis", -1), x.rank);
  const k = axesOf(call, 1, "k")?.[0] ?? attribute.number(call.node, "k", 1);
  if (k > x.shape[axis]) refuse(call, `takes the ${k} largest of ${x.shape[axis]} entries`);
  const sign = attribute.number(call.node, "largest", 1) !== 0 ? 1 : -1;
  const order = [...range(x.rank).filter((each) => each !== axis), axis];
  const tensor = asFloat(x.inOrder(order));
  const indices = withoutGradient([tensor], ([x]) => tf.topk(tf.mul(x, sign), k).indices.cast("int32"));
  const values = largest(tensor, k, sign);
  return [new Value(values.cast(x.tensor.dtype), order), new Value(indices, order)];
};

const sum = (x: tf.Tensor, places: number[], keep: boolean) => tf.sum(x, places, keep);

/** Reductions. */
export const REDUCTIONS: OperatorTable = {
  ArgMax: argument(1),
  ArgMin: argument(-1),
  Hardmax: alongAxis(hardmax),
  LogSoftmax: alongAxis((x) => tf.logSoftmax(x)),
  ReduceL1: reduce((x, places, keep) => sum(tf.abs(x), places, keep)),
  ReduceL2: reduce((x, places, keep) => tf.sqrt(asFloat(sum(tf.square(x), places, keep)))),
  ReduceLogSum: reduce((x, places, keep) => tf.log(asFloat(sum(x, places, keep))), -Infinity),
  ReduceLogSumExp: reduce(logSumExp, -Infinity),
  ReduceMax: reduce(extreme((x, places, keep) => tf.max(x, places, keep)), -Infinity),
  ReduceMean: reduce((x, places, keep) => tf.mean(x, places, keep)),
  ReduceMin: reduce(extreme((x, places, keep) => tf.min(x, places, keep)), Infinity),
  ReduceProd: reduce((x, places, keep) => tf.prod(x, places, keep), 1),
  ReduceSum: reduce(sum),
  ReduceSumSquare: reduce((x, places, keep) => sum(tf.square(x), places, keep)),
  Softmax: alongAxis((x) => tf.softmax(x)),
  TopK: topK,
};
