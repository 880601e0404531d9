/**
 * Operators that work entry by entry, on one value or on several that are broadcast to one shape. They keep the order of
 * axes that their values are held in.
 *
 * @module
 */
import { gelu, geluTanh, hardSwish, nativeOps, relu, sigmoid, silu, tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { broadcastShape, plainOrder, raised, reshapeValue, Value } from "../value.ts";
import {
  asFloat,
  type Call,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
  withoutGradient,
} from "./operator.ts";

/** An operator from a function of one tensor. */
function unary(compute: (x: tf.Tensor, call: Call) => tf.Tensor): Operator {
  return (call) => {
    const x = input(call, 0);
    return new Value(compute(x.tensor, call), x.order);
  };
}

/** Tensors of one rank and order that TensorFlow can broadcast to each other. */
export function broadcast(call: Call, values: readonly Value[]): { tensors: tf.Tensor[]; order: readonly number[] } {
  let shape: number[] = [];
  try {
    for (const value of values) shape = broadcastShape(shape, value.shape);
  } catch (error) {
    if (error instanceof RangeError) refuse(call, `has inputs whose ${error.message}`);
    throw error;
  }
  checkedShape(call, shape);
  const rank = shape.length;
  // what the images make decides the order; constants are turned once
  const leader = values.filter((value) => value.rank === rank)
    .reduce((a, b) =>
      (a.known === "no") === (b.known === "no") ? (b.tensor.size > a.tensor.size ? b : a) : a.known === "no" ? a : b
    );
  const order = leader.order;
  return {
    order,
    tensors: values.map((value) =>
      value.tensor.size === 1 && rank > 0 && value.rank < rank
        ? value.tensor.reshape(new Array<number>(rank).fill(1))
        : raised(value, order)
    ),
  };
}

/** An operator from a function of tensors that broadcast. */
function joint(compute: (tensors: tf.Tensor[], call: Call) => tf.Tensor): Operator {
  return (call) => {
    const { tensors, order } = broadcast(call, call.inputs.map((_, i) => input(call, i)));
    const result = compute(tensors, call);
    return new Value(result, result.rank === order.length ? order : plainOrder(result.rank));
  };
}

function folded(compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator {
  return joint((tensors) => tensors.length === 1 ? tensors[0].clone() : tensors.reduce(compute));
}

/** Division of integers drops the fraction, whichever the sign. */
function divide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.dtype === "float32" || b.dtype === "float32") return tf.div(a, b);
  const remainder = tf.mod(a, b); // of the divisor's sign
  const toFloor = tf.floorDiv(a, b);
  const negative = tf.logicalAnd(
    tf.notEqual(remainder, 0),
    tf.notEqual(tf.less(a, 0).cast("int32"), tf.less(b, 0).cast("int32")),
  );
  return toFloor.add(negative.cast("int32"));
}

function power([base, exponent]: tf.Tensor[], { inputs }: Call): tf.Tensor {
  if (base.dtype === "float32" && exponent.size === 1 && inputs[1]!.known !== "no") {
    const [value] = inputs[1]!.entries();
    // squares and roots have gradients at 0, which the logarithm of the general power has not
    if (value === 2) return tf.square(base);
    if (value === 0.5) return tf.sqrt(base);
    if (value === 1) return base.clone();
    if (value === 3) return tf.mul(base, tf.square(base));
  }
  const result = tf.pow(asFloat(base), asFloat(exponent));
  return base.dtype === "float32" ? result : tf.cast(tf.round(result), base.dtype);
}

function modulo([a, b]: tf.Tensor[], call: Call): tf.Tensor {
  if (attribute.number(call.node, "fmod", 0) === 0) return tf.mod(a, b);
  const [x, y] = [asFloat(a), asFloat(b)];
  const quotient = tf.div(x, y);
  const whole = tf.mul(tf.sign(quotient), tf.floor(tf.abs(quotient)));
  return tf.cast(tf.sub(x, tf.mul(whole, y)), a.dtype);
}

const OF_FLOATS = { T: { kind: "float32 type" } } as const;

/**
 * x between 0 and 6, as MobileNets and their like have it: a gradient of one kernel instead of TensorFlow.js's five. It is 0
 * at both bounds, as that of PyTorch's ReLU6.
 */
