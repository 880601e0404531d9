/**
 * What images to generate: labels by masks by latents.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import type { ImageBatch } from "../../types.ts";
import { type NamedMask, readMasks } from "../masks/mod.ts";
import { type ImageGenerator, joinConditions, LABEL_NAMES, latentOf } from "../network/image_generator.ts";

/** What a user asks for. */
export interface GenerationRequest {
  /** Names or numbers of labels with commas between them, or `all`. */
  readonly label: string;
  /** Shapes or files, as {@linkcode readMasks} takes them; a disk if there are none. */
  readonly mask: readonly string[];
  /** Images of each label and mask; default {@linkcode USUAL_COUNT}. */
  readonly count?: number;
  /** Index of the only latent; default the latents from 0 on. */
  readonly latent?: number;
  /** Of the latents. */
  readonly seed: number;
}

/** The images to generate: by label, then mask, then latent. */
export interface GenerationPlan {
  /** Numbers of the labels. */
  readonly labels: readonly number[];
  readonly masks: readonly NamedMask[];
  /** Index of the first latent. All labels and masks have the same latents. */
  readonly firstLatent: number;
  /** Number of latents. */
  readonly count: number;
  /** Number of images. */
  readonly total: number;
  readonly seed: number;
}

/** What one of the images is made of. */
export interface PlannedImage {
  readonly label: number;
  readonly mask: NamedMask;
  /** Index of the latent. */
  readonly latent: number;
}

/** Most images of one request: a larger number is more likely mistyped than meant. */
export const MOST_IMAGES = 1_000_000;
/** Images of each label and mask, unless another number is asked for. */
export const USUAL_COUNT = 16;

/**
 * Plans images.
 *
 * @throws {InputError} when there is no such label or mask, when one comes twice, when `count` and `latent` contradict
 *   each other, or when there would be more than {@linkcode MOST_IMAGES}.
 */
export async function planGeneration(request: GenerationRequest): Promise<GenerationPlan> {
  const { latent, seed } = request;
  if (latent !== undefined && (request.count ?? 1) !== 1) {
    throw new InputError(
      `--latent ${latent} makes one image of each label and mask, and --count asks for ${request.count}; leave one out`,
    );
  }
  const labels = parseLabels(request.label);
  const masks = await readMasks(request.mask.length === 0 ? ["disk"] : request.mask);
  const count = latent === undefined ? request.count ?? USUAL_COUNT : 1;
  const total = count * labels.length * masks.length;
  if (total > MOST_IMAGES) {
    throw new InputError(
      `${count} images of ${labels.length} labels and ${masks.length} masks are ${total}, over ${MOST_IMAGES}; ` +
        "ask for fewer at a time",
    );
  }
  return { labels, masks, firstLatent: latent ?? 0, count, total, seed };
}

/**
 * Reads labels.
 *
 * @param text names or numbers with commas between them, or `all`.
 * @returns numbers of the labels.
 * @throws {InputError} when there is no such label, or one comes twice.
 */
export function parseLabels(text: string): number[] {
  if (text.trim() === "all") return LABEL_NAMES.map((_, label) => label);
  const labels: number[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const label = /^\d+$/.test(part) ? Number(part) : LABEL_NAMES.indexOf(part.toLowerCase());
    if (!(label >= 0 && label < LABEL_NAMES.length)) {
      throw new InputError(
        `there is no label ${JSON.stringify(part)}; choose among ${LABEL_NAMES.join(", ")} (or 0 to ${
          LABEL_NAMES.length - 1
        }), or all`,
      );
    }
    if (labels.includes(label)) throw new InputError(`the label ${LABEL_NAMES[label]} is given twice; give it once`);
    labels.push(label);
  }
  return labels;
}

/** Images `from` to `to` - 1 of a plan. */
export function plannedImages(
  { labels, masks, firstLatent, count }: GenerationPlan,
  from: number,
  to: number,
): PlannedImage[] {
  return Array.from({ length: to - from }, (_, i) => {
    const pair = Math.floor((from + i) / count);
    return {
      label: labels[Math.floor(pair / masks.length)],
      mask: masks[pair % masks.length],
      latent: firstLatent + (from + i) % count,
    };
  });
}

/** Images with the labels and masks that they were generated for. */
export interface GeneratedImages {
  readonly images: ImageBatch;
  /** Length N. */
  readonly labels: Float32Array;
  /** Shape [N, 32, 32]. */
  readonly masks: Float32Array;
}

/** Generates some of the images of a plan. */
export function generatePlanned(
  generator: ImageGenerator,
  { seed }: GenerationPlan,
  planned: readonly PlannedImage[],
): GeneratedImages {
  const conditions = joinConditions(
    planned.map(({ label, mask, latent }) => ({ latent: latentOf(seed, latent), label, mask: mask.mask })),
  );
  return {
    images: generator.generate(conditions),
    labels: Float32Array.from(conditions.labels),
    masks: conditions.masks,
  };
}
