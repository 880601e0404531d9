/**
 * Feature visualization: images that activate a unit, or that silence it, by gradient ascent.
 *
 * @see Alic et al. (2025), section 2.1; Erhan et al. (2009), "Visualizing higher-layer features of a deep network"
 * @module
 */
import { isOutOfMemory } from "../errors.ts";
import type { ImageSource } from "../data/mod.ts";
import {
  createAdam,
  gradientOf,
  hearEvents,
  imagesOnDevice,
  imagesThatFit,
  inHalves,
  lowerBatchLimits,
  type Pass,
  readData,
  tf,
} from "../engine/mod.ts";
import type { Network } from "../networks/mod.ts";
import { createRandom, type Random } from "../random.ts";
import type { ImageBatch, Size, UnitId } from "../types.ts";
import { reduceSpace, selectedActivations } from "./objective.ts";
import { featureLayer } from "./attributions.ts";
import { equalParts } from "../equal_parts.ts";
import type { VisualizeOptions } from "./options.ts";
import { fourierParametrization, type Parametrization, pixelParametrization } from "./parametrization.ts";
import { balanced, groupMeans, likeness, meanResponses } from "./repulsion.ts";
import { applyMovement, type Movement, nextMovement, transformsOf } from "./transforms.ts";

/** Most images optimised together; more would not be faster. */
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
  readonly dataset: ImageSource | null;
  /**
   * Which way the activation is moved: 1, the default, raises it; -1 lowers it, to images that excite a unit least. Starts and
   * movements are the same both ways.
   */
  readonly direction?: 1 | -1;
  /** Called with the share done, in (0, 1], now and then. */
  readonly onProgress?: (share: number) => void;
  /** Called after each step, and waited for, with a function that reads the activations so far of requests `start` and on. */
  readonly onStep?: (step: number, start: number, activations: () => Promise<Float32Array>) => Promise<void> | void;
}

/** Images made, in the order of the requests. */
export interface Visualizations {
  readonly images: ImageBatch;
  /** Activation of each image's unit, evaluated without transforms, length N. */
  readonly activations: Float32Array;
  /** Whether the gradient was zero in every pixel at the start, length N. */
  readonly gradientless: readonly boolean[];
  /**
   * Whether numbers overflowed, length N: a pixel or the activation is not finite, or the gradient at the start is too large
   * for its square to be a number, so that there was no following it.
   */
  readonly exploded: readonly boolean[];
}

/**
 * Makes images of units of one layer. Image i of a unit depends on (seed, layer, unit, i), the network, the options and the
 * direction, and not on which other units are asked for. Without repulsion it does not depend on which other images of its
 * unit are, either; with repulsion on those: they are made together, as many as fit into memory.
 *
 * @param layer one of the network's layers.
 * @param requests units in 0 .. units - 1, indices from 0.
 * @throws {RangeError} when the network has no such layer, or the layer no such unit.
 */
