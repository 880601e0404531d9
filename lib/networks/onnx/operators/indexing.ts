/**
 * Operators that pick entries by their places, and put entries at places. Places known beforehand become one gather.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { plainOrder, product, range, Value } from "../value.ts";
import {
  asFloat,
  asInt,
  axisOf,
  type Call,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
  withoutGradient,
} from "./operator.ts";

/** Places counted from the front, each checked. */
function places(call: Call, given: readonly number[], size: number): number[] {
  return given.map((place) => {
    const found = place < 0 ? place + size : place;
    return found >= 0 && found < size ? found : refuse(call, `takes entry ${place} of ${size}`);
  });
}

const gather: Operator = (call) => {
  const x = input(call, 0);
  const indices = input(call, 1);
  const axis = axisOf(call, attribute.number(call.node, "axis", 0), x.rank);
  const size = x.shape[axis];
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  checkedShape(call, shape);
  if (indices.known !== "no" && indices.tensor.size === 1) return takeOne(call, x, axis, indices, shape);
  const flat = indices.known === "no"
    ? tf.where(tf.less(indices.plain(), 0), tf.add(indices.plain(), tf.scalar(size, "int32")), indices.plain())
      .flatten()
    : tf.tensor1d(places(call, knownInput(call, 1)!, size), "int32");
  return new Value(tf.gather(x.plain(), asInt(flat) as tf.Tensor1D, axis).reshape(shape));
};

/** One entry along an axis is a slice, whose gradient is cheap. */
function takeOne(call: Call, x: Value, axis: number, indices: Value, shape: readonly number[]): Value {
  const [place] = places(call, indices.entries(), x.shape[axis]);
  const at = x.placeOf(axis);
  const part = tf.slice(
    x.tensor,
    x.tensor.shape.map((_, i) => i === at ? place : 0),
    x.tensor.shape.map((n, i) => i === at ? 1 : n),
  );
  if (indices.rank === 0) {
    const order = x.order.filter((each) => each !== axis).map((each) => each > axis ? each - 1 : each);
    return new Value(part.reshape(order.map((each) => shape[each])), order);
  }
  return indices.rank === 1
    ? new Value(part, x.order)
    : new Value(new Value(part, x.order).plain().reshape([...shape]));
}

/** Strides of a shape: how far apart neighbours along each axis are. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => product(shape.slice(axis + 1)));
}

/** Flat places of entries, or of rows, that tuples of indices name. */
function rowsOf(call: Call, indices: readonly number[], depth: number, shape: readonly number[]): number[] {
  const strides = stridesOf(shape.slice(0, depth));
  return range(indices.length / Math.max(1, depth)).map((i) =>
    strides.reduce((sum, stride, axis) => sum + stride * places(call, [indices[i * depth + axis]], shape[axis])[0], 0)
  );
}

const gatherNd: Operator = (call) => {
  const x = input(call, 0);
  const indices = input(call, 1);
  const entries = knownInput(call, 1)!;
  const batch = attribute.number(call.node, "batch_dims", 0);
  const depth = indices.shape[indices.rank - 1];
  const outer = product(x.shape.slice(0, batch));
  const inner = x.shape.slice(batch);
  const each = entries.length / Math.max(1, outer);
  const rows = range(outer).flatMap((i) =>
    rowsOf(call, entries.slice(i * each, (i + 1) * each), depth, inner).map((row) =>
      row + i * product(inner.slice(0, depth))
    )
  );
  const rest = inner.slice(depth);
  const table = x.plain().reshape([outer * product(inner.slice(0, depth)), product(rest)]);
  const shape = checkedShape(call, [...indices.shape.slice(0, -1), ...rest]);
  return new Value(tf.gather(table, tf.tensor1d(rows, "int32")).reshape(shape));
};

/** Places of a flat tensor that the indices of GatherElements and ScatterElements name. */
function elementsOf(call: Call, indices: Value, axis: number, shape: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const own = stridesOf(indices.shape);
  const along = places(call, indices.entries(), shape[axis]);
  return along.map((place, i) =>
    strides.reduce((sum, stride, each) => {
      const at = each === axis ? place : Math.floor(i / own[each]) % indices.shape[each];
      return sum + stride * at;
    }, 0)
  );
}

