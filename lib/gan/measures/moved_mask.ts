/**
 * Whether the contour moves when the mask is moved and nothing else is changed.
 *
 * @module
 */
import { createRandom, permutation } from "../../random.ts";
import { type Estimate, estimate } from "../../statistics/mod.ts";
import { type ImageGenerator, LABELS, LATENT, latentOf } from "../network/image_generator.ts";
import { drawShape, type Mask, MASK_SIZE } from "../masks/shapes.ts";
import { edgeMap } from "../masks/edges.ts";
import { silhouette } from "../masks/silhouette.ts";

const PIXELS = MASK_SIZE * MASK_SIZE;
const IMAGE = 3 * PIXELS;

/** Places of the disk, on a circle about the image's centre. */
const PLACES = 8;
/** Radius of that circle, in halves of the image's side. */
const CIRCLE = 0.4;
/** Diameter of the disk as a share of the image's side. */
const DISK = 0.5;
/** Latents whose images are made at once. */
const TOGETHER = 25;

/** A measure of motion beside what it is with the places shuffled within each latent. */
export interface Motion {
  readonly found: Estimate;
  readonly shuffled: Estimate;
  /** Found less shuffled, over the same latents. */
  readonly difference: Estimate;
}

/** What becomes of images when the mask alone is moved. */
export interface MovedMask {
  /** Number of latents; label of latent i is i mod 10. */
  readonly latents: number;
  /** Number of places of the disk for each latent. */
  readonly places: number;
  /**
   * Mean absolute change of colours where two masks differ, as a share of itself and that where they agree, over all pairs
   * of places: 1/2 where changes care for no mask, 1 where they keep to it. Null where nothing changes.
   */
  readonly change: Motion | null;
  /** Correlation of the disk's displacement with that of the silhouette's centre of mass; null where nothing moves. */
  readonly foreground: Motion | null;
  /** The same for the centre of mass of the edges. */
  readonly edges: Motion | null;
}

/** Of one latent: sums over pairs of places, or over places and axes, for the places as they are and shuffled. */
interface LatentSums {
  readonly inside: readonly [number, number];
  readonly outside: readonly [number, number];
  readonly foreground: Displacements;
  readonly edges: Displacements;
}

interface Displacements {
  readonly products: readonly [number, number];
  readonly squares: number;
}

/**
 * Generates images of one latent and label with a disk at eight places, for several latents.
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
    const drawn = new Float32Array(count * PLACES * LATENT);
    const repeated = new Float32Array(count * PLACES * PIXELS);
    const labels: number[] = [];
    for (let i = 0; i < count * PLACES; i++) {
      const latent = start + Math.floor(i / PLACES);
      drawn.set(latentOf(seed, latent), i * LATENT);
      repeated.set(masks[i % PLACES], i * PIXELS);
      labels.push(latent % LABELS);
    }
    const { data } = generator.generate({ latents: drawn, labels, masks: repeated });
    for (let i = 0; i < count; i++) {
      const images = masks.map((_, place) =>
        data.subarray((i * PLACES + place) * IMAGE, (i * PLACES + place + 1) * IMAGE)
      );
      sums.push(sumsOf(images, masks, centres, permutation(PLACES, random)));
    }
    onImages(count * PLACES);
  }
  const square = centres.reduce((sum, [x, y]) => sum + x * x + y * y, 0);
  const motion = (statistic: (cases: readonly number[], side: 0 | 1) => number | null): Motion | null => {
    const sides = ([0, 1] as const).map((side) => estimate(latents, (cases) => statistic(cases, side), random));
    const difference = estimate(latents, (cases) => {
      const [found, shuffled] = [statistic(cases, 0), statistic(cases, 1)];
      return found === null || shuffled === null ? null : found - shuffled;
    }, random);
    const [found, shuffled] = sides;
    return found === null || shuffled === null || difference === null ? null : { found, shuffled, difference };
  };
  const total = (cases: readonly number[], of: (sums: LatentSums) => number) => {
    let sum = 0;
    for (const index of cases) sum += of(sums[index]);
    return sum;
  };
  const correlation = (map: "foreground" | "edges") =>
    motion((cases, side) => {
      const squares = total(cases, (each) => each[map].squares);
      return squares === 0
        ? null
        : total(cases, (each) => each[map].products[side]) / Math.sqrt(cases.length * square * squares);
    });
  return {
    latents,
    places: PLACES,
    change: motion((cases, side) => {
      const inside = total(cases, (each) => each.inside[side]);
      const both = inside + total(cases, (each) => each.outside[side]);
      return both === 0 ? null : inside / both;
    }),
    foreground: correlation("foreground"),
    edges: correlation("edges"),
  };
}

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

/** Mean over the colours of the absolute difference, a pixel at a time. */
function differenceOf(a: Float32Array, b: Float32Array): Float32Array {
  return Float32Array.from(
    { length: PIXELS },
    (_, i) =>
      (Math.abs(a[3 * i] - b[3 * i]) + Math.abs(a[3 * i + 1] - b[3 * i + 1]) + Math.abs(a[3 * i + 2] - b[3 * i + 2])) /
      3,
  );
}

type Point = readonly [number, number];

/** Mean column and row, weighted by a map; the image's centre for an empty one. */
function centreOfMass(map: Mask): Point {
  let [sum, x, y] = [0, 0, 0];
  for (let i = 0; i < PIXELS; i++) {
    sum += map[i];
    x += map[i] * (i % MASK_SIZE);
    y += map[i] * Math.floor(i / MASK_SIZE);
  }
  const middle = (MASK_SIZE - 1) / 2;
  return sum === 0 ? [middle, middle] : [x / sum, y / sum];
}

/**
 * Points less their mean. What was the same point at all places becomes exactly zero, so that no correlation is made of
 * rounding.
 */
function centred(points: readonly Point[]): Point[] {
  if (points.every(([x, y]) => x === points[0][0] && y === points[0][1])) return points.map(() => [0, 0]);
  const mean = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  return points.map(([x, y]) => [x - mean[0], y - mean[1]]);
}