function relu6(x: tf.Tensor): tf.Tensor {
  const ops = nativeOps();
  if (ops === null) return tf.relu6(x);
  return tf.customGrad((x, save) => {
    const value = tf.relu6(x as tf.Tensor);
    (save as tf.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, [value]: tf.Tensor[]) => ops.call("Relu6Grad", OF_FLOATS, [dy, value], 1)[0],
    };
  })(x);
}

/** Bounds are attributes before opset 11, inputs after. */
const clip: Operator = (call) => {
  const x = input(call, 0);
  const low = knownInput(call, 1)?.[0] ?? attribute.number(call.node, "min", -Infinity);
  const high = knownInput(call, 2)?.[0] ?? attribute.number(call.node, "max", Infinity);
  if (x.kind === "float" && low === 0 && high === Infinity) return new Value(relu(x.tensor), x.order);
  if (x.kind === "float" && low === 0 && high === 6) return new Value(relu6(x.tensor), x.order);
  let y = x.tensor;
  if (x.kind !== "float") {
    if (low > -Infinity) y = tf.maximum(y, tf.scalar(low, "int32"));
    if (high < Infinity) y = tf.minimum(y, tf.scalar(high, "int32"));
    return new Value(y.clone(), x.order);
  }
  // where the bounds cross, the upper one holds
  return new Value(low > high ? tf.minimum(tf.maximum(y, low), high) : tf.clipByValue(y, low, high), x.order);
};

function float(compute: (x: tf.Tensor) => tf.Tensor): Operator {
  return unary((x) => compute(x));
}

/** slope x below 0. */
function leaky(x: tf.Tensor, slope: number): tf.Tensor {
  return tf.sub(relu(x), tf.mul(relu(tf.neg(x)), slope));
}

const cast: Operator = (call) => {
  const x = input(call, 0);
  const type = attribute.number(call.node, "to", 1);
  const dtype = ({ 1: "float32", 10: "float32", 11: "float32", 16: "float32", 9: "bool" } as const)[type] ?? "int32";
  if (![1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16].includes(type)) {
    refuse(call, `casts to type ${type}, which is not supported`);
  }
  return new Value(x.tensor.dtype === dtype ? x.tensor.clone() : tf.cast(x.tensor, dtype), x.order);
};

const where: Operator = (call) => {
  const { tensors: [condition, yes, no], order } = broadcast(call, [0, 1, 2].map((i) => input(call, i)));
  const shape = broadcastShape(broadcastShape(condition.shape, yes.shape), no.shape);
  const fill = (x: tf.Tensor) => x.shape.every((n, i) => n === shape[i]) ? x : tf.broadcastTo(x, shape);
  return new Value(tf.where(fill(condition.cast("bool")), fill(yes), fill(no)), order);
};

