/**
 * Feature visualization: images that activate a unit, by gradient ascent.
 *
 * @see Alic et al. (2025), section 2.1; Erhan et al. (2009), "Visualizing higher-layer features of a deep network"
 * @module
 */
import { createAdam, dataOf, tf } from "../engine/mod.ts";
import { type LabelledImages, toImageBatch } from "../data/mod.ts";
import type { Network } from "../networks/mod.ts";
import { createRandom, type Random } from "../random.ts";
import type { ImageBatch, UnitId } from "../types.ts";
import { selectedActivations } from "./objective.ts";
import type { VisualizeOptions } from "./options.ts";
import { fourierParametrization, type Parametrization, pixelParametrization } from "./parametrization.ts";
import { applyMovement, nextMovement } from "./transforms.ts";

/** Images optimised together; more would not be faster, and take more memory. */
const LARGEST_BATCH = 512;

/** One image to make: image `index` of a unit. */
export interface ImageRequest {
  readonly unit: number;
  readonly index: number;
}

/** What the images depend on besides the network and the options. */
export interface VisualizeContext {
  /** Seed of the run. */
  readonly seed: number;
  /** Training images to start from; null where there are none, and ascent then starts from noise. */
  readonly dataset: LabelledImages | null;
  /** Called with the share done, in (0, 1], now and then. */
  readonly onProgress?: (share: number) => void;
  /** Called after each step with a function that gives the activations so far of requests `start` and on. */
  readonly onStep?: (step: number, start: number, activations: () => Float32Array) => void;
}

/** Images made, in the order of the requests. */
export interface Visualizations {
  readonly images: ImageBatch;
  /** Activation of each image's unit, evaluated without transforms, length N. */
  readonly activations: Float32Array;
  /** Whether the gradient was zero in every pixel at the start, length N. */
  readonly gradientless: readonly boolean[];
}

/**
 * Makes images of units of one layer. Image i of a unit depends on (seed, layer, unit, i), the network and the options,
 * and on nothing else: not on which other images are asked for.
 *
 * @param layer one of the network's layers.
 * @param requests units in 0 .. units - 1, indices from 0.
 * @throws {RangeError} when the network has no such layer, or the layer no such unit.
 */
export function visualize(
  network: Network,
  layer: string,
  requests: readonly ImageRequest[],
  options: VisualizeOptions,
  context: VisualizeContext,
): Visualizations {
  const size = network.inputSize;
  const perImage = size * size * 3;
  const images = new Float32Array(requests.length * perImage);
  const activations = new Float32Array(requests.length);
  const gradientless: boolean[] = [];
  const parametrization = options.parametrization === "pixel"
    ? pixelParametrization(size)
    : fourierParametrization(size);
  try {
    for (let start = 0; start < requests.length; start += LARGEST_BATCH) {
      const part = requests.slice(start, start + LARGEST_BATCH);
      const made = tf.tidy(() =>
        ascend(network, layer, part, parametrization, options, context, (step, activations) => {
          context.onProgress?.((start + step / options.steps * part.length) / requests.length);
          context.onStep?.(step, start, activations);
        })
      );
      images.set(made.images.dataSync(), start * perImage);
      activations.set(made.activations.dataSync(), start);
      gradientless.push(...made.gradientless);
      tf.dispose([made.images, made.activations]);
    }
  } finally {
    parametrization.dispose();
  }
  return { images: { count: requests.length, height: size, width: size, data: images }, activations, gradientless };
}

function ascend(
  network: Network,
  layer: string,
  requests: readonly ImageRequest[],
  parametrization: Parametrization,
  options: VisualizeOptions,
  context: VisualizeContext,
  onStep: (step: number, activations: () => Float32Array) => void,
): { images: tf.Tensor4D; activations: tf.Tensor1D; gradientless: boolean[] } {
  const units = network.layers.find(({ name }) => name === layer)?.units;
  if (units === undefined) throw new RangeError(`${network.name} has no layer ${layer}`);
  const selection = tf.tensor2d(ownUnits(requests, units), [requests.length, units]);
  const movements = createRandom(context.seed, "movements");
  const measure = (images: tf.Tensor4D) =>
    selectedActivations(network.activations(images, layer), selection, options.activation);

  const start = startVariables(network, layer, requests, parametrization, options, context);
  const fadeSteps = Math.round(options.startFade * options.steps);
  const fading = fadeSteps === 0 ? null : start.mul(-1 / fadeSteps);
  const adam = createAdam(start);
  const imagesNow = () => tf.tidy(() => parametrization.toImages(adam.read()));
  let gradientless: boolean[] = [];
  try {
    for (let step = 0; step < options.steps; step++) {
      const movement = nextMovement(movements, options);
      const gradientOf = tf.grad((variables: tf.Tensor) =>
        measure(applyMovement(parametrization.toImages(variables), movement)).sum()
      );
      const gradient = tf.tidy(() => gradientOf(adam.read()));
      if (step === 0) {
        const largest = dataOf(() => gradient.abs().max([1, 2, 3]));
        gradientless = Array.from(largest, (value) => value === 0);
      }
      adam.step(gradient, options.learningRate);
      if (fading !== null && step < fadeSteps) adam.move(fading);
      gradient.dispose();
      onStep(step + 1, () => dataOf(() => measure(imagesNow())));
    }
    const images = imagesNow();
    return { images, activations: measure(images), gradientless };
  } finally {
    adam.dispose();
  }
}

/** One-hot rows: the unit of each request. (`tf.oneHot` refuses layers of one unit.) */
function ownUnits(requests: readonly ImageRequest[], units: number): Float32Array {
  const rows = new Float32Array(requests.length * units);
  requests.forEach(({ unit }, i) => {
    if (!(Number.isInteger(unit) && unit >= 0 && unit < units)) throw new RangeError(`no unit ${unit} among ${units}`);
    rows[i * units + unit] = 1;
  });
  return rows;
}

/** Where ascent starts: the parametrization's variables, shape [N, ...shape]. */
function startVariables(
  network: Network,
  layer: string,
  requests: readonly ImageRequest[],
  parametrization: Parametrization,
  options: VisualizeOptions,
  { seed, dataset }: VisualizeContext,
): tf.Tensor {
  const generator = ({ unit, index }: ImageRequest): Random => createRandom(seed, "start", layer, unit, index);
  if (options.start === "dataset" && dataset !== null) {
    const chosen = requests.map((request) => generator(request).integer(0, dataset.count - 1));
    const { data, height, width } = toImageBatch(dataset, chosen);
    const images = tf.tensor4d(data, [requests.length, height, width, 3]);
    const size = network.inputSize;
    return parametrization.fromImages(
      height === size ? images : tf.image.resizeBilinear(images, [size, size], false, true),
    );
  }
  const perImage = parametrization.shape.reduce((product, n) => product * n, 1);
  const noise = new Float32Array(requests.length * perImage);
  requests.forEach((request, i) => {
    const random = generator(request);
    for (let p = 0; p < perImage; p++) noise[i * perImage + p] = options.noiseScale * random.normal();
  });
  return tf.tensor(noise, [requests.length, ...parametrization.shape]);
}

/** A unit as an image request list: images `from` .. `to` - 1 of each unit, unit after unit. */
export function imageRequests(units: readonly UnitId["unit"][], from: number, to: number): ImageRequest[] {
  return units.flatMap((unit) => Array.from({ length: to - from }, (_, i) => ({ unit, index: from + i })));
}
