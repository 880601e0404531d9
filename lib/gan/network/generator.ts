/**
 * The generator: a network that makes an image from a latent, a label and a mask.
 *
 * @module
 */
import { batchNormTrain, type BatchStatistics, dataOf, relu, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { findWeightSet, readWeights, type Weights } from "../../weights/mod.ts";
import { type Conditions, type ImageGenerator, LABELS, LATENT } from "./image_generator.ts";
import { maskPyramid } from "../masks/mask_pyramid.ts";
import { disposeParameters, type Parameters, type ParameterSpecs, readParameters } from "./parameters.ts";

/** Name of the committed generator. */
export const GAN = "gan-cifar10";
/** How many numbers the vector of a label has. */
const LABEL_VECTOR = 32;
/** Channels at 4, 8, 16 and 32 pixels. */
const WIDTHS = [256, 128, 64, 24] as const;
/** Channels of a mask: its blocks of 2 x 2. */
const MASK_CHANNELS = 4;
/** Added to variances before they divide. PyTorch's default. */
const EPSILON = 1e-5;
/** Images of a pass. It is fixed, so that an image has the same bits whatever else is generated with it. */
const BATCH = 50;

/** A transposed convolution of 4 x 4. */
const transposed = (input: number, output: number) => ({
  shape: [4, 4, output, input],
  std: Math.sqrt(1 / (4 * input)), // with stride 2 an output pixel sees a quarter of the 16 weights
});
/** Scale and offset of a normalized layer, for each label. */
const scaleAndOffset = (name: string, width: number) => ({
  [`${name}.scale`]: { shape: [LABELS, width], std: 0, mean: 1 },
  [`${name}.offset`]: { shape: [LABELS, width], std: 0 },
});

/** The generator's parameters: shapes, and how they begin. */
export const GENERATOR_PARAMETERS: ParameterSpecs = {
  "label.weight": { shape: [LABELS, LABEL_VECTOR], std: 1 },
  "dense.weight": { shape: [LATENT + LABEL_VECTOR, 16 * WIDTHS[0]], std: Math.sqrt(1 / (LATENT + LABEL_VECTOR)) },
  ...scaleAndOffset("norm4", WIDTHS[0]),
  "up8.weight": transposed(WIDTHS[0] + MASK_CHANNELS, WIDTHS[1]),
  ...scaleAndOffset("norm8", WIDTHS[1]),
  "up16.weight": transposed(WIDTHS[1] + MASK_CHANNELS, WIDTHS[2]),
  ...scaleAndOffset("norm16", WIDTHS[2]),
  "up32.weight": transposed(WIDTHS[2] + MASK_CHANNELS, WIDTHS[3]),
  ...scaleAndOffset("norm32", WIDTHS[3]),
  "out.weight": { shape: [3, 3, WIDTHS[3] + 1, 3], std: Math.sqrt(1 / (9 * (WIDTHS[3] + 1))) },
  "out.bias": { shape: [3], std: 0 },
};

/** The normalized layers, with their numbers of channels. */
export const NORMS = { norm4: WIDTHS[0], norm8: WIDTHS[1], norm16: WIDTHS[2], norm32: WIDTHS[3] } as const;

/** Name of a normalized layer. */
export type NormName = keyof typeof NORMS;

/** Means and variances of the normalized layers, which a finished generator has beside its parameters. */
export const STATISTICS: ParameterSpecs = Object.fromEntries(
  Object.entries(NORMS).flatMap(([name, width]) => [
    [`${name}.mean`, { shape: [width], std: 0 }],
    [`${name}.variance`, { shape: [width], std: 0, mean: 1 }],
  ]),
);

/** Brings the activations of a layer to mean 0 and variance 1, channel by channel. */
export type Normalize = (name: NormName, x: tf.Tensor4D) => tf.Tensor4D;

/**
 * Normalization by means and variances of the batch, for training.
 *
 * @param onStatistics called with those of each layer.
 */
export function byBatch(onStatistics: (name: NormName, statistics: BatchStatistics) => void = () => {}): Normalize {
  return (name, x) => {
    const channels = x.shape[3];
    return batchNormTrain(
      x,
      tf.ones([channels]),
      tf.zeros([channels]),
      EPSILON,
      (statistics) => onStatistics(name, statistics),
    );
  };
}

/** Normalization by stored means and variances, for inference. */
export function byStatistics(statistics: Parameters): Normalize {
  return (name, x) => {
    const factor = tf.rsqrt(statistics.get(`${name}.variance`)!.add(EPSILON));
    return x.sub(statistics.get(`${name}.mean`)!).mul(factor) as tf.Tensor4D;
  };
}

/**
 * Generates images: a dense layer to 4 x 4 pixels, three transposed convolutions to 32 x 32 and a convolution to
 * colours. Every convolution sees the mask. The label enters beside the latent, and as scale and offset of every
 * normalized layer.
 *
 * @param latents shape [N, LATENT].
 * @param labels int32, shape [N].
 * @param masks in [0, 1], shape [N, 32, 32, 1].
 * @returns shape [N, 32, 32, 3], in [-1, 1].
 */
export function generatedImages(
  parameters: Parameters,
  latents: tf.Tensor2D,
  labels: tf.Tensor1D,
  masks: tf.Tensor4D,
  normalize: Normalize,
): tf.Tensor4D {
  const take = <T extends tf.Tensor>(name: string) => parameters.get(name) as unknown as T;
  const count = latents.shape[0];
  const { of4, of8, of16, of32 } = maskPyramid(masks);
  const chosen = tf.oneHot(labels, LABELS).toFloat() as tf.Tensor2D;
  const ofLabel = (name: string) => tf.matMul(chosen, take<tf.Tensor2D>(name));
  const activate = (name: NormName, x: tf.Tensor4D) => {
    const width = NORMS[name];
    const scale = ofLabel(`${name}.scale`).reshape([count, 1, 1, width]);
    const offset = ofLabel(`${name}.offset`).reshape([count, 1, 1, width]);
    return relu(normalize(name, x).mul(scale).add(offset) as tf.Tensor4D);
  };
  const up = (name: string, x: tf.Tensor4D, mask: tf.Tensor4D) => {
    const filter = take<tf.Tensor4D>(name);
    const side = 2 * x.shape[1];
    return tf.conv2dTranspose(tf.concat([x, mask], 3), filter, [count, side, side, filter.shape[2]], 2, "same");
  };

  const start = tf.matMul(tf.concat([latents, ofLabel("label.weight")], 1), take<tf.Tensor2D>("dense.weight"));
  const at4 = activate("norm4", start.reshape([count, 4, 4, WIDTHS[0]]));
  const at8 = activate("norm8", up("up8.weight", at4, of4));
  const at16 = activate("norm16", up("up16.weight", at8, of8));
  const at32 = activate("norm32", up("up32.weight", at16, of16));
  const colours = tf.conv2d(tf.concat([at32, of32], 3), take<tf.Tensor4D>("out.weight"), 1, "same");
  return tf.tanh(colours.add(take<tf.Tensor1D>("out.bias"))) as tf.Tensor4D;
}

/**
 * A finished generator.
 *
 * @param weights its parameters, and the means and variances of its normalized layers.
 * @param source where they are from, for errors.
 * @throws {InputError} when they are those of another network.
 */
export function createGenerator(weights: Weights, source: string, name: string = GAN): ImageGenerator {
  const parameters = readParameters(GENERATOR_PARAMETERS, weights, source);
  const statistics = readParameters(STATISTICS, weights, source);
  const normalize = byStatistics(statistics);
  return {
    name,
    generate: (conditions) => {
      const count = checkConditions(conditions);
      const data = new Float32Array(count * 32 * 32 * 3);
      for (let start = 0; start < count; start += BATCH) {
        const part = partOf(conditions, start, Math.min(BATCH, count - start));
        const images = dataOf(() => {
          const { latents, labels, masks } = toTensors(part, BATCH);
          return generatedImages(parameters, latents, labels, masks, normalize).add(1).div(2);
        });
        data.set(images.subarray(0, part.labels.length * 32 * 32 * 3), start * 32 * 32 * 3);
      }
      return { count, height: 32, width: 32, data };
    },
    dispose: () => {
      disposeParameters(parameters);
      disposeParameters(statistics);
    },
  };
}

/**
 * Loads the committed generator, or that of a file. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when the file is missing, altered or not of a generator of this kind.
 */
export async function loadGenerator(options: { readonly weights?: string } = {}): Promise<ImageGenerator> {
  const file = options.weights ?? (await findWeightSet(GAN)).files[0];
  const { path, tensors } = await readWeights(file, GAN);
  return createGenerator(tensors, path);
}

/**
 * Conditions as tensors of a fixed number of rows.
 *
 * @param rows at least the number of conditions; rows after the last condition are zeros.
 */
export function toTensors(
  { latents, labels, masks }: Conditions,
  rows = labels.length,
): { latents: tf.Tensor2D; labels: tf.Tensor1D; masks: tf.Tensor4D } {
  const filled = (values: ArrayLike<number>, size: number) => {
    if (values instanceof Float32Array && values.length === size) return values;
    const out = new Float32Array(size);
    out.set(values);
    return out;
  };
  return {
    latents: tf.tensor2d(filled(latents, rows * LATENT), [rows, LATENT]),
    labels: tf.tensor1d(Int32Array.from(filled(labels, rows)), "int32"),
    masks: tf.tensor4d(filled(masks, rows * 32 * 32), [rows, 32, 32, 1]),
  };
}

function partOf({ latents, labels, masks }: Conditions, start: number, count: number): Conditions {
  return {
    latents: latents.subarray(start * LATENT, (start + count) * LATENT),
    labels: Array.from({ length: count }, (_, i) => labels[start + i]),
    masks: masks.subarray(start * 32 * 32, (start + count) * 32 * 32),
  };
}

function checkConditions({ latents, labels, masks }: Conditions): number {
  const count = labels.length;
  if (latents.length !== count * LATENT || masks.length !== count * 32 * 32) {
    throw new InputError(
      `${count} labels need ${count * LATENT} latent numbers and ${
        count * 1024
      } mask pixels, got ${latents.length} and ` +
        `${masks.length}; give one latent and one mask for each label`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= LABELS) {
      throw new InputError(`there is no label ${labels[i]}; give 0 to ${LABELS - 1}`);
    }
  }
  return count;
}
