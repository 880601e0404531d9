/**
 * Images in memory as bytes, with their labels: what training goes through many times over.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { ImageBatch } from "../types.ts";
import type { ImageSource } from "./dataset.ts";

/** Images of one size as bytes, with their labels. */
export interface PixelSet {
  /** Number of images N. */
  readonly count: number;
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
  /** Pixels 0 .. 255, shape [N, H, W, 3]. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** Class of each image, length N. */
  readonly labels: Uint8Array;
}

/** Images read at a time. */
const BATCH = 1000;

/**
 * All images of a source as bytes. A source of 8-bit images gives its own bytes back.
 *
 * @throws {InputError} when the source is empty or has no labels.
 */
export async function readPixels(source: ImageSource): Promise<PixelSet> {
  const { count, labels } = source;
  if (count === 0) throw new InputError("a dataset without images cannot be learned from; give one with images");
  if (labels === null) throw new InputError("a dataset without labels cannot be learned from; give one with labels");
  let pixels: Uint8Array | undefined;
  let size = { height: 0, width: 0 };
  for (let start = 0; start < count; start += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => start + i);
    const { height, width, data } = await source.images(indices);
    size = { height, width };
    pixels ??= new Uint8Array(count * height * width * 3);
    const at = start * height * width * 3;
    for (let p = 0; p < data.length; p++) pixels[at + p] = Math.round(255 * data[p]);
  }
  return { count, ...size, pixels: pixels!, labels: Uint8Array.from(labels) };
}

/** Chosen images as floats in [0, 1], in the order of their indices. */
export function imagesOf({ height, width, pixels }: PixelSet, indices: ArrayLike<number>): ImageBatch {
  const perImage = height * width * 3;
  const data = new Float32Array(indices.length * perImage);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * perImage;
    for (let p = 0; p < perImage; p++) data[i * perImage + p] = pixels[from + p] / 255;
  }
  return { count: indices.length, height, width, data };
}
