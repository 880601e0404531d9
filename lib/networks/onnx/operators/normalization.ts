/**
 * Normalizations, with the statistics that are stored or those of the value itself.
 *
 * @module
 */
import { normalizeLast, tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { channelsLast, product, range, reshapeValue, Value } from "../value.ts";
import { axisOf, type Call, input, type Operator, type OperatorTable, refuse, withoutGradient } from "./operator.ts";

/** Stored means and variances: a scale and a shift for every channel. */
const batchNormalization: Operator = (call) => {
  if (
    attribute.number(call.node, "training_mode", 0) !== 0 || call.node.outputs.filter((name) => name !== "").length > 1
  ) {
    refuse(call, "is in training mode; export the network after model.eval()");
  }
  const x = input(call, 0);
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => input(call, i).plain());
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, attribute.number(call.node, "epsilon", 1e-5))));
  const offset = tf.sub(shift, tf.mul(mean, factor));
  const order = channelsLast(x.rank);
  return new Value(tf.add(tf.mul(x.inOrder(order), factor), offset), order);
};

/** x / sqrt(mean x^2 + epsilon) over the last axis. */
function rootMeanSquareLast(x: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)));
}

/** Normalizes over the axes from `axis` on, then scales and shifts entry by entry. */
function overLastAxes(normalize: (x: tf.Tensor, epsilon: number) => tf.Tensor): Operator {
  return (call) => {
    const x = input(call, 0);
    const axis = axisOf(call, attribute.number(call.node, "axis", -1), x.rank);
    const size = product(x.shape.slice(axis));
    // channels last are the last axis, whatever stands before them
    const inPlace = axis === x.rank - 1 && x.placeOf(axis) === x.rank - 1;
    const tensor = inPlace ? x.tensor : x.plain();
    const flat = axis === x.rank - 1 ? tensor : tensor.reshape([-1, size]);
    let y = normalize(flat, attribute.number(call.node, "epsilon", 1e-5));
    if (axis !== x.rank - 1) y = y.reshape(tensor.shape);
    y = tf.mul(y, input(call, 1).plain());
    const bias = call.inputs[2]?.plain();
    const result = new Value(bias === undefined ? y : tf.add(y, bias), inPlace ? x.order : range(x.rank));
    return call.node.outputs.length === 1 ? result : [result, ...statistics(call, x, axis)];
  };
}

/** Mean and inverse deviation over the axes from `axis` on, which stay as axes of size 1. */
function statistics(call: Call, x: Value, axis: number): Value[] {
  const axes = range(x.rank - axis, axis);
  const { mean, variance } = tf.moments(x.plain(), axes, true);
  const epsilon = attribute.number(call.node, "epsilon", 1e-5);
  return [new Value(mean), new Value(tf.rsqrt(tf.add(variance, epsilon)))];
}

/** Normalizes each group of channels of each image over its positions. */
function normalizeGroups(x: Value, groups: number, epsilon: number): Value {
  const flat = reshapeValue(x, [x.shape[0], groups, product(x.shape.slice(1)) / groups]);
  return new Value(normalizeLast(flat.plain(), epsilon).reshape([...x.shape]));
}

function scaleChannels(x: Value, scale: tf.Tensor, shift: tf.Tensor): Value {
  const order = channelsLast(x.rank);
  return new Value(tf.add(tf.mul(x.inOrder(order), scale), shift), order);
}

const instanceNormalization: Operator = (call) => {
  const x = input(call, 0);
  const y = normalizeGroups(x, x.shape[1], attribute.number(call.node, "epsilon", 1e-5));
  return scaleChannels(y, input(call, 1).plain(), input(call, 2).plain());
};

/** Scales are those of groups before opset 21, those of channels after. */
const groupNormalization: Operator = (call) => {
  const x = input(call, 0);
  const groups = attribute.number(call.node, "num_groups", 0);
  const channels = x.shape[1];
  if (groups < 1 || channels % groups !== 0) refuse(call, `has ${groups} groups for ${channels} channels`);
  const y = normalizeGroups(x, groups, attribute.number(call.node, "epsilon", 1e-5));
  const [scale, shift] = [1, 2].map((i) => {
    const given = input(call, i).plain();
    return given.size === channels
      ? given
      : tf.mul(given.reshape([groups, 1]), tf.ones([1, channels / groups])).reshape([channels]);
  });
  return scaleChannels(y, scale, shift);
};

/** Across neighbouring channels, as AlexNet does. */
const localResponse: Operator = (call) => {
  const x = input(call, 0);
  const size = attribute.number(call.node, "size", 1);
  const [alpha, beta, bias] = [["alpha", 1e-4], ["beta", 0.75], ["bias", 1]].map(([name, otherwise]) =>
    attribute.number(call.node, name as string, otherwise as number)
  );
  const images = x.inOrder(channelsLast(x.rank));
  const channels = x.shape[1];
  const before = Math.floor((size - 1) / 2);
  // sums of squares over neighbours: a product with a band of ones
  const band = tf.buffer([channels, channels]);
  for (let c = 0; c < channels; c++) {
    for (let k = Math.max(0, c - before); k < Math.min(channels, c - before + size); k++) band.set(1, k, c);
  }
  const squares = tf.matMul(tf.square(images).reshape([-1, channels]), band.toTensor() as tf.Tensor2D).reshape(
    images.shape,
  );
  return new Value(
    tf.div(images, tf.pow(tf.add(tf.mul(squares, alpha / size), bias), beta)),
    channelsLast(x.rank),
  );
};

const lpNormalization: Operator = (call) => {
  const x = input(call, 0);
  const place = x.placeOf(axisOf(call, attribute.number(call.node, "axis", -1), x.rank));
  const isFirst = attribute.number(call.node, "p", 2) === 1;
  const sum = tf.sum(isFirst ? tf.abs(x.tensor) : tf.square(x.tensor), place, true);
  // where all entries are 0 they stay 0
  const positive = tf.add(sum, withoutGradient([sum], ([sum]) => tf.equal(sum, 0).cast("float32")));
  return new Value(tf.div(x.tensor, isFirst ? positive : tf.sqrt(positive)), x.order);
};

const meanVariance: Operator = (call) => {
  const x = input(call, 0);
  const axes = (attribute.numbers(call.node, "axes") ?? [0, 2, 3]).map((axis) => x.placeOf(axisOf(call, axis, x.rank)));
  const centred = tf.sub(x.tensor, tf.mean(x.tensor, axes, true));
  return new Value(tf.div(centred, tf.add(tf.sqrt(tf.mean(tf.square(centred), axes, true)), 1e-9)), x.order);
};

/** Normalizations. */
export const NORMALIZATIONS: OperatorTable = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: localResponse,
  LayerNormalization: overLastAxes(normalizeLast),
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  RMSNormalization: overLastAxes(rootMeanSquareLast),
};
