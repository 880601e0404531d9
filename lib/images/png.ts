/**
 * PNG files to pixels and back. What an opaque RGB batch cannot hold is refused, never dropped silently.
 *
 * @module
 */
import { encode } from "fast-png";
import { InputError, messageOf } from "../errors.ts";
import { isStandardInput, readInput } from "../streams.ts";
import type { ImageBatch, Size } from "../types.ts";
import { type PngChunks, readChunks } from "./png_chunks.ts";
import { decodePixels } from "./png_pixels.ts";
import { writeWhole } from "../whole_file.ts";

/** A decoded PNG. */
export interface PngPixels {
  /** A batch of one image; where it is transparent, the colours that the file has there. */
  readonly images: ImageBatch;
  /** Opacity of every pixel, row-major, in [0, 1]; null when all are opaque. */
  readonly opacity: Float32Array | null;
}

/**
 * Decodes a PNG. Grey becomes RGB with three equal channels, a palette its colours; 16-bit samples keep their precision. An
 * alpha channel is dropped when every pixel is opaque. Colour profiles and gamma are not applied.
 *
 * @param source the file's name, for errors.
 * @returns a batch of one image, values in [0, 1].
 * @throws {InputError} when the bytes are not a PNG, are cut off or damaged (every checksum is verified but those of texts
 * and colour profiles, which decide no pixel), or when any pixel is not opaque.
 */
export function decodePng(bytes: Uint8Array, source: string): ImageBatch {
  const { images, opacity } = decodePngPixels(bytes, source);
  if (opacity !== null) {
    const pixel = opacity.findIndex((value) => value < 1);
    const place = `row ${Math.floor(pixel / images.width)}, column ${pixel % images.width}`;
    throw new InputError(`${source} has transparent pixels (${place}); flatten it onto a background first`);
  }
  return images;
}

/**
 * Decodes a PNG as {@linkcode decodePng} does, but for transparent pixels, which it tells of.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are not a PNG, are cut off or damaged.
 */
export function decodePngPixels(bytes: Uint8Array, source: string): PngPixels {
  try {
    return pixelsOf(readChunks(bytes));
  } catch (error) {
    throw new InputError(`${source} is not a readable PNG: ${messageOf(error)}; check the file`);
  }
}

function pixelsOf(png: PngChunks): PngPixels {
  const { width, height, depth, palette, transparency } = png;
  const white = depth === 16 ? 65535 : 255;
  const samples = decodePixels(png);
  const count = width * height;
  const data = new Float32Array(count * 3);
  for (let pixel = 0; pixel < count; pixel++) {
    for (let c = 0; c < 3; c++) data[pixel * 3 + c] = samples[pixel * 4 + c] / white;
  }
  const images = { count: 1, height, width, data };
  // one colour of an image without a palette is transparent; of one channel, all three
  const key = palette === null ? transparency?.map((sample) => sample * white / (2 ** depth - 1)) : undefined;
  const [red, green = red, blue = red] = key ?? [NaN]; // which no sample is
  const opacityOf = (pixel: number) => {
    const at = pixel * 4; // a loop of its own for the three would take minutes in a large image
    if (samples[at] === red && samples[at + 1] === green && samples[at + 2] === blue) return 0;
    return samples[at + 3] / white;
  };
  let first = 0;
  while (first < count && opacityOf(first) === 1) first++;
  if (first === count) return { images, opacity: null };
  const opacity = new Float32Array(count).fill(1, 0, first);
  for (let pixel = first; pixel < count; pixel++) opacity[pixel] = opacityOf(pixel);
  return { images, opacity };
}

/**
 * The size of a PNG by its header, and whether the file has an end; its pixels are not decompressed.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are not a PNG, are cut off, or the image is too large.
 */
export function pngSize(bytes: Uint8Array, source: string): Size {
  try {
    const { width, height } = readChunks(bytes);
    return { height, width };
  } catch (error) {
    throw new InputError(`${source} is not a readable PNG: ${messageOf(error)}; check the file`);
  }
}

/**
 * Encodes one image of a batch as an 8-bit RGB PNG, each value as round(255 x).
 *
 * @throws {RangeError} when there is no such image or a value is outside [0, 1].
 */
export function encodePng(images: ImageBatch, index = 0): Uint8Array {
  const { count, height, width } = images;
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new RangeError(`no image ${index} among ${count}`);
  }
  const size = height * width * 3;
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const value = Math.round(255 * images.data[index * size + i]);
    if (!(value >= 0 && value <= 255)) {
      throw new RangeError(`image ${index} has the value ${images.data[index * size + i]}, outside [0, 1]`);
    }
    data[i] = value;
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** Largest file that is read, in bytes: twice the largest image at 16 bits a sample, not compressed. */
const MAX_BYTES = 2 ** 29;

/**
 * Reads a PNG file; `-` is standard input.
 *
 * @throws {InputError} when there is no such file, it is too large, or as {@linkcode decodePng}.
 */
export async function readPng(path: string): Promise<ImageBatch> {
  let bytes: Uint8Array;
  try {
    if (!isStandardInput(path)) {
      const { size } = await Deno.stat(path);
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, over ${MAX_BYTES}`);
    }
    bytes = await readInput(path);
  } catch (error) {
    throw new InputError(`cannot read the image ${path}: ${messageOf(error)}; check the path`);
  }
  return decodePng(bytes, path);
}

/**
 * Writes one image of a batch as a PNG file, whole or not at all.
 *
 * @throws as `writeWhole`.
 */
export function writePng(path: string, images: ImageBatch, index = 0): void {
  writeWhole(path, encodePng(images, index));
}
