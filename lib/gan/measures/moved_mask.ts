/**
 * Does the contour of an image move when its mask is moved and nothing else changes?
 *
 * @module
 */
import { createRandom, permutation, type Random } from "../../random.ts";
import { type Estimate, estimate } from "../../statistics/mod.ts";
import { IMAGE, PIXELS, SIZE } from "../masks/planes.ts";
import { type ImageGenerator, joinConditions, LABELS, latentOf } from "../network/image_generator.ts";
import { drawShape, type Mask } from "../masks/shapes.ts";
import { edgeMap } from "../masks/edges.ts";
import { silhouette } from "../masks/silhouette.ts";

/** Number of places of the disk, on a circle about the image's centre. */
const PLACES = 8;
/** Radius of that circle, in halves of the image's side: the disk stays within the image. */
const CIRCLE = 0.4;
/** Diameter of the disk as a share of the image's side. */
const DISK = 0.5;
/** Latents whose images are generated at once: 200 images. */
const TOGETHER = 25;

/** A measure of motion, and the same measure after the places are shuffled within each latent. */
export interface Motion {
  readonly found: Estimate;
  readonly shuffled: Estimate;
  /** Found minus shuffled, of the same latents. */
  readonly difference: Estimate;
}

/** How images change when the mask alone is moved. */
export interface MovedMask {
  /** Number of latents; the label of latent i is i mod 10. */
  readonly latents: number;
  /** Number of places of the disk for each latent. */
  readonly places: number;
  /**
   * Where colours change, over all pairs of places: a / (a + b), where a is the mean absolute change where the two
   * masks differ, and b that where they agree. It is 1/2 when changes do not depend on the masks, and 1 when nothing
   * changes where they agree. Null when nothing changes at all.
   */
  readonly change: Motion | null;
  /**
   * Correlation of the displacements of the disk and of the silhouette's centre of mass; null when the latter never
   * moves.
   */
  readonly foreground: Motion | null;
  /** The same for the centre of mass of the edges. */
  readonly edges: Motion | null;
}

/**
 * Sums of one latent. Two numbers are those of the places as they are, and of the places shuffled.
 */
interface LatentSums {
  /** Mean change where two masks differ, summed over pairs of places. */
  readonly inside: readonly [number, number];
  /** Mean change where two masks agree, summed over pairs of places. */
  readonly outside: readonly [number, number];
  readonly foreground: Displacements;
  readonly edges: Displacements;
}

/** Sums over places and axes. */
interface Displacements {
  /** Products of the displacements of the disk and of the centre of mass. */
  readonly products: readonly [number, number];
  /** Squares of the displacements of the centre of mass. */
  readonly squares: number;
}

/**
 * Measures how images follow a disk. For each of several latents, images of one label are generated with the disk at
 * each of eight places.
 *
 * @param latents how many, at least 1.
 * @param onImages called with the number of images made since the last call.
 */
export function measureMovedMask(
  generator: ImageGenerator,
  { latents, seed, onImages = () => {} }: {
    readonly latents: number;
    readonly seed: number;
    readonly onImages?: (count: number) => void;
  },
): MovedMask {
  const masks = Array.from({ length: PLACES }, (_, place) => {
    const angle = 2 * Math.PI * place / PLACES;
    return drawShape("disk", { x: CIRCLE * Math.cos(angle), y: CIRCLE * Math.sin(angle), size: DISK });
  });
  const centres = centred(masks.map(centreOfMass));
  const random = createRandom(seed, "moved mask");
  const sums: LatentSums[] = [];
  for (let start = 0; start < latents; start += TOGETHER) {
    const count = Math.min(TOGETHER, latents - start);
    const { data } = generator.generate(joinConditions(
      Array.from({ length: count * PLACES }, (_, i) => {
        const latent = start + Math.floor(i / PLACES);
        return { latent: latentOf(seed, latent), label: latent % LABELS, mask: masks[i % PLACES] };
      }),
    ));
    for (let i = 0; i < count; i++) {
      const images = masks.map((_, place) =>
        data.subarray((i * PLACES + place) * IMAGE, (i * PLACES + place + 1) * IMAGE)
      );
      sums.push(sumsOf(images, masks, centres, permutation(PLACES, random)));
    }
    onImages(count * PLACES);
  }
  return { latents, places: PLACES, ...motionsOf(sums, centres, random) };
}

