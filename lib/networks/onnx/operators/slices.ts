/**
 * Operators that cut, join and pad along axes.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { range, Value } from "../value.ts";
import {
  axisOf,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
  splitTensor,
} from "./operator.ts";
import { axesOf, broadcastTo } from "./reshapes.ts";

/** Constants that a file wrote down once for each of its images, such as class tokens, for another number of images. */
function rebatch(values: Value[], axis: number): void {
  const leader = values.find(({ known }) => known === "no");
  if (leader === undefined || axis === 0) return;
  values.forEach((value, i) => {
    if (value.known === "no" || value.rank !== leader.rank || value.shape[0] === leader.shape[0]) return;
    const one = value.plain().slice([0], [1]);
    values[i] = new Value(broadcastTo(one, [leader.shape[0], ...value.shape.slice(1)]));
  });
}

/** Values whose axes are all held in the order of the first that the images make. */
function inOneOrder(values: readonly Value[]): { tensors: tf.Tensor[]; order: readonly number[] } {
  const { order } = values.find((value) => value.known === "no") ?? values[0];
  return { order, tensors: values.map((value) => value.inOrder(order)) };
}

const concat: Operator = (call) => {
  const values = call.inputs.map((_, i) => input(call, i)).filter((value) =>
    value.tensor.size > 0 || call.inputs.length === 1
  );
  if (values.length === 0) return new Value(input(call, 0).tensor.clone());
  const axis = axisOf(call, attribute.number(call.node, "axis", 1), values[0].rank);
  if (call.rebatched) rebatch(values, axis);
  const fits = values.every(({ shape }) =>
    shape.length === values[0].rank && shape.every((n, i) => i === axis || n === values[0].shape[i])
  );
  if (!fits) refuse(call, `joins values of shapes ${values.map(({ shape }) => `[${shape.join(", ")}]`).join(", ")}`);
  const { tensors, order } = inOneOrder(values);
  return new Value(tensors.length === 1 ? tensors[0].clone() : tf.concat(tensors, order.indexOf(axis)), order);
};

const split: Operator = (call) => {
  const x = input(call, 0);
  const axis = axisOf(call, attribute.number(call.node, "axis", 0), x.rank);
  const size = x.shape[axis];
  const count = call.node.outputs.length;
  const each = Math.ceil(size / count);
  const sizes = axesOf(call, 1, "split") ?? range(count).map((i) => Math.max(0, Math.min(each, size - i * each)));
  if (sizes.some((n) => n < 0) || sizes.reduce((a, b) => a + b, 0) !== size) {
    refuse(call, `splits ${size} entries into parts of ${sizes.join(", ")}`);
  }
  return splitTensor(x.tensor, [...sizes], x.placeOf(axis)).map((part) => new Value(part, x.order));
};

