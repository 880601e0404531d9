/**
 * Pools: maxima and means over windows, and over all positions.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { channelsLast, product, reshapeValue, Value } from "../value.ts";
import { positionAxes } from "./convolution.ts";
import { asFloat, type Call, checkedShape, input, type Operator, type OperatorTable, refuse } from "./operator.ts";
import { extent, windowAxes, type WindowAxis, windowsOf, withCeiling } from "./windows.ts";

/** Below every activation, and padding for maxima. */
const LOWEST = -3.4e38;

interface Pool {
  /** Shape [N, H, W, C]. */
  readonly images: tf.Tensor4D;
  readonly axes: readonly WindowAxis[];
  /** Padding after that is there only because of `ceil_mode`. */
  readonly added: readonly number[];
}

/** An operator that pools images; sequences are images of one row. */
function pool(compute: (pool: Pool, call: Call) => tf.Tensor4D): Operator {
  return (call) => {
    const x = input(call, 0);
    if (call.node.outputs.filter((name) => name !== "").length > 1) {
      refuse(call, "has a second output, which is not supported");
    }
    const { kernels, sizes } = { kernels: attribute.numbers(call.node, "kernel_shape") ?? [], sizes: x.shape.slice(2) };
    if (sizes.length < 1 || sizes.length > 2) {
      refuse(call, `takes values of rank ${x.rank}; ranks 3 and 4 are supported`);
    }
    let axes = windowAxes(call, sizes, kernels);
    let added = sizes.map(() => 0);
    if (attribute.number(call.node, "ceil_mode", 0) !== 0) ({ axes, added } = withCeiling(axes, sizes));
    checkedShape(call, [...x.shape.slice(0, 2), ...axes.map((axis, i) => windowsOf(axis, sizes[i]))]);
    const still: WindowAxis = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 };
    const image = sizes.length === 2 ? x : reshapeValue(x, [x.shape[0], x.shape[1], 1, sizes[0]]);
    const images = asFloat(image.inOrder(channelsLast(4))) as tf.Tensor4D;
    const y = sizes.length === 2
      ? compute({ images, axes, added }, call)
      : compute({ images, axes: [still, ...axes], added: [0, ...added] }, call);
    const value = new Value(x.kind === "float" ? y : y.cast("int32"), channelsLast(4));
    return sizes.length === 2 ? value : reshapeValue(value, [value.shape[0], value.shape[1], value.shape[3]]);
  };
}

function padded(images: tf.Tensor4D, [down, across]: readonly WindowAxis[], fill: number): tf.Tensor4D {
  if (down.before + down.after + across.before + across.after === 0) return images;
  return tf.pad(images, [[0, 0], [down.before, down.after], [across.before, across.after], [0, 0]], fill);
}

/** The entries at one place of every window, for windows with holes, which TensorFlow.js's pools have no gradient for. */
function taps(images: tf.Tensor4D, axes: readonly WindowAxis[]): tf.Tensor4D[] {
  const [down, across] = axes;
  const [, height, width] = images.shape;
  const along = (axis: WindowAxis, size: number, i: number) =>
    Array.from(
      { length: Math.floor((size - extent(axis)) / axis.stride) + 1 },
      (_, j) => i * axis.dilation + j * axis.stride,
    );
  const all: tf.Tensor4D[] = [];
  for (let i = 0; i < down.kernel; i++) {
    const rows = tf.gather(images, tf.tensor1d(along(down, height, i), "int32"), 1);
    for (let j = 0; j < across.kernel; j++) {
      all.push(tf.gather(rows, tf.tensor1d(along(across, width, j), "int32"), 2));
    }
  }
  return all;
}

function hasHoles(axes: readonly WindowAxis[]): boolean {
  return axes.some(({ dilation, kernel }) => dilation > 1 && kernel > 1);
}

function maxPool({ images, axes }: Pool): tf.Tensor4D {
  const wide = padded(images, axes, LOWEST);
  if (hasHoles(axes)) return taps(wide, axes).reduce((a, b) => tf.maximum(a, b));
  return tf.maxPool(wide, [axes[0].kernel, axes[1].kernel], [axes[0].stride, axes[1].stride], "valid");
}

/** Sums over windows divided by the number of positions that count: those of the image, or of the padded image. */
function averagePool({ images, axes, added }: Pool, call: Call): tf.Tensor4D {
  const wide = padded(images, axes, 0);
  const [down, across] = axes;
  const mean = hasHoles(axes)
    ? tf.div(tf.addN(taps(wide, axes)), down.kernel * across.kernel) as tf.Tensor4D
    : tf.avgPool(wide, [down.kernel, across.kernel], [down.stride, across.stride], "valid");
  const withPadding = attribute.number(call.node, "count_include_pad", 0) !== 0;
  const [rows, columns] = axes.map((axis, i) => shares(axis, images.shape[1 + i], withPadding ? added[i] : undefined));
  if (rows.every((n) => n === 1) && columns.every((n) => n === 1)) return mean;
  const correction = tf.tensor4d(rows.flatMap((row) => columns.map((column) => row * column)), [
    1,
    rows.length,
    columns.length,
    1,
  ]);
  return tf.mul(mean, correction);
}

/** For each window of an axis, the kernel's size over the number of its positions that count. */
function shares(axis: WindowAxis, size: number, added: number | undefined): number[] {
  const from = added === undefined ? axis.before : 0;
  const to = axis.before + size + (added === undefined ? 0 : axis.after - added);
  return Array.from({ length: windowsOf(axis, size) }, (_, i) => {
    let count = 0;
    for (let tap = 0; tap < axis.kernel; tap++) {
      const at = i * axis.stride + tap * axis.dilation;
      if (at >= from && at < to) count++;
    }
    return axis.kernel / Math.max(1, count);
  });
}

function lpPool(pool: Pool, call: Call): tf.Tensor4D {
  const p = attribute.number(call.node, "p", 2);
  const powers = tf.pow(tf.abs(padded(pool.images, pool.axes, 0)), p) as tf.Tensor4D;
  const still = pool.axes.map((axis) => ({ ...axis, before: 0, after: 0 }));
  const [down, across] = still;
  const sum = hasHoles(still) ? tf.addN(taps(powers, still)) : tf.mul(
    tf.avgPool(powers, [down.kernel, across.kernel], [down.stride, across.stride], "valid"),
    down.kernel * across.kernel,
  );
  return tf.pow(sum, 1 / p) as tf.Tensor4D;
}

/** A reduction over all positions, which stay as axes of size 1. */
function overPositions(compute: (x: tf.Tensor, places: number[]) => tf.Tensor): Operator {
  return (call) => {
    const x = input(call, 0);
    if (product(x.shape) === 0) refuse(call, "takes an empty value");
    return new Value(compute(x.tensor, positionAxes(x).map((axis) => x.placeOf(axis))), x.order);
  };
}

/** Pools. */
export const POOLS: OperatorTable = {
  AveragePool: pool(averagePool),
  GlobalAveragePool: overPositions((x, places) => tf.mean(x, places, true)),
  GlobalMaxPool: overPositions((x, places) => tf.max(x, places, true)),
  LpPool: pool(lpPool),
  GlobalLpPool: (call) =>
    overPositions((x, places) => {
      const p = attribute.number(call.node, "p", 2);
      return tf.pow(tf.sum(tf.pow(tf.abs(x), p), places, true), 1 / p);
    })(call),
  MaxPool: pool(maxPool),
};
