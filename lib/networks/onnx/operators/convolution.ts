/**
 * Convolutions and transposed convolutions, grouped and depthwise ones included. Channels last inside.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { channelsLast, range, reshapeValue, Value } from "../value.ts";
import { convolve, convolveDepthwise, type Movement, spread, withInputGradient } from "./convolution_kernels.ts";
import { type Call, checkedShape, input, type Operator, type OperatorTable, refuse, splitTensor } from "./operator.ts";
import { extent, windowAxes, type WindowAxis, windowsOf } from "./windows.ts";

function movement([down, across]: readonly WindowAxis[]): Movement {
  return {
    strides: [down.stride, across.stride],
    dilations: [down.dilation, across.dilation],
    padding: [down.before, down.after, across.before, across.after],
  };
}

/** A value of rank 3 as one of rank 4 with a single row. */
function asImage(value: Value): Value {
  return reshapeValue(value, [value.shape[0], value.shape[1], 1, value.shape[2]]);
}

/** The same node on images of one row. */
function withRow(call: Call): Call {
  const attributes = new Map(call.node.attributes);
  for (const [name, added] of [["kernel_shape", 1], ["strides", 1], ["dilations", 1], ["output_padding", 0]] as const) {
    const value = attribute.numbers(call.node, name);
    if (value !== undefined) attributes.set(name, [added, ...value]);
  }
  const pads = attribute.numbers(call.node, "pads");
  if (pads !== undefined) attributes.set("pads", [0, pads[0], 0, pads[1]]);
  const shape = attribute.numbers(call.node, "output_shape");
  if (shape !== undefined) attributes.set("output_shape", [1, ...shape]);
  const [x, filter, bias] = call.inputs;
  return { ...call, node: { ...call.node, attributes }, inputs: [asImage(x!), asImage(filter!), bias] };
}

/** An operator on images of height and width that takes sequences too. */
function onImages(apply: Operator): Operator {
  return (call) => {
    const [x, filter] = [input(call, 0), input(call, 1)];
    if (x.rank === 4 && filter.rank === 4) return apply(call);
    if (x.rank !== 3 || filter.rank !== 3) {
      return refuse(call, `takes values of rank ${x.rank}; ranks 3 and 4 are supported`);
    }
    const y = apply(withRow(call)) as Value;
    return reshapeValue(y, [y.shape[0], y.shape[1], y.shape[3]]);
  };
}

/** Filters as TensorFlow wants them: [kh, kw, I, O] from [O, I, kh, kw]. */
const FILTER_ORDER = [2, 3, 1, 0];

const conv: Operator = onImages((call) => {
  const [x, filter] = [input(call, 0), input(call, 1)];
  const group = attribute.number(call.node, "group", 1);
  const [outputs, perGroup, ...kernels] = filter.shape;
  const channels = x.shape[1];
  if (group < 1 || perGroup * group !== channels || outputs % group !== 0) {
    refuse(call, `has filters of shape [${filter.shape.join(", ")}] in ${group} groups for ${channels} channels`);
  }
  const axes = windowAxes(call, x.shape.slice(2), kernels);
  checkedShape(call, [x.shape[0], outputs, ...axes.map((axis, i) => windowsOf(axis, x.shape[2 + i]))]);
  const images = x.inOrder(channelsLast(4)) as tf.Tensor4D;
  const bias = call.inputs[2]?.plain() as tf.Tensor1D | undefined;
  const y = perGroup === 1 && outputs === channels
    ? convolveDepthwise(images, filter.inOrder([2, 3, 0, 1]) as tf.Tensor4D, bias, movement(axes))
    : convolveGroups(images, filter.inOrder(FILTER_ORDER) as tf.Tensor4D, bias, movement(axes), group);
  return new Value(y, channelsLast(4));
});

function convolveGroups(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  movement: Movement,
  group: number,
): tf.Tensor4D {
  if (group === 1) return convolve(x, filter, bias, movement);
  const filters = splitTensor(filter, group, 3);
  const parts = splitTensor(x, group, 3);
  const y = tf.concat(parts.map((part, i) => convolve(part, filters[i], undefined, movement)), 3);
  return bias === undefined ? y : tf.add(y, bias);
}

