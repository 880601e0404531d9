/**
 * Masks to train with, made of the training images by arithmetic alone. There are three kinds: soft silhouettes of what
 * stands out in an image, its edges, and random shapes along which one image is pasted into another. A generator
 * trained on all three also follows masks drawn by hand.
 *
 * @module
 */
import type { Random } from "../../random.ts";
import { edgeMap } from "./edges.ts";
import { IMAGE, PIXELS, requireLength } from "./planes.ts";
import { type Mask, randomShape } from "./shapes.ts";
import { silhouette } from "./silhouette.ts";

/** Images with the masks made of them, as bytes. */
export interface MaskedImages {
  /** Number of images N. */
  readonly count: number;
  /** Pixels 0 .. 255, shape [N, 32, 32, 3]. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** Their silhouettes from {@linkcode silhouettes}, shape [N, 32, 32]. */
  readonly silhouettes: Uint8Array<ArrayBufferLike>;
  /** Their edges from {@linkcode edgeMaps}, shape [N, 32, 32]. */
  readonly edges: Uint8Array<ArrayBufferLike>;
}

/** An image and the mask of its object. */
export interface TrainingExample {
  readonly kind: keyof typeof MASK_SHARES;
  /** Shape [32, 32, 3], in [0, 1]. */
  readonly image: Float32Array;
  readonly mask: Mask;
}

/** How often each kind of mask is drawn; the shares sum to 1. */
export const MASK_SHARES = { silhouette: 0.55, edges: 0.2, composite: 0.25 } as const;

/**
 * One example for training: an image with its silhouette, an image with its edges, or two images of one label pasted
 * together along a random shape.
 *
 * @param image index of the image; in the third kind it lies outside the shape.
 * @param mate index of another image of the same label; in the third kind it lies inside the shape.
 * @param random decides which kind is drawn, and the shape.
 * @throws {RangeError} when there is no image of one of these indices.
 */
export function trainingExample(images: MaskedImages, image: number, mate: number, random: Random): TrainingExample {
  for (const number of [image, mate]) {
    if (!(Number.isInteger(number) && number >= 0 && number < images.count)) {
      throw new RangeError(`no image ${number} among ${images.count}`);
    }
  }
  const drawn = random.uniform();
  const pixels = fromBytes(images.pixels, image, IMAGE);
  if (drawn < MASK_SHARES.silhouette) {
    return { kind: "silhouette", image: pixels, mask: fromBytes(images.silhouettes, image, PIXELS) };
  }
  if (drawn < MASK_SHARES.silhouette + MASK_SHARES.edges) {
    return { kind: "edges", image: pixels, mask: fromBytes(images.edges, image, PIXELS) };
  }
  const mask = randomShape(random);
  return { kind: "composite", image: composite(fromBytes(images.pixels, mate, IMAGE), pixels, mask), mask };
}

function fromBytes(bytes: Uint8Array, index: number, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = bytes[index * length + i] / 255;
  return values;
}

/**
 * Pastes one image into another along a mask. Each pixel is mask * inside + (1 - mask) * outside.
 *
 * @param inside image seen where the mask is 1, shape [32, 32, 3].
 * @param outside image seen where the mask is 0, shape [32, 32, 3].
 * @returns shape [32, 32, 3].
 * @throws {RangeError} when one of the three has another size.
 */
export function composite(inside: Float32Array, outside: Float32Array, mask: Mask): Float32Array {
  for (const image of [inside, outside]) requireLength(image, IMAGE);
  requireLength(mask, PIXELS);
  const image = new Float32Array(IMAGE);
  for (let i = 0; i < IMAGE; i++) {
    const share = mask[Math.floor(i / 3)];
    image[i] = share * inside[i] + (1 - share) * outside[i];
  }
  return image;
}

/**
 * The silhouettes of many images, as bytes.
 *
 * @param pixels bytes, shape [count, 32, 32, 3].
 * @param made called after every 1,000 images, and after the last, with the number of images done.
 * @returns round(255 mask), shape [count, 32, 32].
 */
export function silhouettes(pixels: Uint8Array, count: number, made?: (done: number) => void): Uint8Array {
  return masksOf(silhouette, pixels, count, made);
}

/**
 * The edges of many images, as bytes.
 *
 * @param pixels bytes, shape [count, 32, 32, 3].
 * @param made called after every 1,000 images, and after the last, with the number of images done.
 * @returns round(255 mask), shape [count, 32, 32].
 */
export function edgeMaps(pixels: Uint8Array, count: number, made?: (done: number) => void): Uint8Array {
  return masksOf(edgeMap, pixels, count, made);
}

function masksOf(
  maskOf: (image: Float32Array) => Mask,
  pixels: Uint8Array,
  count: number,
  made?: (done: number) => void,
): Uint8Array {
  requireLength(pixels, count * IMAGE);
  const masks = new Uint8Array(count * PIXELS);
  const image = new Float32Array(IMAGE);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < IMAGE; i++) image[i] = pixels[n * IMAGE + i] / 255;
    const mask = maskOf(image);
    for (let i = 0; i < PIXELS; i++) masks[n * PIXELS + i] = Math.round(255 * mask[i]);
    if ((n + 1) % 1000 === 0 || n + 1 === count) made?.(n + 1);
  }
  return masks;
}
