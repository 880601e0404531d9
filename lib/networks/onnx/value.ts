/**
 * Values while a graph runs. A value has a shape in ONNX's order of axes (channels second); its tensor may hold the axes in
 * another order (channels last), so that a transposition is a note beside the tensor until somebody needs it done.
 *
 * @module
 */
import { onHost, tf } from "../../engine/mod.ts";
import type { Kind, OnnxArray } from "./reading/arrays.ts";

/** `order[i]` is the axis of the value that the tensor has at place i. */
export type Order = readonly number[];

/** When the entries of a value are known: always, once the number of images is, or only when the network runs. */
export type Known = "always" | "for a batch" | "no";

/** The order that puts axis 1, the channels, last: TensorFlow's own. */
export function channelsLast(rank: number): Order {
  return [0, ...range(rank - 2, 2), 1];
}

/** The order in which axes stand as they are. */
export function plainOrder(rank: number): Order {
  return range(rank);
}

/** count numbers from `from` on. */
export function range(count: number, from = 0): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, i) => from + i);
}

/** Product of numbers. */
export function product(numbers: readonly number[]): number {
  return numbers.reduce((result, n) => result * n, 1);
}

function sameOrder(a: Order, b: Order): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** A tensor and the order in which it holds the axes of a value. */
export class Value {
  /** Dimensions in ONNX's order. */
  readonly shape: readonly number[];
  readonly order: Order;
  /** Set by whoever runs the graph. */
  known: Known = "no";
  /** Whether it outlives the run in which it was made; so do the tensors that it is converted to. */
  #kept = false;
  readonly #converted = new Map<string, tf.Tensor>();
  #entries: number[] | undefined;

  /** @param order by default the tensor's axes are the value's. */
  constructor(readonly tensor: tf.Tensor, order: Order = plainOrder(tensor.rank)) {
    this.order = order;
    const shape = new Array<number>(tensor.rank);
    order.forEach((axis, place) => shape[axis] = tensor.shape[place]);
    this.shape = shape;
  }

  /** A stored array as a value; call it inside or outside of a tidy, and `keep` it to hold on to it. */
  static from({ kind, shape, data }: OnnxArray): Value {
    return new Value(tf.tensor(data, [...shape], DTYPES[kind]));
  }

  get rank(): number {
    return this.shape.length;
  }

  /** What its entries are. */
  get kind(): Kind {
    return this.tensor.dtype === "float32" ? "float" : this.tensor.dtype === "bool" ? "bool" : "int";
  }

  /** The tensor with the axes as the value has them. */
  plain(): tf.Tensor {
    return this.inOrder(plainOrder(this.rank));
  }

  /** The tensor with the axes in another order: transposed where need be, once. */
  inOrder(order: Order): tf.Tensor {
    if (sameOrder(order, this.order)) return this.tensor;
    const key = order.join();
    let found = this.#converted.get(key);
    if (found === undefined) {
      found = transpose(this.tensor, order.map((axis) => this.order.indexOf(axis)));
      if (this.#kept) tf.keep(found);
      this.#converted.set(key, found);
    }
    return found;
  }

  /** Where the tensor has an axis of the value. */
  placeOf(axis: number): number {
    return this.order.indexOf(axis < 0 ? axis + this.rank : axis);
  }

  /** The entries, row by row in ONNX's order; waits for them, so it is for values that are known before the network runs. */
  entries(): readonly number[] {
    this.#entries ??= onHost(() => Array.from(tf.tidy(() => this.plain()).dataSync()));
    return this.#entries;
  }

  /** Holds on to the tensor beyond the run. */
  keep(): this {
    this.#kept = true;
    tf.keep(this.tensor);
    for (const tensor of this.#converted.values()) tf.keep(tensor);
    return this;
  }

  /** The tensors that it holds. */
  tensors(): tf.Tensor[] {
    return [this.tensor, ...this.#converted.values()];
  }
}

const DTYPES = { float: "float32", int: "int32", bool: "bool" } as const;

/** A transposition, which is a mere reshape where only axes of size 1 change places. */
export function transpose(tensor: tf.Tensor, places: readonly number[]): tf.Tensor {
  const moved = places.filter((place) => tensor.shape[place] !== 1);
  if (moved.every((place, i) => i === 0 || moved[i - 1] < place)) {
    return tensor.reshape(places.map((place) => tensor.shape[place]));
  }
  return tensor.transpose([...places]);
}

/**
 * A value of another shape with the same entries. The tensor keeps its order of axes where the reshape splits and joins
 * only axes that lie side by side in it: [N, C, H, W] with the channels last becomes [N, C, H W] with the channels last.
 */
export function reshapeValue(value: Value, shape: readonly number[]): Value {
  const plain = () => new Value(value.plain().reshape([...shape]));
  if (sameOrder(value.order, plainOrder(value.rank)) || product(shape) === 0) return plain();
  const blocks = matchBlocks(value.shape, shape);
  const order: number[] = [];
  const places = value.order.filter((axis) => value.shape[axis] !== 1);
  for (let i = 0; i < places.length;) {
    const block = blocks.find(({ from }) => from[0] === places[i]);
    if (block === undefined || !block.from.every((axis, j) => places[i + j] === axis)) return plain();
    order.push(...block.to);
    i += block.from.length;
  }
  // axes of size 1 may stand anywhere
  shape.forEach((size, axis) => size === 1 && order.splice(axis === 0 ? 0 : order.length, 0, axis));
  return new Value(value.tensor.reshape(order.map((axis) => shape[axis])), order);
}

/** Axes of a shape and those of another that hold the same entries, in the smallest blocks; axes of size 1 left out. */
function matchBlocks(
  from: readonly number[],
  to: readonly number[],
): { readonly from: readonly number[]; readonly to: readonly number[] }[] {
  const [left, right] = [from, to].map((shape) => range(shape.length).filter((axis) => shape[axis] !== 1));
  const blocks = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const block = { from: [left[i]], to: [right[j]] };
    let [a, b] = [from[left[i++]], to[right[j++]]];
    while (a !== b) {
      if (a < b) {
        block.from.push(left[i]);
        a *= from[left[i++]];
      } else {
        block.to.push(right[j]);
        b *= to[right[j++]];
      }
    }
    blocks.push(block);
  }
  return blocks;
}

/** The shape that two shapes broadcast to. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  return x.map((size, axis) => {
    if (size !== y[axis] && size !== 1 && y[axis] !== 1) {
      throw new RangeError(`shapes [${a.join(", ")}] and [${b.join(", ")}] do not go together`);
    }
    return size === 1 ? y[axis] : size;
  });
}

/** The tensor of a value as one of a larger rank, its axes in an order: leading axes of size 1 are added. */
export function raised(value: Value, order: Order): tf.Tensor {
  const extra = order.length - value.rank;
  if (extra === 0) return value.inOrder(order);
  const own = order.filter((axis) => axis >= extra).map((axis) => axis - extra);
  const tensor = value.inOrder(own);
  let next = 0;
  return tensor.reshape(order.map((axis) => axis < extra ? 1 : tensor.shape[next++]));
}