const gatherElements: Operator = (call) => {
  const x = input(call, 0);
  knownInput(call, 1);
  const indices = input(call, 1);
  const axis = axisOf(call, attribute.number(call.node, "axis", 0), x.rank);
  const flat = tf.tensor1d(elementsOf(call, indices, axis, x.shape), "int32");
  return new Value(tf.gather(x.plain().flatten(), flat).reshape([...indices.shape]));
};

/**
 * Rows of a table with others put at places: each row of the result is taken from the table or from the updates.
 *
 * @param table shape [R, C].
 * @param updates shape [U, C].
 */
function scatterRows(call: Call, table: tf.Tensor2D, updates: tf.Tensor2D, rows: readonly number[]): tf.Tensor {
  const reduction = attribute.text(call.node, "reduction", "none");
  const count = table.shape[0];
  if (reduction === "none") {
    const from = range(count);
    rows.forEach((row, i) => from[row] = count + i);
    return tf.gather(tf.concat([table, updates], 0), tf.tensor1d(from, "int32"));
  }
  // updates of one row are joined one after the other, in rounds in which each row has at most one
  const combine = { add: tf.add, mul: tf.mul, max: tf.maximum, min: tf.minimum }[reduction] ??
    refuse(call, `has the reduction ${reduction}, which is not supported`);
  const neutral = { add: 0, mul: 1, max: -3.4e38, min: 3.4e38 }[reduction]!;
  let result: tf.Tensor = table;
  let waiting = rows.map((row, i) => ({ row, i }));
  const blank = tf.fill([1, table.shape[1]], neutral, table.dtype as "float32" | "int32");
  const choices = tf.concat([updates, blank as tf.Tensor2D], 0);
  while (waiting.length > 0) {
    const from = new Array<number>(count).fill(rows.length);
    const later: typeof waiting = [];
    for (const each of waiting) {
      if (from[each.row] === rows.length) from[each.row] = each.i;
      else later.push(each);
    }
    result = combine(result, tf.gather(choices, tf.tensor1d(from, "int32")));
    waiting = later;
  }
  return result;
}

const scatterNd: Operator = (call) => {
  const x = input(call, 0);
  const indices = input(call, 1);
  const depth = indices.shape[indices.rank - 1];
  const rows = rowsOf(call, knownInput(call, 1)!, depth, x.shape);
  const width = product(x.shape.slice(depth));
  const table = x.plain().reshape<tf.Tensor2D>([product(x.shape.slice(0, depth)), width]);
  const updates = input(call, 2).plain().reshape<tf.Tensor2D>([rows.length, width]);
  return new Value(scatterRows(call, table, updates, rows).reshape([...x.shape]), plainOrder(x.rank));
};

const scatterElements: Operator = (call) => {
  const x = input(call, 0);
  knownInput(call, 1);
  const axis = axisOf(call, attribute.number(call.node, "axis", 0), x.rank);
  const rows = elementsOf(call, input(call, 1), axis, x.shape);
  const table = x.plain().reshape<tf.Tensor2D>([x.tensor.size, 1]);
  const updates = input(call, 2).plain().reshape<tf.Tensor2D>([rows.length, 1]);
  return new Value(scatterRows(call, table, updates, rows).reshape([...x.shape]), plainOrder(x.rank));
};

const oneHot: Operator = (call) => {
  const indices = input(call, 0);
  const depth = knownInput(call, 1)![0];
  const values = input(call, 2);
  const [off, on] = knownInput(call, 2)!;
  const rank = indices.rank + 1;
  const axis = axisOf(call, attribute.number(call.node, "axis", -1), rank);
  checkedShape(call, [...indices.shape, depth]);
  const hot = withoutGradient([asFloat(indices.plain())], ([plain]) => {
    const places = tf.where(tf.less(plain, 0), tf.add(plain, depth), plain).cast("int32");
    return tf.oneHot(places, depth, on, off).cast(values.tensor.dtype);
  });
  const order = range(rank - 1);
  order.splice(axis, 0, rank - 1);
  return new Value(hot.transpose(order));
};

const nonZero: Operator = (call) => {
  const x = input(call, 0);
  const entries = knownInput(call, 0)!;
  const found = range(entries.length).filter((i) => entries[i] !== 0);
  const strides = stridesOf(x.shape);
  const rows = strides.flatMap((stride, axis) => found.map((i) => Math.floor(i / stride) % x.shape[axis]));
  return new Value(tf.tensor2d(rows, [x.rank, found.length], "int32"));
};

/** Operators that pick and put entries. */
export const INDEXING: OperatorTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  NonZero: nonZero,
  OneHot: oneHot,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
};
