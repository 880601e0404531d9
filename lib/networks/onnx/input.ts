/**
 * From images as polysem has them, RGB in [0, 1], to what a network was trained on.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Size } from "../../types.ts";
import type { Graph, GraphInput } from "./graph.ts";
import { channelsLast, Value } from "./value.ts";

/** How a network takes its images: (pixel in `range` - mean) / std. */
export interface OnnxInputOptions {
  /** Mean of each channel in the network's order, in units of `range`; one number for all, or one for each. By default 0. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel likewise. By default 1. */
  readonly std?: readonly number[];
  /** Height and width, where the file leaves them open. */
  readonly size?: Size;
  /** What pixels of 0 and 1 become, before the mean is taken off. By default [0, 1]. */
  readonly range?: readonly [number, number];
  /** The order of colours that the network takes. By default RGB. */
  readonly colours?: "rgb" | "bgr";
}

/** The image that a graph takes. */
export interface ImageInput {
  readonly name: string;
  readonly size: Size;
  /** 3 for colours, 1 for grey. */
  readonly channels: 1 | 3;
  /** Whether channels stand last, as in networks that came from TensorFlow. */
  readonly last: boolean;
  /** Number of images that the file fixes; null where it leaves it open. */
  readonly batch: number | null;
}

/** Largest height and width. */
const MOST_PIXELS = 4096;

/**
 * Finds the image among a graph's inputs.
 *
 * @throws {InputError} when the graph takes no single image, or leaves open a size that `options` does not give.
 */
export function findImageInput(graph: Graph, options: OnnxInputOptions): ImageInput {
  const { file, inputs } = graph;
  if (inputs.length !== 1) {
    throw new InputError(
      `${file} takes ${inputs.length} inputs (${
        inputs.map(({ name }) => name).slice(0, 5).join(", ")
      }); a network of one image is needed`,
    );
  }
  const [input] = inputs;
  const { name, shape } = input;
  if (shape.length !== 4) throw new InputError(`${file}: ${describe(input)} is no batch of images, which has 4 axes`);
  const isChannels = (n: number | string | null) => n === 1 || n === 3;
  const last = !isChannels(shape[1]) && isChannels(shape[3]);
  const channels = shape[last ? 3 : 1];
  if (channels !== 1 && channels !== 3) {
    throw new InputError(
      `${file}: ${describe(input)} has ${channels} channels; networks of 1 or 3 channels can be scored`,
    );
  }
  const size = sizeOf(file, input, last ? shape.slice(1, 3) : shape.slice(2), options.size);
  const batch = typeof shape[0] === "number" && shape[0] > 0 ? shape[0] : null;
  return { name, size, channels, last, batch };
}

function describe({ name, shape }: GraphInput): string {
  return `its input ${name} of shape [${shape.map((n) => n ?? "?").join(", ")}]`;
}

function sizeOf(
  file: string,
  input: GraphInput,
  dims: readonly (number | string | null)[],
  given: Size | undefined,
): Size {
  const wanted = [given?.height, given?.width];
  const [height, width] = dims.map((n, i) => {
    const fixed = typeof n === "number" && n > 0 ? n : undefined;
    if (fixed !== undefined && wanted[i] !== undefined && wanted[i] !== fixed) {
      throw new InputError(
        `${file}: ${describe(input)} takes ${dims.join(" x ")} pixels, not ${
          wanted.join(" x ")
        }; leave out the size (--input-size)`,
      );
    }
    const value = fixed ?? wanted[i];
    if (value === undefined) {
      throw new InputError(
        `${file}: ${
          describe(input)
        } leaves its height or width open; give the size of its images, as by --input-size 224`,
      );
    }
    return value;
  });
  if (![height, width].every((n) => Number.isInteger(n) && n >= 1 && n <= MOST_PIXELS)) {
    throw new InputError(
      `${file}: images of ${height} x ${width} pixels; up to ${MOST_PIXELS} x ${MOST_PIXELS} can be used`,
    );
  }
  return { height, width };
}

/** ITU-R BT.601, as PIL converts colours to grey. */
const GREY = [0.299, 0.587, 0.114];

/**
 * A function from images to the network's input.
 *
 * @throws {InputError} when a mean or deviation has another number of channels, or a deviation is not positive.
 */
export function prepareImages(input: ImageInput, options: OnnxInputOptions, file: string): {
  prepare(images: tf.Tensor4D): Value;
  dispose(): void;
} {
  const { channels, last, size: { height, width } } = input;
  const perChannel = (given: readonly number[] | undefined, otherwise: number, what: string): number[] => {
    const list = given ?? [otherwise];
    if ((list.length !== 1 && list.length !== channels) || !list.every(Number.isFinite)) {
      throw new InputError(
        `${file}: ${list.length} numbers as ${what} for ${channels} channels; give 1 or ${channels}`,
      );
    }
    return Array.from({ length: channels }, (_, c) => list[c % list.length]);
  };
  const mean = perChannel(options.mean, 0, "mean");
  const std = perChannel(options.std, 1, "standard deviation");
  if (std.some((value) => !(value > 0))) {
    throw new InputError(`${file}: standard deviations are above 0, not ${std.join(", ")}`);
  }
  const [low, high] = options.range ?? [0, 1];
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new InputError(`${file}: the range of pixels ${low} to ${high} is empty; give the lower number first`);
  }
  const scale = std.map((value) => (high - low) / value);
  const shift = mean.map((value, c) => (low - value) / std[c]);
  const order = options.colours === "bgr" && channels === 3 ? [2, 1, 0] : undefined;
  const plain = scale.every((value) => value === 1) && shift.every((value) => value === 0);
  // TensorFlow broadcasts along a last axis of three slowly, along a row of pixels fast
  const row = (values: readonly number[]) =>
    tf.keep(tf.tensor1d(Array.from({ length: width * channels }, (_, i) => values[i % channels])));
  const [scales, shifts] = plain ? [] : [row(scale), row(shift)];
  return {
    prepare: (images) => {
      let x: tf.Tensor = images;
      if (channels === 1) x = tf.matMul(x.reshape([-1, 3]), tf.tensor2d(GREY, [3, 1])).reshape([-1, height, width, 1]);
      if (order !== undefined) x = tf.concat(order.map((c) => tf.slice(images, [0, 0, 0, c], [-1, -1, -1, 1])), 3);
      if (scales !== undefined && shifts !== undefined) {
        const shape = x.shape;
        x = tf.add(tf.mul(x.reshape([-1, height, width * channels]), scales), shifts).reshape(shape);
      }
      return last ? new Value(x === images ? x.clone() : x) : new Value(x === images ? x.clone() : x, channelsLast(4));
    },
    dispose: () => tf.dispose([scales, shifts].filter((each) => each !== undefined)),
  };
}