/** Comparisons take truth values as numbers. */
function compare(compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator {
  const asNumber = (x: tf.Tensor) => x.dtype === "bool" ? x.cast("int32") : x;
  return joint((tensors) => withoutGradient(tensors, ([a, b]) => compute(asNumber(a), asNumber(b))));
}

/** 1 where a condition holds, else 0. */
function indicator(x: tf.Tensor, condition: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  return withoutGradient([x], ([x]) => condition(x).cast("float32"));
}

/** A function of truth values. */
function logical(compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator {
  return joint((tensors) => withoutGradient(tensors, ([a, b]) => compute(a, b)));
}

const FLOAT = { number: (call: Call, name: string, otherwise: number) => attribute.number(call.node, name, otherwise) };

/** Entry by entry. */
export const ELEMENTWISE: OperatorTable = {
  Abs: float(tf.abs),
  Acos: float(tf.acos),
  Acosh: float(tf.acosh),
  Asin: float(tf.asin),
  Asinh: float(tf.asinh),
  Atan: float(tf.atan),
  Atanh: float(tf.atanh),
  Ceil: float(tf.ceil),
  Cos: float(tf.cos),
  Cosh: float(tf.cosh),
  Erf: float(tf.erf),
  Exp: float(tf.exp),
  Floor: float(tf.floor),
  IsNaN: float((x) => withoutGradient([x], ([x]) => tf.isNaN(x))),
  Log: float(tf.log),
  Mish: float((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  Neg: float(tf.neg),
  Not: float((x) => withoutGradient([x], ([x]) => tf.logicalNot(x))),
  Reciprocal: float(tf.reciprocal),
  Relu: float((x) => x.dtype === "float32" ? relu(x) : tf.maximum(x, tf.scalar(0, "int32"))),
  Round: float(tf.round),
  Sigmoid: float(sigmoid),
  Sign: float(tf.sign),
  Sin: float(tf.sin),
  Sinh: float(tf.sinh),
  Softplus: float(tf.softplus),
  Softsign: float((x) => tf.div(x, tf.add(tf.abs(x), 1))),
  Sqrt: float(tf.sqrt),
  Tan: float(tf.tan),
  Tanh: float(tf.tanh),
  HardSwish: float(hardSwish),
  Celu: unary((x, call) => {
    const alpha = FLOAT.number(call, "alpha", 1);
    return tf.add(relu(x), tf.mul(tf.expm1(tf.minimum(tf.div(x, alpha), 0)), alpha));
  }),
  Elu: unary((x, call) => tf.add(relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), FLOAT.number(call, "alpha", 1)))),
  Gelu: unary((x, call) => attribute.text(call.node, "approximate", "none") === "tanh" ? geluTanh(x) : gelu(x)),
  HardSigmoid: unary((x, call) =>
    tf.clipByValue(tf.add(tf.mul(x, FLOAT.number(call, "alpha", 0.2)), FLOAT.number(call, "beta", 0.5)), 0, 1)
  ),
  LeakyRelu: unary((x, call) => leaky(x, FLOAT.number(call, "alpha", 0.01))),
  Selu: unary((x, call) => {
    const alpha = FLOAT.number(call, "alpha", 1.6732632423543772);
    return tf.mul(
      tf.add(relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), alpha)),
      FLOAT.number(call, "gamma", 1.0507009873554805),
    );
  }),
  Shrink: unary((x, call) => {
    const [bias, bound] = [FLOAT.number(call, "bias", 0), FLOAT.number(call, "lambd", 0.5)];
    const above = tf.mul(tf.sub(x, bias), indicator(x, (x) => tf.greater(x, bound)));
    return tf.add(above, tf.mul(tf.add(x, bias), indicator(x, (x) => tf.less(x, -bound))));
  }),
  Swish: unary((x, call) => silu(x, FLOAT.number(call, "alpha", 1))),
  ThresholdedRelu: unary((x, call) => tf.mul(x, indicator(x, (x) => tf.greater(x, FLOAT.number(call, "alpha", 1))))),
  Cast: cast,
  CastLike: (call) => {
    const x = input(call, 0);
    return new Value(tf.cast(x.tensor, input(call, 1).tensor.dtype), x.order);
  },
  Clip: clip,
  Where: where,
  Add: folded(tf.add),
  Sub: folded(tf.sub),
  Mul: folded(tf.mul),
  Div: folded(divide),
  Pow: joint(power),
  Mod: joint(modulo),
  Max: folded(tf.maximum),
  Min: folded(tf.minimum),
  Sum: folded(tf.add),
  Mean: joint((tensors) => tf.div(tensors.reduce((a, b) => tf.add(a, b)), tensors.length)),
  PRelu: (call) => {
    const [value, given] = [input(call, 0), input(call, 1)];
    // before opset 7 a list of slopes was one for each channel
    const perChannel = call.opset < 7 && given.rank === 1 && given.tensor.size > 1;
    const slopes = perChannel ? reshapeValue(given, [given.tensor.size, ...value.shape.slice(2).map(() => 1)]) : given;
    const { tensors: [x, slope], order } = broadcast(call, [value, slopes]);
    return new Value(tf.sub(relu(x), tf.mul(relu(tf.neg(x)), slope)), order);
  },
  And: logical(tf.logicalAnd),
  Or: logical(tf.logicalOr),
  Xor: logical((a, b) => tf.notEqual(a.cast("int32"), b.cast("int32"))),
  Equal: compare(tf.equal),
  Greater: compare(tf.greater),
  GreaterOrEqual: compare(tf.greaterEqual),
  Less: compare(tf.less),
  LessOrEqual: compare(tf.lessEqual),
};
