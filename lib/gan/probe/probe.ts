/**
 * Probing the units of a network with generated images: what of an image drives a unit, its label or its contour?
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import { CIFAR10_CLASSES } from "../../data/mod.ts";
import type { Network } from "../../networks/mod.ts";
import type { ImageBatch, UnitId } from "../../types.ts";
import { type ActivationOptions, imageActivations } from "../../visualize/mod.ts";
import { drivingLevels } from "./driving_levels.ts";
import { type ImageGenerator, LABELS, LATENT, latentOf } from "../network/image_generator.ts";
import { checkMask, drawShape, type Mask, MASK_SIZE, parseShape } from "../masks/shapes.ts";
import { cellMeans, type VarianceShares, varianceShares } from "../../statistics/mod.ts";

/** A mask of a probe. */
export interface ProbeMask {
  /** Name of the mask, such as `disk upper left`. */
  readonly name: string;
  /** Name of its shape, such as `disk`. */
  readonly shape: string;
  readonly mask: Mask;
}

/** Shapes of a probe unless others are asked for: closed, hollow, cornered, long and branching contours. */
export const PROBE_SHAPES: readonly string[] = ["disk", "ring", "triangle", "bar", "cross", "letter-T"];

/** Where each shape is drawn: far enough apart to move a contour, near enough to keep it inside the image. */
const POSITIONS = [{ name: "upper left", x: -0.3, y: 0.3 }, { name: "lower right", x: 0.3, y: -0.3 }] as const;

/**
 * The masks of a probe: each shape in the upper left and in the lower right.
 *
 * @param shapes names of at least two shapes.
 * @throws {InputError} when there is no such shape, one is named twice, or there are fewer than two.
 */
export function probeMasks(shapes: readonly string[] = PROBE_SHAPES): ProbeMask[] {
  const repeated = shapes.find((name, i) => shapes.indexOf(name) !== i);
  if (repeated !== undefined) throw new InputError(`the shape "${repeated}" is named twice; name it once`);
  if (shapes.length < 2) {
    throw new InputError(`a probe of ${shapes.length} shape compares nothing; name two or more`);
  }
  return shapes.flatMap((text) => {
    const { name, ...settings } = parseShape(text);
    if (Object.keys(settings).length > 0) {
      throw new InputError(`the shape "${text}" is placed, and a probe places its shapes itself; give its name alone`);
    }
    return POSITIONS.map(({ name: position, x, y }) => {
      const full = `${name} ${position}`;
      return { name: full, shape: name, mask: checkMask(drawShape(name, { x, y }), full) };
    });
  });
}

/** What a probe shows to a network: as many images of each label under each mask, every one of a latent of its own. */
export interface ProbeDesign {
  readonly masks: readonly ProbeMask[];
  /** Images of each label and mask, at least 2. */
  readonly latents: number;
  /** Seed of the latents. */
  readonly seed: number;
}

/** What a probe says of one unit. */
export interface UnitProbe extends UnitId {
  /** Mean activation over all images. */
  readonly mean: number;
  /** Shares of its variance; null where the activation is the same for all images. */
  readonly shares: VarianceShares | null;
  /** Names of the labels that drive the unit, see {@linkcode drivingLevels}. */
  readonly labels: readonly string[];
  /** Names of the shapes that drive the unit, wherever they are. */
  readonly shapes: readonly string[];
  /** Mean activation of each label under each mask, shape [10, masks]. */
  readonly cellMeans: readonly number[];
}

/** Images generated at a time. */
const BATCH = 200;

/** Number of images of a probe. */
export function probeSize({ masks, latents }: ProbeDesign): number {
  return LABELS * masks.length * latents;
}

/**
 * Shows generated images of every label under every mask to a network, and analyses the activations of its units.
 *
 * @param units which units, in any order.
 * @param activation how a unit's activation on an image is one number; that of the units' visualizations.
 * @param onImages called with the number of images done.
 * @returns one for each unit, in their order; it depends on the generator, the network, the design and the unit alone.
 * @throws {InputError} when the network takes images of another size than the generator makes.
 */
export function probeUnits(
  generator: ImageGenerator,
  network: Network,
  units: readonly UnitId[],
  design: ProbeDesign,
  activation: ActivationOptions,
  onImages: (done: number) => void = () => {},
): UnitProbe[] {
  if (network.inputSize !== MASK_SIZE) {
    throw new InputError(
      `${network.name} takes images of ${network.inputSize} pixels, and ${generator.name} makes such of ${MASK_SIZE}; ` +
        `probe a model of ${MASK_SIZE} pixels`,
    );
  }
  const images = probeSize(design);
  const layers = [...new Set(units.map(({ layer }) => layer))];
  const values = new Map(units.map((unit) => [unit, new Float32Array(images)]));
  for (let start = 0; start < images; start += BATCH) {
    const batch = probeImages(generator, design, start, Math.min(images, start + BATCH));
    for (const layer of layers) {
      const { data, cols } = imageActivations(network, layer, batch, activation);
      for (const [unit, own] of values) {
        if (unit.layer !== layer) continue;
        for (let i = 0; i < batch.count; i++) own[start + i] = data[i * cols + unit.unit];
      }
    }
    onImages(start + batch.count);
  }
  return units.map((unit) => analyse(unit, values.get(unit)!, design));
}

/** Images `from` to `to` of a probe: by label, then mask, then latent. */
function probeImages(
  generator: ImageGenerator,
  { masks, latents, seed }: ProbeDesign,
  from: number,
  to: number,
): ImageBatch {
  const count = to - from;
  const conditions = {
    latents: new Float32Array(count * LATENT),
    labels: new Array<number>(count),
    masks: new Float32Array(count * MASK_SIZE ** 2),
  };
  for (let i = 0; i < count; i++) {
    const cell = Math.floor((from + i) / latents);
    // latents of its own for every image: the analysis takes images as independent
    conditions.latents.set(latentOf(seed, from + i), i * LATENT);
    conditions.labels[i] = Math.floor(cell / masks.length);
    conditions.masks.set(masks[cell % masks.length].mask, i * MASK_SIZE ** 2);
  }
  return generator.generate(conditions);
}

function analyse({ layer, unit }: UnitId, values: Float32Array, { masks, latents }: ProbeDesign): UnitProbe {
  const shapes = [...new Set(masks.map(({ shape }) => shape))];
  const maskOf = (image: number) => masks[Math.floor(image / latents) % masks.length];
  const means = cellMeans(values, LABELS, masks.length);
  const perLabel = masks.length * latents;
  return {
    layer,
    unit,
    mean: means.reduce((sum, mean) => sum + mean, 0) / means.length,
    shares: varianceShares(values, LABELS, masks.length),
    labels: drivingLevels(CIFAR10_CLASSES.map((_, label) => values.subarray(label * perLabel, (label + 1) * perLabel)))
      .map((label) => CIFAR10_CLASSES[label]),
    shapes: drivingLevels(shapes.map((shape) => values.filter((_, image) => maskOf(image).shape === shape)))
      .map((index) => shapes[index]),
    cellMeans: [...means],
  };
}
