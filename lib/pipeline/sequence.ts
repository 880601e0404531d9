/**
 * How a unit's sequence of images grows: in parts that are made together. Without repulsion an image does not depend on the
 * others of its part; with it, it does.
 *
 * @module
 */
import type { Network } from "../networks/mod.ts";
import type { ElbowRule } from "../elbow/mod.ts";
import { imageRequests, type Visualizations, visualize, type VisualizeContext } from "../visualize/mod.ts";
import type { Profile } from "./profile.ts";

/** Images that a sequence grows by where its elbow is not reached. */
const GROWTH = 8;
/** Smallest first part of a sequence. */
const FIRST = 4;

/** How many images a sequence has after its next part, when it has `made`. */
export function nextLength(made: number, { minImages, maxImages }: Pick<ElbowRule, "minImages" | "maxImages">): number {
  return Math.min(maxImages, made === 0 ? Math.max(FIRST, minImages) : made + GROWTH);
}

/**
 * The first images of a unit as a run makes them. Where images repel each other, whole parts are made, of which the last may
 * have more images than were asked for; those are left out.
 *
 * @param count at least 1; beyond the most of the profile the sequence grows on by equal parts.
 * @param context as of `visualize`; progress is the share of the images that are made.
 * @throws {RangeError} when the network has no such unit.
 */
export async function makeFirstImages(
  network: Network,
  layer: string,
  unit: number,
  count: number,
  { visualize: options, elbow }: Pick<Profile, "visualize" | "elbow">,
  context: VisualizeContext,
): Promise<Visualizations> {
  if (!options.repulsion) return await visualize(network, layer, imageRequests([unit], 0, count), options, context);
  const ends: number[] = [];
  for (let end = 0; end < count;) {
    const next = nextLength(end, elbow);
    ends.push(end = next > end ? next : end + GROWTH);
  }
  const total = ends.at(-1)!;
  const parts: Visualizations[] = [];
  for (const [i, end] of ends.entries()) {
    const from = ends[i - 1] ?? 0;
    parts.push(
      await visualize(network, layer, imageRequests([unit], from, end), options, {
        ...context,
        onProgress: (share) => context.onProgress?.((from + share * (end - from)) / total),
      }),
    );
  }
  const { height, width } = network.input;
  const perImage = height * width * 3;
  const data = new Float32Array(total * perImage);
  parts.forEach(({ images }, i) => data.set(images.data, (ends[i - 1] ?? 0) * perImage));
  return {
    images: { count, height, width, data: data.subarray(0, count * perImage) },
    activations: Float32Array.from(parts.flatMap(({ activations }) => [...activations]).slice(0, count)),
    gradientless: parts.flatMap(({ gradientless }) => gradientless).slice(0, count),
    exploded: parts.flatMap(({ exploded }) => exploded).slice(0, count),
  };
}
