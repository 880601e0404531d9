/**
 * Scaled dot-product attention as one operator, which torch writes from opset 23 on.
 *
 * @see Vaswani et al. (2017); https://onnx.ai/onnx/operators/onnx__Attention.html
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { range, Value } from "../value.ts";
import { type Call, input, type Operator, type OperatorTable, refuse } from "./operator.ts";
import { broadcastTo } from "./reshapes.ts";

/** Below every score, so that the softmax makes 0 of it. */
const MASKED = -3.4e38;

/** [N, T, heads d] as [N, heads, T, d]; rank 4 as it is. */
function heads(call: Call, value: Value, name: string): tf.Tensor4D {
  const x = value.plain();
  if (x.rank === 4) return x as tf.Tensor4D;
  const count = attribute.number(call.node, name, 0);
  const [n, tokens, width] = x.shape;
  if (x.rank !== 3 || count < 1 || width % count !== 0) refuse(call, `has ${count} heads for ${width} features`);
  return x.reshape([n, tokens, count, width / count]).transpose([0, 2, 1, 3]) as tf.Tensor4D;
}

/** Keys or values of groups of heads, once for each head. */
function perHead(x: tf.Tensor4D, count: number): tf.Tensor4D {
  const [n, groups, tokens, width] = x.shape;
  if (groups === count) return x;
  const copies = broadcastTo(x.expandDims(2), [n, groups, count / groups, tokens, width]);
  return copies.reshape([n, count, tokens, width]);
}

/** What is added to the scores: masks, of numbers or of truth values, and the future of each token. */
function bias(call: Call, queries: number, keys: number, past: number): tf.Tensor | undefined {
  const given = call.inputs[3]?.plain();
  let mask = given === undefined
    ? undefined
    : given.dtype === "bool"
    ? tf.mul(tf.sub(1, given.cast("float32")), MASKED)
    : given;
  if (mask !== undefined && mask.shape[mask.rank - 1] < keys) {
    const lack = keys - mask.shape[mask.rank - 1];
    mask = tf.pad(mask, mask.shape.map((_, i) => [0, i === mask!.rank - 1 ? lack : 0] as [number, number]), MASKED);
  }
  if (attribute.number(call.node, "is_causal", 0) === 0) return mask;
  const future = range(queries).flatMap((q) => range(keys).map((k) => k > q + past ? MASKED : 0));
  const causal = tf.tensor2d(future, [queries, keys]);
  return mask === undefined ? causal : tf.maximum(tf.add(mask, causal), MASKED);
}

/** Values of the scores that a node may give as its fourth output, by the number of the mode. */
const SCORES = ["products", "products", "with mask", "softmax"] as const;

const attention: Operator = (call) => {
  if (call.inputs[6] !== undefined) refuse(call, "takes lengths of padded keys, which is not supported");
  const query = heads(call, input(call, 0), "q_num_heads");
  let [key, value] = [heads(call, input(call, 1), "kv_num_heads"), heads(call, input(call, 2), "kv_num_heads")];
  const past = call.inputs[4]?.plain() as tf.Tensor4D | undefined;
  if (past !== undefined) {
    key = tf.concat([past, key], 2);
    value = tf.concat([input(call, 5).plain() as tf.Tensor4D, value], 2);
  }
  const [, count, queries, width] = query.shape;
  const scale = attribute.number(call.node, "scale", 1 / Math.sqrt(width));
  const cap = attribute.number(call.node, "softcap", 0);
  const added = bias(call, queries, key.shape[2], past?.shape[2] ?? 0);
  // the factor before the product: there are fewer queries' entries than scores
  const raw: tf.Tensor = tf.matMul(tf.mul(query, scale), perHead(key, count), false, true);
  const products = cap > 0 ? tf.mul(tf.tanh(tf.div(raw, cap)), cap) : raw;
  // a cap that came after the mask would lift what the mask forbids
  const masked = added === undefined ? products : tf.add(products, added);
  const softmax = tf.softmax(masked);
  const y: tf.Tensor4D = tf.matMul(softmax, perHead(value, count)) as tf.Tensor4D;
  const result = input(call, 0).rank === 3
    ? y.transpose([0, 2, 1, 3]).reshape([y.shape[0], queries, count * y.shape[3]])
    : y;
  const scores =
    { products, "with mask": masked, softmax }[SCORES[attribute.number(call.node, "qk_matmul_output_mode", 0)]];
  return [new Value(result), new Value(key.clone()), new Value(value.clone()), new Value(scores.clone())];
};

/** Attention. */
export const ATTENTION: OperatorTable = { Attention: attention };
