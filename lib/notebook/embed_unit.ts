/**
 * The workbench's unit through the first three stages, for the notebooks about the later ones.
 *
 * @module
 */
import { type Elbow, findElbow, runningMeanDistances } from "../elbow/mod.ts";
import { PAPER } from "../pipeline/mod.ts";
import type { Matrix } from "../types.ts";
import { makeImages, type UnitImages } from "./make_images.ts";
import { pairDistances } from "./compare_images.ts";
import type { Workbench } from "./workbench.ts";

/** A unit with its images, stops and embeddings. */
export interface EmbeddedUnit extends UnitImages {
  /** Mean pairwise LPIPS distance of the first 2, 3, ... images. */
  readonly meanDistances: readonly number[];
  /** Where the profile's rule stops. */
  readonly own: Elbow;
  /** Where the paper's literal rule stops. */
  readonly literal: Elbow;
  /** Embeddings of all images made, a row each; the score counts the first `own.I`. */
  readonly embeddings: Matrix;
}

/**
 * Makes as many images as the profile allows, finds both stops and embeds them all.
 *
 * The stages do just what a run does; it only makes fewer images where the elbow comes early.
 */
export async function embedUnit(bench: Workbench): Promise<EmbeddedUnit> {
  const { profile, embedder } = bench.context;
  const made = await makeImages(bench);
  const meanDistances = runningMeanDistances(await pairDistances(bench, made.images));
  const own = findElbow(meanDistances, profile.elbow)!; // as many images as it may take: it ends
  const literal = findElbow(meanDistances, { ...PAPER.elbow, maxImages: profile.elbow.maxImages })!;
  return { ...made, meanDistances, own, literal, embeddings: await embedder.embed(made.images) };
}