export async function visualize(
  network: Network,
  layer: string,
  requests: readonly ImageRequest[],
  options: VisualizeOptions,
  context: VisualizeContext,
): Promise<Visualizations> {
  const { height, width } = network.input;
  const perImage = height * width * 3;
  const images = new Float32Array(requests.length * perImage);
  const activations = new Float32Array(requests.length);
  const gradientless: boolean[] = [];
  const exploded: boolean[] = [];
  const parametrization = options.parametrization === "pixel"
    ? pixelParametrization(network.input)
    : fourierParametrization(network.input);
  try {
    const batch = await imagesMadeTogether(network, layer, options);
    const { repulsion: strength = 0, repulsionShare = 0.5 } = options;
    const steps = Math.round(repulsionShare * options.steps);
    const below = strength > 0 && steps > 0 ? featureLayer(network, layer, options.activation) : null;
    // which images of a unit repel each other must not depend on the device, but how many units are made together may
    const together = below === null
      ? batch
      : Math.min(batch, await imagesThatFit(repulsionPass(network, layer, options), LARGEST_BATCH));
    const make = async (start: number, groups: readonly number[]) => {
      const part = requests.slice(start, start + sum(groups));
      const repulsion = below === null ? null : { below, groups, strength, steps };
      const made = await ascend(
        network,
        layer,
        part,
        parametrization,
        options,
        context,
        repulsion,
        async (step, activations) => {
          context.onProgress?.((start + step / options.steps * part.length) / requests.length);
          await context.onStep?.(step, start, activations);
        },
      ).catch((error) => {
        if (isOutOfMemory(error)) lowerBatchLimits(part.length >> 1); // of batches to come
        throw error;
      });
      images.set(made.images, start * perImage);
      activations.set(made.activations, start);
      gradientless.push(...made.gradientless);
      exploded.push(...made.exploded);
    };
    for (const { start, groups } of batchesOf(requests, together, batch, below !== null)) {
      await inHalves(0, groups.length, async (from, to) => {
        const at = start + sum(groups.slice(0, from));
        if (to - from > 1) return await make(at, groups.slice(from, to));
        // a single group is cut where there is no other way
        await inHalves(0, groups[from], (first, end) => make(at + first, [end - first]));
      });
    }
  } finally {
    parametrization.dispose();
  }
  return { images: { count: requests.length, height, width, data: images }, activations, gradientless, exploded };
}

/** What ascent of a layer's units takes of memory, step by step. */
function ascentPass(network: Network, layer: string, options: VisualizeOptions): Pass {
  const run = gradientOf(activationsOf(network, layer, options));
  return { of: network, name: `ascent ${layer}`, size: network.input, run: (images) => run(images) };
}

/**
 * What the same takes where nothing is freed on the way back. How many images repel each other goes by it, so that images are
 * those of versions before `gradientOf`.
 */
function repulsionPass(network: Network, layer: string, options: VisualizeOptions): Pass {
  const run = tf.grad(activationsOf(network, layer, options));
  return { of: network, name: `repulsion ${layer}`, size: network.input, run: (images) => run(images) };
}

/** The sum of the activations of all units of a layer. */
function activationsOf(network: Network, layer: string, { activation }: VisualizeOptions): (x: tf.Tensor) => tf.Tensor {
  return (images) => reduceSpace(network.activations(images as tf.Tensor4D, [layer])[0], activation).sum();
}

