/**
 * Products of matrices.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { broadcastShape, plainOrder, product, Value } from "../value.ts";
import {
  asFloat,
  asInt,
  type Call,
  checkedShape,
  input,
  type Operator,
  type OperatorTable,
  refuse,
} from "./operator.ts";
import { broadcastTo } from "./reshapes.ts";
import { einsum } from "./einsum.ts";

/** Products of matrices in the last two axes, broadcast over the others as NumPy does. */
export function multiplyMatrices(call: Call, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.rank === 1) return squeezed(multiplyMatrices(call, a.expandDims(0), b), b.rank === 1 ? -1 : -2);
  if (b.rank === 1) return squeezed(multiplyMatrices(call, a, b.expandDims(1)), -1);
  const inner = a.shape[a.rank - 1];
  if (inner !== b.shape[b.rank - 2]) {
    refuse(call, `multiplies matrices of shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
  }
  const columns: number = b.shape[b.rank - 1];
  if (b.rank === 2) {
    const rows = product(a.shape.slice(0, -1));
    checkedShape(call, [rows, columns]);
    return tf.matMul(a.reshape([rows, inner]), b).reshape([...a.shape.slice(0, -1), columns]);
  }
  const outer = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  checkedShape(call, [...outer, a.shape[a.rank - 2], columns]);
  const spread = (x: tf.Tensor) => {
    const shape = [...outer, ...x.shape.slice(-2)];
    return x.rank === shape.length && x.shape.every((n, i) => n === shape[i]) ? x : broadcastTo(x, shape);
  };
  return tf.matMul(spread(a), spread(b));
}

function squeezed(x: tf.Tensor, axis: number): tf.Tensor {
  return x.squeeze([axis + x.rank]);
}

const matMul: Operator = (call) => {
  const [a, b] = [input(call, 0), input(call, 1)];
  // axes before the last may stand anywhere where the second factor is one matrix
  const y = b.rank === 2 && a.rank > 2 && a.placeOf(a.rank - 1) === a.rank - 1
    ? new Value(multiplyMatrices(call, asFloat(a.tensor), asFloat(b.plain())), a.order)
    : new Value(multiplyMatrices(call, asFloat(a.plain()), asFloat(b.plain())));
  return a.kind === "float" ? y : new Value(asInt(y.tensor), y.order);
};

/** alpha A B + beta C. */
const gemm: Operator = (call) => {
  const [alpha, beta] = ["alpha", "beta"].map((name) => attribute.number(call.node, name, 1));
  const [transA, transB] = ["transA", "transB"].map((name) => attribute.number(call.node, name, 0) !== 0);
  const [a, b]: tf.Tensor[] = [input(call, 0).plain(), input(call, 1).plain()];
  const inner = (a.shape as number[])[transA ? 0 : 1];
  if (a.rank !== 2 || b.rank !== 2 || inner !== b.shape[transB ? 1 : 0]) {
    refuse(call, `multiplies matrices of shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
  }
  checkedShape(call, [a.size / inner, b.size / inner]);
  let y: tf.Tensor = tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, transA, transB);
  if (alpha !== 1) y = tf.mul(y, alpha);
  const c = call.inputs[2]?.plain();
  if (c !== undefined && beta !== 0) y = tf.add(y, beta === 1 ? c : tf.mul(c, beta));
  return new Value(y, plainOrder(2));
};

/** Products of matrices. */
export const LINEAR: OperatorTable = { Einsum: einsum, Gemm: gemm, MatMul: matMul };
