/**
 * Operators that make values of sizes and places, and sums along an axis.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { range, Value } from "../value.ts";
import {
  asFloat,
  axisOf,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
} from "./operator.ts";

const shapeOf: Operator = (call) => {
  const x = input(call, 0);
  const [start, end] = [attribute.number(call.node, "start", 0), attribute.number(call.node, "end", x.rank)];
  const part = x.shape.slice(start, end);
  return new Value(tf.tensor1d([...part], "int32"));
};

const constantOfShape: Operator = (call) => {
  const shape = checkedShape(call, knownInput(call, 0) ?? []);
  const value = attribute.array(call.node, "value");
  const dtype = ({ float: "float32", int: "int32", bool: "bool" } as const)[value?.kind ?? "float"];
  return new Value(tf.fill([...shape], value?.data[0] ?? 0, dtype === "bool" ? "int32" : dtype).cast(dtype));
};

/** Most numbers of a Range. */
const MOST_NUMBERS = 2 ** 24;

const rangeOf: Operator = (call) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => knownInput(call, i)?.[0] ?? refuse(call, "lacks an input"));
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= MOST_NUMBERS)) refuse(call, `makes ${count} numbers; up to ${MOST_NUMBERS} are supported`);
  const numbers = range(count).map((i) => start + i * delta);
  return new Value(tf.tensor1d(numbers, input(call, 0).kind === "float" ? "float32" : "int32"));
};

/** The upper or lower triangle of matrices. */
const triangle: Operator = (call) => {
  const x = input(call, 0);
  const diagonal = knownInput(call, 1)?.[0] ?? 0;
  const upper = attribute.number(call.node, "upper", 1) !== 0;
  const [rows, columns] = x.shape.slice(-2);
  const mask = range(rows).flatMap((r) =>
    range(columns).map((c) => (upper ? c - r >= diagonal : c - r <= diagonal) ? 1 : 0)
  );
  return new Value(
    tf.mul(x.plain(), tf.tensor2d(mask, [rows, columns], x.tensor.dtype === "float32" ? "float32" : "int32")),
  );
};

const eyeLike: Operator = (call) => {
  const [rows, columns] = input(call, 0).shape;
  const offset = attribute.number(call.node, "k", 0);
  const entries = range(rows).flatMap((r) => range(columns).map((c) => c - r === offset ? 1 : 0));
  const type = attribute.number(call.node, "dtype", input(call, 0).kind === "float" ? 1 : 6);
  return new Value(tf.tensor2d(entries, [rows, columns], [1, 10, 11].includes(type) ? "float32" : "int32"));
};

const size: Operator = (call) => new Value(tf.scalar(input(call, 0).tensor.size, "int32"));

const constant: Operator = (call) => {
  const array = attribute.array(call.node, "value");
  if (array !== undefined) return Value.from(array);
  for (const name of ["value_float", "value_int"]) {
    const value = call.node.attributes.get(name);
    if (typeof value === "number") return new Value(tf.scalar(value, name === "value_int" ? "int32" : "float32"));
  }
  for (const name of ["value_floats", "value_ints"]) {
    const value = attribute.numbers(call.node, name);
    if (value !== undefined) return new Value(tf.tensor1d([...value], name === "value_ints" ? "int32" : "float32"));
  }
  return refuse(call, "holds neither numbers nor a tensor");
};

/** Sums along an axis so far. */
const cumulativeSum: Operator = (call) => {
  const x = input(call, 0);
  const axis = axisOf(call, knownInput(call, 1)?.[0] ?? 0, x.rank);
  const [exclusive, reverse] = ["exclusive", "reverse"].map((name) => attribute.number(call.node, name, 0) !== 0);
  // along the last axis: TensorFlow.js's gradient along others has the wrong shape
  const order = [...range(x.rank).filter((each) => each !== axis), axis];
  const sums = tf.cumsum(asFloat(x.inOrder(order)), x.rank - 1, exclusive, reverse);
  return new Value(sums.cast(x.tensor.dtype), order);
};

/** Operators that make values of sizes and places. */
export const GENERATORS: OperatorTable = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  CumSum: cumulativeSum,
  EyeLike: eyeLike,
  Range: rangeOf,
  Shape: shapeOf,
  Size: size,
  Trilu: triangle,
};