/** How many images of a layer's units are made together on this thread's device. */
export function imagesMadeTogether(network: Network, layer: string, options: VisualizeOptions): Promise<number> {
  return imagesOnDevice(ascentPass(network, layer, options), LARGEST_BATCH);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Requests that are optimised together. */
interface Batch {
  /** Index of the first. */
  readonly start: number;
  /** Number of images in each of its groups, which repel each other within; one group where nothing repels. */
  readonly groups: readonly number[];
}

/** How images of a batch repel each other. */
interface Repulsion {
  /** The layer in whose features they do. */
  readonly below: string;
  /** Number of images in each group. */
  readonly groups: readonly number[];
  /** Length of its gradient, as a multiple of the activation's. */
  readonly strength: number;
  /** In how many steps, from the first on. */
  readonly steps: number;
}

/**
 * Batches of at most `most` images. With groups, those of a unit stay together as far as `together` allows, and whole groups
 * fill a batch.
 *
 * @param together at most `most`.
 */
function batchesOf(requests: readonly ImageRequest[], together: number, most: number, grouped: boolean): Batch[] {
  if (!grouped) {
    const bounds = equalParts(requests.length, most);
    return bounds.slice(0, -1).map((start, i) => ({ start, groups: [bounds[i + 1] - start] }));
  }
  const batches: { start: number; groups: number[] }[] = [];
  let at = 0;
  while (at < requests.length) {
    const next = requests.findIndex(({ unit }, i) => i > at && unit !== requests[at].unit);
    const count = (next < 0 ? requests.length : next) - at;
    const bounds = equalParts(count, together);
    for (const [i, start] of bounds.slice(0, -1).entries()) {
      const size = bounds[i + 1] - start;
      const last = batches.at(-1);
      if (last !== undefined && sum(last.groups) + size <= most) last.groups.push(size);
      else batches.push({ start: at + start, groups: [size] });
    }
    at += count;
  }
  return batches;
}

/** What one batch of ascent ends with, in the order of its requests. */
interface Ascended {
  readonly images: Float32Array;
  readonly activations: Float32Array;
  readonly gradientless: readonly boolean[];
  readonly exploded: readonly boolean[];
}

async function ascend(
  network: Network,
  layer: string,
  requests: readonly ImageRequest[],
  parametrization: Parametrization,
  options: VisualizeOptions,
  context: VisualizeContext,
  repulsion: Repulsion | null,
  onStep: (step: number, activations: () => Promise<Float32Array>) => Promise<void>,
): Promise<Ascended> {
  const units = network.layers.find(({ name }) => name === layer)?.units;
  if (units === undefined) throw new RangeError(`${network.name} has no layer ${layer}`);
  const ownUnit = ownUnits(requests, units);
  const starts = await startImages(layer, requests, options, context);
  const movements = createRandom(context.seed, "movements");
  const transforms = transformsOf(options, network.input);
  const fadeSteps = Math.round(options.startFade * options.steps);

  // tensors that live through the whole ascent; those of a step are freed with it
  const selection = tf.tensor2d(ownUnit, [requests.length, units]);
  const start = starts === null
    ? startNoise(layer, requests, parametrization, options, context)
    : tf.tidy(() => parametrization.fromImages(sizedImages(starts, network.input)));
  const fading = fadeSteps === 0 ? null : start.mul(-1 / fadeSteps);
  const adam = createAdam(start); // takes over the start
  const measure = (images: tf.Tensor4D) =>
    selectedActivations(network.activations(images, [layer])[0], selection, options.activation);
  /** By what the gradient of each activation is multiplied; null for 1. */
  let factors: tf.Tensor1D | null = null;
  const imagesNow = () => parametrization.toImages(adam.read());
  /** Features in which images repel each other, in units in which their squares do not vanish. */
  const features = (images: tf.Tensor4D, { below }: Repulsion) =>
    meanResponses(network.activations(images, [below])[0]).mul<tf.Tensor2D>(featureFactor);
  let featureFactor = 1;
  let centre: tf.Tensor2D | null = null;
  const movedImages = (variables: tf.Tensor, movement: Movement) =>
    applyMovement(parametrization.toImages(variables), movement);
  /** The gradient of the activations. */
  const upwards = (movement: Movement): tf.Tensor =>
    gradientOf((variables) => {
      const activations = measure(movedImages(variables, movement));
      const sum = (factors === null ? activations : activations.mul(factors)).sum();
      return context.direction === -1 ? sum.neg() : sum;
    })(adam.read());
  /** The same; while images repel each other, with that of their likeness against it. */
  const gradientAt = (step: number, movement: Movement): tf.Tensor => {
    const up = upwards(movement);
    if (repulsion === null || step >= repulsion.steps) return up;
    const apart = gradientOf((variables) =>
      likeness(features(movedImages(variables, movement), repulsion), repulsion.groups, centre!).sum().neg()
    )(adam.read());
    return balanced(up, apart, repulsion.strength);
  };
  let largest: Float32Array = new Float32Array();
  try {
    if (repulsion !== null) {
      const startFeatures = tf.tidy(() => features(imagesNow(), repulsion));
      featureFactor = factorToOrdinary((await readData(() => startFeatures.max()))[0]);
      centre = tf.tidy(() => groupMeans(startFeatures.mul(featureFactor), repulsion.groups));
      startFeatures.dispose();
    }
    for (let step = 0; step < options.steps; step++) {
      const movement = nextMovement(movements, transforms);
      if (step === 0) {
        largest = await readData(() => upwards(movement).abs().max([1, 2, 3]));
        const ordinary = Array.from(largest, factorToOrdinary);
        if (ordinary.some((factor) => factor !== 1)) factors = tf.tensor1d(ordinary);
      }
      const gradient = tf.tidy(() => gradientAt(step, movement));
      adam.step(gradient, options.learningRate);
      if (fading !== null && step < fadeSteps) adam.move(fading);
      gradient.dispose();
      await onStep(step + 1, () => readData(() => measure(imagesNow())));
      await hearEvents();
    }
    const images = await readData(imagesNow);
    const activations = await readData(() => measure(imagesNow()));
    const perImage = images.length / activations.length;
    return {
      images,
      activations,
      gradientless: Array.from(largest, (value) => value === 0),
      exploded: Array.from(
        activations,
        (activation, i) =>
          !(Number.isFinite(activation) && Math.fround((largest[i] ?? 0) ** 2) < Infinity &&
            images.subarray(i * perImage, (i + 1) * perImage).every(Number.isFinite)),
      ),
    };
  } finally {
    adam.dispose();
    tf.dispose([selection, fading, centre, factors].filter((tensor) => tensor !== null));
  }
}

/**
 * Numbers whose largest is smaller lose digits: Adam adds an epsilon of 1e-8 to gradients, and the likeness of images one of
 * 1e-12 to squared features.
 */
const LEAST_ORDINARY = 2 ** -13;

/**
 * By what to multiply numbers, so that neither a unit's scale nor that of the layer below matters to ascent: 1 for ordinary
 * ones, else the power of two that brings the largest to [1/2, 1).
 *
 * @param largest of their absolute values; the factor is 1 for 0 and for what is not finite.
 */
function factorToOrdinary(largest: number): number {
  if (!(largest > 0 && largest < LEAST_ORDINARY)) return 1;
  return 2 ** Math.min(-Math.floor(Math.log2(largest)) - 1, 126);
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

/** What an image's start is drawn by. */
function startRandom(seed: number, layer: string, { unit, index }: ImageRequest): Random {
  return createRandom(seed, "start", layer, unit, index);
}

/** The training images from which ascent starts; null where it starts from noise. */
async function startImages(
  layer: string,
  requests: readonly ImageRequest[],
  options: VisualizeOptions,
  { seed, dataset }: VisualizeContext,
): Promise<ImageBatch | null> {
  if (options.start !== "dataset" || dataset === null) return null;
  return await dataset.images(
    requests.map((request) => startRandom(seed, layer, request).integer(0, dataset.count - 1)),
  );
}

/** Images as a tensor of the size that a network takes. */
function sizedImages({ count, height, width, data }: ImageBatch, size: Size): tf.Tensor4D {
  const images = tf.tensor4d(data, [count, height, width, 3]);
  return height === size.height && width === size.width
    ? images
    : tf.image.resizeBilinear(images, [size.height, size.width], false, true);
}

/** Normal noise as the parametrization's variables, shape [N, ...shape]. */
function startNoise(
  layer: string,
  requests: readonly ImageRequest[],
  { shape }: Parametrization,
  { noiseScale }: VisualizeOptions,
  { seed }: VisualizeContext,
): tf.Tensor {
  const perImage = shape.reduce((product, n) => product * n, 1);
  const noise = new Float32Array(requests.length * perImage);
  requests.forEach((request, i) => {
    const random = startRandom(seed, layer, request);
    for (let p = 0; p < perImage; p++) noise[i * perImage + p] = noiseScale * random.normal();
  });
  return tf.tensor(noise, [requests.length, ...shape]);
}

/** A unit as an image request list: images `from` .. `to` - 1 of each unit, unit after unit. */
export function imageRequests(units: readonly UnitId["unit"][], from: number, to: number): ImageRequest[] {
  return units.flatMap((unit) => Array.from({ length: to - from }, (_, i) => ({ unit, index: from + i })));
}
