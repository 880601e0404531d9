/**
 * Resizing by interpolation, axis by axis: along each axis the new entries are weighted sums of the old ones, a product with
 * a matrix of weights.
 *
 * @see https://onnx.ai/onnx/operators/onnx__Resize.html
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { range, Value } from "../value.ts";
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

/** How one axis is resized. */
interface ResizedAxis {
  readonly size: number;
  readonly target: number;
  readonly scale: number;
  /** Region of interest, for `tf_crop_and_resize`. */
  readonly roi: readonly [number, number];
}

/** Where entry i of the result lies among the entries of the input. */
function coordinate(call: Call, mode: string, i: number, axis: ResizedAxis): number {
  const { size, target, scale, roi: [from, to] } = axis;
  const length = scale * size;
  switch (mode) {
    case "half_pixel":
      return (i + 0.5) / scale - 0.5;
    case "half_pixel_symmetric": {
      const adjusted = target / length;
      const offset = size / 2 * (1 - adjusted);
      return offset + (i + 0.5) / scale - 0.5;
    }
    case "pytorch_half_pixel":
      return target > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "align_corners":
      return length === 1 ? 0 : i * (size - 1) / (length - 1);
    case "asymmetric":
      return i / scale;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "tf_crop_and_resize":
      return target > 1
        ? from * (size - 1) + i * (to - from) * (size - 1) / (target - 1)
        : 0.5 * (from + to) * (size - 1);
    default:
      return refuse(call, `has the coordinate mode ${mode}, which is not supported`);
  }
}

/** Which entry is nearest, by the rule for ties. */
const NEAREST: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => x === Math.floor(x) + 0.5 ? Math.floor(x) : Math.round(x),
  round_prefer_ceil: (x) => Math.round(x),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The kernel of cubic interpolation. @see Keys (1981) */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Weights of the old entries in the new ones of an axis, shape [target, size]. */
function weights(call: Call, axis: ResizedAxis): tf.Tensor2D {
  const { node } = call;
  const mode = attribute.text(node, "mode", "nearest");
  const coordinates = attribute.text(node, "coordinate_transformation_mode", "half_pixel");
  const { size, target, scale } = axis;
  const matrix = tf.buffer([target, size]);
  const a = attribute.number(node, "cubic_coeff_a", -0.75);
  const outside = attribute.number(node, "exclude_outside", 0) !== 0;
  const squeeze = attribute.number(node, "antialias", 0) !== 0 ? Math.min(1, scale) : 1;
  const kernel = mode === "cubic" ? (x: number) => cubic(x, a) : (x: number) => Math.max(0, 1 - Math.abs(x));
  const reach = (mode === "cubic" ? 2 : 1) / squeeze;
  for (let i = 0; i < target; i++) {
    const x = coordinate(call, coordinates, i, axis);
    if (coordinates === "tf_crop_and_resize" && (x < 0 || x > size - 1)) continue; // filled afterwards
    if (mode === "nearest") {
      const round = NEAREST[attribute.text(node, "nearest_mode", "round_prefer_floor")] ??
        refuse(call, "has an unknown nearest_mode");
      matrix.set(1, i, Math.max(0, Math.min(size - 1, round(x))));
      continue;
    }
    const first = Math.ceil(x - reach);
    const taps = range(Math.floor(x + reach) - first + 1, first).map((k) => ({ k, weight: kernel((k - x) * squeeze) }));
    const counted = outside ? taps.filter(({ k }) => k >= 0 && k < size) : taps;
    const total = outside || squeeze < 1 ? counted.reduce((sum, { weight }) => sum + weight, 0) : 1;
    for (const { k, weight } of counted) {
      const at = Math.max(0, Math.min(size - 1, k));
      matrix.set(matrix.get(i, at) + weight / total, i, at);
    }
  }
  return matrix.toTensor() as tf.Tensor2D;
}