/** The measures of motion and their intervals, from the sums of all latents. */
function motionsOf(
  sums: readonly LatentSums[],
  centres: readonly Point[],
  random: Random,
): Pick<MovedMask, "change" | "foreground" | "edges"> {
  const motion = (statistic: (cases: readonly number[], side: 0 | 1) => number | null): Motion | null => {
    const [found, shuffled] = ([0, 1] as const).map((side) =>
      estimate(sums.length, (cases) => statistic(cases, side), random)
    );
    const difference = estimate(sums.length, (cases) => {
      const [own, other] = [statistic(cases, 0), statistic(cases, 1)];
      return own === null || other === null ? null : own - other;
    }, random);
    return found === null || shuffled === null || difference === null ? null : { found, shuffled, difference };
  };
  const total = (cases: readonly number[], of: (sums: LatentSums) => number) =>
    cases.reduce((sum, index) => sum + of(sums[index]), 0);
  const square = centres.reduce((sum, [x, y]) => sum + x * x + y * y, 0);
  const correlation = (map: "foreground" | "edges") =>
    motion((cases, side) => {
      const squares = total(cases, (each) => each[map].squares);
      return squares === 0
        ? null
        : total(cases, (each) => each[map].products[side]) / Math.sqrt(cases.length * square * squares);
    });
  return {
    change: motion((cases, side) => {
      const inside = total(cases, (each) => each.inside[side]);
      const both = inside + total(cases, (each) => each.outside[side]);
      return both === 0 ? null : inside / both;
    }),
    foreground: correlation("foreground"),
    edges: correlation("edges"),
  };
}

/** The sums of the images of one latent, one image for each place. */
function sumsOf(
  images: readonly Float32Array[],
  masks: readonly Mask[],
  centres: readonly Point[],
  order: Uint32Array,
): LatentSums {
  const inside: [number, number] = [0, 0];
  const outside: [number, number] = [0, 0];
  for (let a = 0; a < images.length; a++) {
    for (let b = 0; b < a; b++) {
      const change = differenceOf(images[a], images[b]);
      for (const side of [0, 1] as const) {
        const [one, other] = side === 0 ? [masks[a], masks[b]] : [masks[order[a]], masks[order[b]]];
        let [within, where, without] = [0, 0, 0];
        for (let i = 0; i < PIXELS; i++) {
          const share = Math.abs(one[i] - other[i]);
          where += share;
          within += share * change[i];
          without += (1 - share) * change[i];
        }
        inside[side] += within / where;
        outside[side] += without / (PIXELS - where);
      }
    }
  }
  const displacements = (mapOf: (image: Float32Array) => Mask): Displacements => {
    const moved = centred(images.map((image) => centreOfMass(mapOf(image))));
    const product = (at: (place: number) => number) =>
      moved.reduce((sum, [x, y], place) => sum + x * centres[at(place)][0] + y * centres[at(place)][1], 0);
    return {
      products: [product((place) => place), product((place) => order[place])],
      squares: moved.reduce((sum, [x, y]) => sum + x * x + y * y, 0),
    };
  };
  return { inside, outside, foreground: displacements(silhouette), edges: displacements(edgeMap) };
}

/** The absolute difference of two images in each pixel, in the mean of its colours. */
function differenceOf(a: Float32Array, b: Float32Array): Float32Array {
  return Float32Array.from(
    { length: PIXELS },
    (_, i) =>
      (Math.abs(a[3 * i] - b[3 * i]) + Math.abs(a[3 * i + 1] - b[3 * i + 1]) + Math.abs(a[3 * i + 2] - b[3 * i + 2])) /
      3,
  );
}

/** A column and a row. */
type Point = readonly [number, number];

/** Mean column and row of a map, weighted by its values; the image's centre for an empty map. */
function centreOfMass(map: Mask): Point {
  let [sum, x, y] = [0, 0, 0];
  for (let i = 0; i < PIXELS; i++) {
    sum += map[i];
    x += map[i] * (i % SIZE);
    y += map[i] * Math.floor(i / SIZE);
  }
  const middle = (SIZE - 1) / 2;
  return sum === 0 ? [middle, middle] : [x / sum, y / sum];
}

/** Points minus their mean. If all are the same, all become exactly zero, so that rounding is not taken for motion. */
function centred(points: readonly Point[]): Point[] {
  if (points.every(([x, y]) => x === points[0][0] && y === points[0][1])) return points.map(() => [0, 0]);
  const mean = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  return points.map(([x, y]) => [x - mean[0], y - mean[1]]);
}
