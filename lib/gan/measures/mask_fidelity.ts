/**
 * Whether generated images have their contours where the mask has them.
 *
 * @module
 */
import type { Random } from "../../random.ts";
import { type Estimate, estimateMean, pearson } from "../../statistics/mod.ts";
import type { ImageBatch } from "../../types.ts";
import { type Mask, MASK_SIZE } from "../masks/shapes.ts";
import { edgeMap } from "../masks/edges.ts";
import { silhouette } from "../masks/silhouette.ts";

const PIXELS = MASK_SIZE * MASK_SIZE;
const IMAGE = 3 * PIXELS;

/**
 * Correlations of N images' maps with masks. A map or mask of one value correlates with nothing and counts as 0.
 */
export interface MaskCorrelations {
  /** Of the image's silhouette with its own mask. */
  readonly foreground: number[];
  /** Of the image's silhouette with another image's mask. */
  readonly foregroundOther: number[];
  /** Of the image's edges with those of its own mask. */
  readonly edges: number[];
  /** Of the image's edges with those of another image's mask. */
  readonly edgesOther: number[];
}

/** A mean correlation with the images' own masks, beside that with masks shuffled between images. */
export interface MaskCorrelation {
  /** Mean over images, in [-1, 1]. */
  readonly own: Estimate;
  /** The same with masks of other images of the same label: what an image would get that ignores its mask. */
  readonly shuffled: Estimate;
  /** Own less shuffled, paired by image. */
  readonly difference: Estimate;
}

/** How far images follow their masks. */
export interface MaskFidelity {
  /** Number of images. */
  readonly count: number;
  /** Of what stands out in the image with the mask. */
  readonly foreground: MaskCorrelation;
  /** Of the image's edges with those of the mask; it does not ask which side of a contour stands out. */
  readonly edges: MaskCorrelation;
}

/** The edges of a mask, told as those of an image are: its own where it is taken for a grey image. */
export function edgesOfMask(mask: Mask): Mask {
  return edgeMap(Float32Array.from({ length: IMAGE }, (_, i) => mask[Math.floor(i / 3)]));
}

/**
 * Correlates images with their own masks and with another's: that of the next image of the same label among these, so that
 * what goes with the label alone (ships are wide) counts on both sides.
 *
 * @param images shape [N, 32, 32, 3].
 * @param masks shape [N, 32, 32].
 * @param labels length N; the only image of its label is compared with the mask of the next image of any.
 * @throws {RangeError} when there are fewer than 2 images, or the numbers differ.
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
 * Means of correlations, with intervals.
 *
 * @param parts what {@linkcode correlateWithMasks} made of batches of images, at least one.
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