/** The axes that are resized, and how. */
function resizedAxes(call: Call, x: Value): Map<number, ResizedAxis> {
  const axes = attribute.numbers(call.node, "axes")?.map((axis) => axisOf(call, axis, x.rank)) ?? range(x.rank);
  const [roiAt, scalesAt, sizesAt] = call.node.operator === "Upsample" || call.opset < 11 ? [9, 1, 9] : [1, 2, 3];
  const listed = (at: number) => {
    const entries = at < 9 ? knownInput(call, at) : undefined;
    return entries === undefined || entries.length === 0 ? undefined : entries;
  };
  const [roi, sizes] = [listed(roiAt), listed(sizesAt)];
  let scales = listed(scalesAt) ?? attribute.numbers(call.node, "scales");
  if (sizes === undefined && scales?.length !== axes.length) refuse(call, "has neither sizes nor scales for its axes");
  if (sizes !== undefined) {
    const ratios = axes.map((axis, i) => sizes[i] / x.shape[axis]);
    const policy = attribute.text(call.node, "keep_aspect_ratio_policy", "stretch");
    const one = policy === "not_larger"
      ? Math.min(...ratios)
      : policy === "not_smaller"
      ? Math.max(...ratios)
      : undefined;
    scales = one === undefined ? ratios : ratios.map(() => one);
    const targets = one === undefined ? sizes : axes.map((axis) => Math.round(one * x.shape[axis]));
    return new Map(
      axes.map((axis, i) => [axis, resizedAxis(i, x.shape[axis], targets[i], scales![i], roi, axes.length)]),
    );
  }
  return new Map(axes.map((axis, i) => {
    const [size, scale] = [x.shape[axis], scales![i]];
    const crop = attribute.text(call.node, "coordinate_transformation_mode", "") === "tf_crop_and_resize" &&
      roi !== undefined;
    const part = crop ? roi[i + axes.length] - roi[i] : 1;
    return [axis, resizedAxis(i, size, Math.floor(size * part * scale), scale, roi, axes.length)];
  }));
}

function resizedAxis(
  i: number,
  size: number,
  target: number,
  scale: number,
  roi: readonly number[] | undefined,
  count: number,
): ResizedAxis {
  return { size, target, scale, roi: roi === undefined ? [0, 1] : [roi[i], roi[i + count]] };
}

/** A tensor with one of its axes multiplied by a matrix. */
function alongPlace(tensor: tf.Tensor, place: number, matrix: tf.Tensor2D): tf.Tensor {
  const { shape } = tensor;
  const before = shape.slice(0, place).reduce((a, b) => a * b, 1);
  const after = shape.slice(place + 1).reduce((a, b) => a * b, 1);
  const [target, size] = matrix.shape;
  const result = after === 1 ? tf.matMul(tensor.reshape([before, size]), matrix, false, true) : tf.matMul(
    tf.broadcastTo(matrix.expandDims(0), [before, target, size]) as tf.Tensor3D,
    tensor.reshape<tf.Tensor3D>([before, size, after]),
  );
  return result.reshape([...shape.slice(0, place), target, ...shape.slice(place + 1)]);
}

const resize: Operator = (call) => {
  const x = input(call, 0);
  const axes = resizedAxes(call, x);
  checkedShape(call, x.shape.map((n, axis) => axes.get(axis)?.target ?? n));
  let tensor = x.tensor.dtype === "float32" ? x.tensor : x.tensor.cast("float32");
  const still = (axis: ResizedAxis) =>
    axis.size === axis.target && axis.scale === 1 && axis.roi[0] === 0 && axis.roi[1] === 1;
  for (const [axis, resized] of axes) {
    if (!still(resized)) tensor = alongPlace(tensor, x.placeOf(axis), weights(call, resized));
  }
  if (attribute.text(call.node, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize") {
    tensor = withOutside(call, x, tensor, axes);
  }
  return new Value(tensor === x.tensor ? tensor.clone() : tensor.cast(x.tensor.dtype), x.order);
};

/** Entries that come from outside of the input get a value of their own. */
function withOutside(call: Call, x: Value, tensor: tf.Tensor, axes: ReadonlyMap<number, ResizedAxis>): tf.Tensor {
  const fill = attribute.number(call.node, "extrapolation_value", 0);
  if (fill === 0) return tensor;
  let inside: tf.Tensor = tf.onesLike(tensor);
  for (const [axis, resized] of axes) {
    const flags = range(resized.target).map((i) => {
      const at = coordinate(call, "tf_crop_and_resize", i, resized);
      return at >= 0 && at <= resized.size - 1 ? 1 : 0;
    });
    const place = x.placeOf(axis);
    inside = tf.mul(inside, tf.tensor1d(flags).reshape(tensor.shape.map((n, i) => i === place ? n : 1)));
  }
  return tf.add(tf.mul(tensor, inside), tf.mul(tf.sub(1, inside), fill));
}

/** Interpolation. */
export const RESIZING: OperatorTable = { Resize: resize, Upsample: resize };