/** Where a slice begins, how many entries it has, and the step between them. */
interface Range {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

function sliceRange(start: number, end: number, step: number, size: number): Range {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const clamp = (n: number, low: number, high: number) => Math.max(low, Math.min(high, n));
  const [first, last] = step > 0
    ? [clamp(from, 0, size), clamp(to, 0, size)]
    : [clamp(from, 0, size - 1), clamp(to, -1, size)];
  return { start: first, count: Math.max(0, Math.ceil((last - first) / step)), step };
}

function sliceAxis(tensor: tf.Tensor, place: number, { start, count, step }: Range): tf.Tensor {
  const size = tensor.shape[place];
  const window = (tensor: tf.Tensor, from: number, length: number, at = place) =>
    tf.slice(
      tensor,
      tensor.shape.map((_, i) => i === at ? from : 0),
      tensor.shape.map((n, i) => i === at ? length : n),
    );
  if (step === 1) return count === size ? tensor : window(tensor, start, count);
  if (count <= 1 || step < 0) {
    return tf.gather(tensor, tf.tensor1d(range(count).map((i) => start + i * step), "int32"), place);
  }
  // rows of `step` entries of which the first is taken: a slice, whose gradient is cheap
  const shape = tensor.shape;
  const length = Math.min(size - start, count * step);
  let part = length === size ? tensor : window(tensor, start, length);
  if (length < count * step) {
    part = tf.pad(part, shape.map((_, i) => [0, i === place ? count * step - length : 0] as [number, number]));
  }
  const rows = part.reshape([...shape.slice(0, place), count, step, ...shape.slice(place + 1)]);
  return window(rows, 0, 1, place + 1).reshape([...shape.slice(0, place), count, ...shape.slice(place + 1)]);
}

const slice: Operator = (call) => {
  const x = input(call, 0);
  const starts = axesOf(call, 1, "starts") ?? refuse(call, "has no starts");
  const ends = axesOf(call, 2, "ends") ?? refuse(call, "has no ends");
  const axes = axesOf(call, 3) ?? range(starts.length);
  const steps = knownInput(call, 4) ?? starts.map(() => 1);
  let tensor = x.tensor;
  axes.forEach((given, i) => {
    const axis = axisOf(call, given, x.rank);
    if (!steps[i]) refuse(call, "has a step of 0");
    tensor = sliceAxis(tensor, x.placeOf(axis), sliceRange(starts[i], ends[i], steps[i], x.shape[axis]));
  });
  return new Value(tensor === x.tensor ? tensor.clone() : tensor, x.order);
};

/** Places of a padded axis as places of the axis itself. */
const BEYOND: Readonly<Record<string, (at: number, size: number) => number>> = {
  edge: (at, size) => Math.max(0, Math.min(size - 1, at)),
  wrap: (at, size) => ((at % size) + size) % size,
  reflect: (at, size) => {
    const period = Math.max(1, 2 * (size - 1));
    const folded = ((at % period) + period) % period;
    return folded < size ? folded : period - folded;
  },
};

const pad: Operator = (call) => {
  const x = input(call, 0);
  const pads = axesOf(call, 1, "pads") ?? refuse(call, "has no pads");
  const axes = knownInput(call, 3)?.map((axis) => axisOf(call, axis, x.rank)) ?? range(x.rank);
  if (pads.length !== 2 * axes.length) refuse(call, `has ${pads.length} pads for ${axes.length} axes`);
  const around = range(x.rank).map((axis): [number, number] => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i], pads[i + axes.length]];
  });
  checkedShape(call, x.shape.map((n, axis) => n + around[axis][0] + around[axis][1]));
  const mode = attribute.text(call.node, "mode", "constant");
  let tensor = x.tensor;
  // a negative padding cuts
  around.forEach(([before, after], axis) => {
    if (before >= 0 && after >= 0) return;
    const [start, end] = [Math.max(0, -before), x.shape[axis] - Math.max(0, -after)];
    tensor = sliceAxis(tensor, x.placeOf(axis), { start, count: end - start, step: 1 });
  });
  const grow = around.map((pair) => pair.map((n) => Math.max(0, n)) as [number, number]);
  if (mode === "constant") {
    const fill = knownInput(call, 2)?.[0] ?? attribute.number(call.node, "value", 0);
    const places = x.order.map((axis) => grow[axis]);
    return new Value(places.flat().some((n) => n > 0) ? tf.pad(tensor, places, fill) : tensor.clone(), x.order);
  }
  const beyond = BEYOND[mode] ?? refuse(call, `has the mode ${mode}, which is not supported`);
  grow.forEach(([before, after], axis) => {
    if (before + after === 0) return;
    const place = x.placeOf(axis);
    const size = tensor.shape[place];
    const from = range(size + before + after, -before).map((at) => beyond(at, size));
    tensor = tf.gather(tensor, tf.tensor1d(from, "int32"), place);
  });
  return new Value(tensor === x.tensor ? tensor.clone() : tensor, x.order);
};

/** Cuts or pads both sides of each axis to a size. */
const centerCropPad: Operator = (call) => {
  const x = input(call, 0);
  const axes = attribute.numbers(call.node, "axes")?.map((axis) => axisOf(call, axis, x.rank)) ?? range(x.rank);
  const sizes = knownInput(call, 1) ?? [];
  checkedShape(call, sizes);
  let tensor = x.plain();
  axes.forEach((axis, i) => {
    const excess = tensor.shape[axis] - sizes[i];
    if (excess > 0) tensor = sliceAxis(tensor, axis, { start: Math.floor(excess / 2), count: sizes[i], step: 1 });
    const lack = Math.max(0, -excess);
    if (lack > 0) {
      const before = Math.floor(lack / 2);
      tensor = tf.pad(
        tensor,
        tensor.shape.map((_, j) => j === axis ? [before, lack - before] : [0, 0]) as [number, number][],
      );
    }
  });
  return new Value(tensor === x.tensor ? tensor.clone() : tensor);
};

/** Operators that cut, join and pad. */
export const SLICES: OperatorTable = {
  CenterCropPad: centerCropPad,
  Concat: concat,
  Pad: pad,
  Slice: slice,
  Split: split,
};
