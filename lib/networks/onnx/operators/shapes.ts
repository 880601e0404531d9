/**
 * Operators that move entries without changing them: reshapes, transpositions, slices, joins and paddings.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { broadcastShape, product, range, reshapeValue, Value } from "../value.ts";
import {
  asFloat,
  axisOf,
  type Call,
  checkedShape,
  input,
  knownInput,
  type Operator,
  type OperatorTable,
  refuse,
  splitTensor,
} from "./operator.ts";

/** Axes from an input or, in older files, from an attribute. */
export function axesOf(call: Call, index: number, name = "axes"): readonly number[] | undefined {
  return knownInput(call, index) ?? attribute.numbers(call.node, name);
}

function reshaped(call: Call, value: Value, shape: readonly number[]): Value {
  if (product(shape) !== value.tensor.size) {
    refuse(call, `makes the shape [${shape.join(", ")}] of a value of [${value.shape.join(", ")}]`);
  }
  return reshapeValue(value, shape);
}

const reshape: Operator = (call) => {
  const x = input(call, 0);
  const wanted = [...axesOf(call, 1, "shape") ?? refuse(call, "has no shape")];
  const keepZero = attribute.number(call.node, "allowzero", 0) !== 0;
  const shape = wanted.map((n, i) =>
    n === 0 && !keepZero ? x.shape[i] ?? refuse(call, "copies an axis that is not there") : n
  );
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const rest = product(shape.filter((_, i) => i !== open));
    shape[open] = rest === 0 ? 0 : x.tensor.size / rest;
  }
  const stretched = call.rebatched && product(shape) !== x.tensor.size ? stretchShape(x.shape, shape) : undefined;
  return reshaped(call, x, checkedShape(call, stretched ?? shape));
};

/**
 * The shape that a file wrote down for its own number of images, for another number: one axis grows. It is the first that
 * joins, or is part of, an axis of the input that can have grown as much.
 *
 * @returns undefined where there is none.
 */
export function stretchShape(from: readonly number[], to: readonly number[]): number[] | undefined {
  // by this many to that many, in whole numbers: a third is none
  const [many, few] = [product(from), product(to)];
  for (const axis of range(to.length)) {
    if (to[axis] * many % few !== 0) continue;
    const shape = to.map((n, i) => i === axis ? n * many / few : n);
    const [start, end] = [product(shape.slice(0, axis)), product(shape.slice(0, axis + 1))];
    const grown = range(from.length).some((own) => {
      const [first, last] = [product(from.slice(0, own)), product(from.slice(0, own + 1))];
      const nested = (start <= first && last <= end) || (first <= start && end <= last);
      return nested && from[own] * few % many === 0;
    });
    if (grown) return shape;
  }
  return undefined;
}