/** Zeros around the output, or positions cut off it, so that it has the size that a node asks for. */
function transposedAxes(call: Call, sizes: readonly number[], kernels: readonly number[]): {
  axis: WindowAxis;
  full: number;
  size: number;
}[] {
  const extra = attribute.numbers(call.node, "output_padding") ?? sizes.map(() => 0);
  const wanted = attribute.numbers(call.node, "output_shape")?.slice(-sizes.length);
  const auto = attribute.text(call.node, "auto_pad", "NOTSET");
  const plainNode = {
    ...call.node,
    attributes: new Map([...call.node.attributes].filter(([name]) => name !== "auto_pad")),
  };
  const same = auto.startsWith("SAME");
  return windowAxes({ ...call, node: plainNode }, sizes, kernels).map((axis, i) => {
    const full = (sizes[i] - 1) * axis.stride + extent(axis) + (extra[i] ?? 0);
    const target = wanted?.[i] ?? (same ? sizes[i] * axis.stride : undefined);
    if (target === undefined) return { axis, full, size: full - axis.before - axis.after };
    const total = full - target;
    const half = Math.floor(total / 2);
    const before = auto === "SAME_UPPER" ? half : total - half;
    return { axis: { ...axis, before, after: total - before }, full, size: target };
  });
}

const convTranspose: Operator = onImages((call) => {
  const [x, filter] = [input(call, 0), input(call, 1)];
  const group = attribute.number(call.node, "group", 1);
  const [channels, perGroup, ...kernels] = filter.shape;
  if (group < 1 || channels !== x.shape[1] || channels % group !== 0) {
    refuse(call, `has filters of shape [${filter.shape.join(", ")}] in ${group} groups for ${x.shape[1]} channels`);
  }
  const [down, across] = transposedAxes(call, x.shape.slice(2), kernels);
  const count = x.shape[0];
  checkedShape(call, [count, perGroup * group, down.full, across.full]);
  checkedShape(call, [count, perGroup * group, down.size, across.size]);
  const images = x.inOrder(channelsLast(4)) as tf.Tensor4D;
  // [kh, kw, O, I] from [I, O, kh, kw]
  const filters = spread(filter.inOrder([2, 3, 1, 0]) as tf.Tensor4D, [down.axis.dilation, across.axis.dilation]);
  const parts = splitTensor(images, group, 3).map((part, i) => {
    const own = filters.slice([0, 0, 0, i * (channels / group)], [-1, -1, -1, channels / group]);
    return transposed(part, own, [count, down.full, across.full, perGroup], [down.axis.stride, across.axis.stride]);
  });
  let y = parts.length === 1 ? parts[0] : tf.concat(parts, 3);
  const grow = [down, across].map(({ axis }) =>
    [Math.max(0, -axis.before), Math.max(0, -axis.after)] as [number, number]
  );
  if (grow.flat().some((n) => n > 0)) y = tf.pad(y, [[0, 0], ...grow, [0, 0]]);
  y = y.slice([0, Math.max(0, down.axis.before), Math.max(0, across.axis.before), 0], [
    count,
    down.size,
    across.size,
    perGroup * group,
  ]);
  const bias = call.inputs[2]?.plain();
  return new Value(bias === undefined ? y : tf.add(y, bias), channelsLast(4));
});

/** A transposed convolution, whose gradient is a convolution. */
function transposed(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  shape: [number, number, number, number],
  strides: [number, number],
): tf.Tensor4D {
  return withInputGradient(
    x,
    filter,
    (x) => tf.conv2dTranspose(x, filter, shape, strides, "valid"),
    (dy, _, filter) => tf.conv2d(dy, filter, strides, "valid"),
  );
}

/** Convolutions. */
export const CONVOLUTIONS: OperatorTable = { Conv: conv, ConvTranspose: convTranspose };

/** Axes of positions of a value of images: all but the first two. */
export function positionAxes(value: Value): number[] {
  return range(value.rank - 2, 2);
}
