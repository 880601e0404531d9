/**
 * Do generated images have their contours where the mask has them?
 *
 * @module
 */
import type { Random } from "../../random.ts";
import { type Estimate, estimateMean, pearson } from "../../statistics/mod.ts";
import type { ImageBatch } from "../../types.ts";
import { IMAGE, PIXELS } from "../masks/planes.ts";
import type { Mask } from "../masks/shapes.ts";
import { edgeMap } from "../masks/edges.ts";
import { silhouette } from "../masks/silhouette.ts";

/**
 * Correlations of the maps of N images with masks. Where all values of a map or mask are equal, the correlation is
 * undefined and counts as 0.
 */
export interface MaskCorrelations {
  /** Silhouette of each image with its own mask. */
  readonly foreground: number[];
  /** Silhouette of each image with the mask of another image. */
  readonly foregroundOther: number[];
  /** Edges of each image with the edges of its own mask. */
  readonly edges: number[];
  /** Edges of each image with the edges of another image's mask. */
  readonly edgesOther: number[];
}

/** The mean correlation of images with their own masks, beside that with masks of other images. */
export interface MaskCorrelation {
  /** Mean over images, in [-1, 1]. */
  readonly own: Estimate;
  /** The same with masks of other images of the same label: what a generator that ignores masks would get. */
  readonly shuffled: Estimate;
  /** Own minus shuffled, of the same images. */
  readonly difference: Estimate;
}

/** How well images follow their masks. */
export interface MaskFidelity {
  /** Number of images. */
  readonly count: number;
  /** Of the image's silhouette with the mask. */
  readonly foreground: MaskCorrelation;
  /** Of the image's edges with those of the mask: it does not matter which side of a contour stands out. */
  readonly edges: MaskCorrelation;
}

/** The edges of a mask, found as those of an image: the mask is treated as a grey image. */
export function edgesOfMask(mask: Mask): Mask {
  return edgeMap(Float32Array.from({ length: IMAGE }, (_, i) => mask[Math.floor(i / 3)]));
}

/**
 * Correlates images with their own masks and with those of other images. The other image is the next one of the same
 * label: what goes with the label alone (ships are wide) counts on both sides. If there is no other image of the label,
 * it is the next image of all.
 *
 * @param images shape [N, 32, 32, 3], N at least 2.
 * @param masks shape [N, 32, 32].
 * @param labels length N.
 * @throws {RangeError} when there are fewer than 2 images, or not equally many images, masks and labels.
 */
export function correlateWithMasks(
  images: ImageBatch,
  masks: Float32Array,
  labels: ArrayLike<number>,
): MaskCorrelations {
  const { count, data } = images;
  if (masks.length !== count * PIXELS || labels.length !== count || data.length !== count * IMAGE) {
    throw new RangeError(`${count} images stand beside ${masks.length / PIXELS} masks and ${labels.length} labels`);
  }
  if (count < 2) throw new RangeError(`a mask of another image needs at least 2 images, got ${count}`);
  const maskOf = (i: number) => masks.subarray(i * PIXELS, (i + 1) * PIXELS);
  const edges = Array.from({ length: count }, (_, i) => edgesOfMask(maskOf(i)));
  const found: MaskCorrelations = { foreground: [], foregroundOther: [], edges: [], edgesOther: [] };
  for (let i = 0; i < count; i++) {
    let other = (i + 1) % count;
    while (labels[other] !== labels[i]) other = (other + 1) % count;
    if (other === i) other = (i + 1) % count;
    const image = data.subarray(i * IMAGE, (i + 1) * IMAGE);
    const [foreground, edge] = [silhouette(image), edgeMap(image)];
    found.foreground.push(pearson(foreground, maskOf(i)) ?? 0);
    found.foregroundOther.push(pearson(foreground, maskOf(other)) ?? 0);
    found.edges.push(pearson(edge, edges[i]) ?? 0);
    found.edgesOther.push(pearson(edge, edges[other]) ?? 0);
  }
  return found;
}

/**
 * Mean correlations with their intervals.
 *
 * @param parts the results of {@linkcode correlateWithMasks} for batches of images, at least one.
 */
export function maskFidelity(parts: readonly MaskCorrelations[], random: Random): MaskFidelity {
  const summarize = (own: readonly number[], other: readonly number[]): MaskCorrelation => ({
    own: estimateMean(own, random),
    shuffled: estimateMean(other, random),
    difference: estimateMean(own.map((value, i) => value - other[i]), random),
  });
  const all = (key: keyof MaskCorrelations) => parts.flatMap((part) => part[key]);
  return {
    count: all("foreground").length,
    foreground: summarize(all("foreground"), all("foregroundOther")),
    edges: summarize(all("edges"), all("edgesOther")),
  };
}
