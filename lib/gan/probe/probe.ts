/**
 * Probes the units of a network with generated images: what of an image drives a unit, its label or its contour?
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { InputError } from "../../errors.ts";
import type { Network } from "../../networks/mod.ts";
import type { ImageBatch, UnitId } from "../../types.ts";
import { type ActivationOptions, imageActivations } from "../../visualize/mod.ts";
import { drivingLevels } from "./driving_levels.ts";
import { type ImageGenerator, joinConditions, LABEL_NAMES, LABELS, latentOf } from "../network/image_generator.ts";
import { checkMask, drawShape, type Mask, MASK_SIZE, parseShape } from "../masks/shapes.ts";
import { cellMeans, type VarianceShares, varianceShares } from "../../statistics/mod.ts";

/** A mask of a probe. */
export interface ProbeMask {
  /** Its name, such as `disk upper left`. */
  readonly name: string;
  /** Name of its shape, such as `disk`. */
  readonly shape: string;
  readonly mask: Mask;
}

/** The shapes of a probe by default: closed, hollow, cornered, long and branching contours. */
export const PROBE_SHAPES: readonly string[] = ["disk", "ring", "triangle", "bar", "cross", "letter-T"];

/** Where each shape is drawn: the contour moves, and stays within the image. */
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

/**
 * What a probe shows to a network: equally many images of each label under each mask, each image with its own latent.
 */
export interface ProbeDesign {
  readonly masks: readonly ProbeMask[];
  /** Images of each label and mask, at least 2. */
  readonly latents: number;
  /** Of the latents. */
  readonly seed: number;
}

/** What a probe says of one unit. */
export interface UnitProbe extends UnitId {
  /** Mean activation over all images. */
  readonly mean: number;
  /** Where its variance comes from; null when the activation is the same for all images. */
  readonly shares: VarianceShares | null;
  /** Names of the labels that drive the unit, see {@linkcode drivingLevels}. */
  readonly labels: readonly string[];
  /** Names of the shapes that drive the unit, at both places together. */
  readonly shapes: readonly string[];
  /** Mean activation of each label under each mask, shape [10, masks]. */
  readonly cellMeans: readonly number[];
}

/** Images generated and shown at a time. */
const BATCH = 200;

/** Number of images of a probe. */
export function probeSize({ masks, latents }: ProbeDesign): number {
  return LABELS * masks.length * latents;
}

/**
 * Shows generated images of every label under every mask to a network, and analyses the activations of its units. All
 * layers are read in one pass.
 *
 * @param units in any order.
 * @param activation how a unit's responses to an image become one number: as in the visualizations of the units.
 * @param onImages called with the number of images done.
 * @returns a probe for each unit, in their order. It depends on the generator, the network, the design and the unit
 *   alone.
 * @throws {InputError} when the network does not take images of the size that the generator makes.
 */
export async function probeUnits(
  generator: ImageGenerator,
  network: Network,
  units: readonly UnitId[],
  design: ProbeDesign,
  activation: ActivationOptions,
  onImages: (done: number) => void = () => {},
): Promise<UnitProbe[]> {
  const { height, width } = network.input;
  if (height !== MASK_SIZE || width !== MASK_SIZE) {
    throw new InputError(
      `${network.name} takes images of ${width}x${height} px, and ${generator.name} makes such of ` +
        `${MASK_SIZE}x${MASK_SIZE} px; probe a model of ${MASK_SIZE}x${MASK_SIZE} px`,
    );
  }
  const images = probeSize(design);
  const layers = [...new Set(units.map(({ layer }) => layer))];
  const readings = layers.map((layer) => ({ layer, options: activation }));
  const values = new Map(units.map((unit) => [unit, new Float32Array(images)]));
  for (let start = 0; start < images; start += BATCH) {
    const batch = probeImages(generator, design, start, Math.min(images, start + BATCH));
    const activations = await imageActivations(network, readings, batch);
    for (const [{ layer, unit }, own] of values) {
      const { data, cols } = activations[layers.indexOf(layer)];
      for (let i = 0; i < batch.count; i++) own[start + i] = data[i * cols + unit];
    }
    onImages(start + batch.count);
  }
  return units.map((unit) => analyse(unit, values.get(unit)!, design));
}

/** Images `from` to `to` - 1 of a probe: by label, then mask, then latent. */
function probeImages(
  generator: ImageGenerator,
  { masks, latents, seed }: ProbeDesign,
  from: number,
  to: number,
): ImageBatch {
  return generator.generate(joinConditions(Array.from({ length: to - from }, (_, i) => {
    const image = from + i;
    const cell = Math.floor(image / latents);
    return {
      latent: latentOf(seed, image), // each image has its own: the analysis takes images as independent
      label: Math.floor(cell / masks.length),
      mask: masks[cell % masks.length].mask,
    };
  })));
}

function analyse({ layer, unit }: UnitId, values: Float32Array, { masks, latents }: ProbeDesign): UnitProbe {
  const shapes = [...new Set(masks.map(({ shape }) => shape))];
  const shapeOf = (image: number) => masks[Math.floor(image / latents) % masks.length].shape;
  const means = [...cellMeans(values, LABELS, masks.length)];
  const perLabel = masks.length * latents;
  const ofLabels = LABEL_NAMES.map((_, label) => values.subarray(label * perLabel, (label + 1) * perLabel));
  const ofShapes = shapes.map((shape) => values.filter((_, image) => shapeOf(image) === shape));
  return {
    layer,
    unit,
    mean: meanSimple(means),
    shares: varianceShares(values, LABELS, masks.length),
    labels: drivingLevels(ofLabels).map((label) => LABEL_NAMES[label]),
    shapes: drivingLevels(ofShapes).map((index) => shapes[index]),
    cellMeans: means,
  };
}