const flatten: Operator = (call) => {
  const x = input(call, 0);
  const given = attribute.number(call.node, "axis", 1);
  const axis = given === x.rank ? given : axisOf(call, given, x.rank);
  return reshaped(call, x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
};

const squeeze: Operator = (call) => {
  const x = input(call, 0);
  const axes = axesOf(call, 1)?.map((axis) => axisOf(call, axis, x.rank)) ??
    range(x.rank).filter((axis) => x.shape[axis] === 1);
  return reshaped(call, x, x.shape.filter((_, axis) => !axes.includes(axis)));
};

const unsqueeze: Operator = (call) => {
  const x = input(call, 0);
  const given = axesOf(call, 1) ?? refuse(call, "has no axes");
  const rank = x.rank + given.length;
  const axes = given.map((axis) => axisOf(call, axis, rank));
  let next = 0;
  return reshaped(call, x, range(rank).map((axis) => axes.includes(axis) ? 1 : x.shape[next++]));
};

/** No entry moves: only the note of where each axis is held changes. */
const permute: Operator = (call) => {
  const x = input(call, 0);
  const axes = attribute.numbers(call.node, "perm") ?? range(x.rank).reverse();
  if (axes.length !== x.rank || range(x.rank).some((axis) => !axes.includes(axis))) {
    refuse(call, `has the permutation [${axes.join(", ")}] for a value of rank ${x.rank}`);
  }
  return new Value(x.tensor.clone(), x.order.map((axis) => axes.indexOf(axis)));
};

/** Values whose axes are all held in the order of the first that the images make. */
function inOneOrder(values: readonly Value[]): { tensors: tf.Tensor[]; order: readonly number[] } {
  const { order } = values.find((value) => value.known === "no") ?? values[0];
  return { order, tensors: values.map((value) => value.inOrder(order)) };
}

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

const expand: Operator = (call) => {
  const x = input(call, 0);
  const shape = checkedShape(call, broadcastShape(x.shape, knownInput(call, 1) ?? []));
  return new Value(broadcastTo(x.plain(), shape));
};

/** Truth values are copied as numbers, since TensorFlow.js copies no others. */
export function broadcastTo(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (x.rank === shape.length && x.shape.every((n, i) => n === shape[i])) return x.clone();
  if (x.dtype === "bool") return tf.cast(broadcastTo(x.cast("int32"), shape), "bool");
  const whole = x.reshape([...new Array<number>(shape.length - x.rank).fill(1), ...x.shape]);
  return tf.add(whole, tf.zeros([...shape], x.dtype as "float32" | "int32"));
}

const tile: Operator = (call) => {
  const x = input(call, 0);
  const repeats = knownInput(call, 1) ?? [];
  checkedShape(call, x.shape.map((n, axis) => n * (repeats[axis] ?? 1)));
  let tensor = x.plain();
  repeats.forEach((count, axis) => {
    if (count === 1) return;
    const [before, after] = [tensor.shape.slice(0, axis), tensor.shape.slice(axis)];
    const copies = broadcastTo(tensor.reshape([...before, 1, ...after]), [...before, count, ...after]);
    tensor = copies.reshape([...before, count * after[0], ...after.slice(1)]);
  });
  return new Value(tensor === x.tensor ? tensor.clone() : tensor);
};

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

/** Channels to blocks of pixels. */
const depthToSpace: Operator = (call) => {
  const x = input(call, 0);
  const block = attribute.number(call.node, "blocksize", 1);
  const [n, channels, height, width] = x.shape;
  const depth = channels / (block * block);
  checkedShape(call, [n, depth, height * block, width * block]);
  const columnsFirst = attribute.text(call.node, "mode", "DCR") === "DCR";
  const parts = columnsFirst ? [n, block, block, depth, height, width] : [n, depth, block, block, height, width];
  const order = columnsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return new Value(x.plain().reshape(parts).transpose(order).reshape([n, depth, height * block, width * block]));
};

const spaceToDepth: Operator = (call) => {
  const x = input(call, 0);
  const block = attribute.number(call.node, "blocksize", 1);
  const [n, channels, height, width] = x.shape;
  const shape = checkedShape(call, [n, channels * block * block, height / block, width / block]);
  const parts = [n, channels, height / block, block, width / block, block];
  return new Value(x.plain().reshape(parts).transpose([0, 3, 5, 1, 2, 4]).reshape(shape));
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

const identity: Operator = (call) => new Value(input(call, 0).tensor.clone(), input(call, 0).order);

/** A network that is scored does not drop units. */
const dropout: Operator = (call) => {
  if (knownInput(call, 2)?.[0]) refuse(call, "is in training mode; export the network after model.eval()");
  const x = input(call, 0);
  return [new Value(x.tensor.clone(), x.order), new Value(tf.onesLike(x.tensor).cast("bool"), x.order)];
};

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

/** Operators that move entries. */
export const SHAPES: OperatorTable = {
  CenterCropPad: centerCropPad,
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  CumSum: cumulativeSum,
  DepthToSpace: depthToSpace,
  Dropout: dropout,
  Expand: expand,
  EyeLike: eyeLike,
  Flatten: flatten,
  Identity: identity,
  Pad: pad,
  Range: rangeOf,
  Reshape: reshape,
  Shape: shapeOf,
  Size: size,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: permute,
  Trilu: triangle,
  Unsqueeze: unsqueeze,
};
