/**
 * PNG files to pixels and back. What an opaque RGB batch cannot hold is refused, never dropped silently.
 *
 * @module
 */
import { inflateSync } from "node:zlib";
import { convertIndexedToRgb, decode, type DecodedPng, encode } from "fast-png";
import { InputError, messageOf } from "../errors.ts";
import type { ImageBatch, Size } from "../types.ts";

/** Largest image accepted, in pixels: 4096 x 8192. */
export const MAX_PIXELS = 2 ** 25;

/** Colour types of a PNG: samples a pixel, and the bit depths that the standard allows. */
const COLOUR_TYPES: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { channels: 3, depths: [8, 16] }, // RGB
  3: { channels: 1, depths: [1, 2, 4, 8] }, // palette
  4: { channels: 2, depths: [8, 16] }, // grey and alpha
  6: { channels: 4, depths: [8, 16] }, // RGB and alpha
};

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
 * @throws {InputError} when the bytes are not a PNG, are cut off or damaged (every checksum is verified), or when any pixel
 * is not opaque.
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
 * @throws {InputError} when the bytes are not a PNG, are cut off or damaged (every checksum is verified).
 */
export function decodePngPixels(bytes: Uint8Array, source: string): PngPixels {
  let png: DecodedPng;
  let colourType: number;
  let samples: ArrayLike<number>;
  try {
    colourType = checkStructure(bytes);
    png = decode(bytes, { checkCrc: true });
    samples = colourType === 3 ? convertIndexedToRgb(png) : unpack(png);
  } catch (error) {
    throw new InputError(`${source} is not a readable PNG: ${messageOf(error).replace(/\s+/g, " ")}; check the file`);
  }
  const { width, height, depth } = png;
  const channels = colourType === 3 ? png.palette![0].length : png.channels;
  const white = colourType === 3 ? 255 : 2 ** depth - 1;
  const colours = channels < 3 ? 1 : 3;
  const count = width * height;
  // an alpha channel, or the one colour (of grey or RGB images) that stands for transparent
  const key = colourType === 3 ? undefined : png.transparency;
  const opacityOf = (pixel: number): number => {
    if (channels > colours) return samples[pixel * channels + colours] / white;
    return !key || key.some((value, c) => samples[pixel * channels + c] !== value) ? 1 : 0;
  };
  const data = new Float32Array(count * 3);
  const opacity = new Float32Array(count);
  for (let pixel = 0; pixel < count; pixel++) {
    opacity[pixel] = opacityOf(pixel);
    for (let c = 0; c < 3; c++) data[pixel * 3 + c] = samples[pixel * channels + (colours === 1 ? 0 : c)] / white;
  }
  const opaque = opacity.every((value) => value === 1);
  return { images: { count: 1, height, width, data }, opacity: opaque ? null : opacity };
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
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

/**
 * Reads a PNG file.
 *
 * @throws {InputError} when there is no such file, or as {@linkcode decodePng}.
 */
export async function readPng(path: string): Promise<ImageBatch> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read the image ${path}: ${messageOf(error)}; check the path`);
  }
  return decodePng(bytes, path);
}

/** Writes one image of a batch as a PNG file. */
export async function writePng(path: string, images: ImageBatch, index = 0): Promise<void> {
  await Deno.writeFile(path, encodePng(images, index));
}

/** What the header of a PNG says, once it is known to be valid, and its compressed pixels. */
interface Chunks {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
  readonly compressed: readonly Uint8Array[];
}

function readChunks(bytes: Uint8Array): Chunks {
  if (!isPng(bytes)) throw new Error("it does not begin with the PNG signature");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const compressed: Uint8Array[] = [];
  for (let at = 8, type = ""; type !== "IEND";) {
    if (bytes.length - at < 12) throw new Error("it is cut off");
    const length = view.getUint32(at);
    type = new TextDecoder("latin1").decode(bytes.subarray(at + 4, at + 8));
    if (length > bytes.length - at - 12) throw new Error(`its chunk ${type} is cut off`);
    if ((at === 8) !== (type === "IHDR" && length === 13)) throw new Error("it does not begin with one header");
    if (type === "IDAT") compressed.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [width, height, depth, colourType] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]];
  const interlaced = bytes[28] !== 0;
  const kind = COLOUR_TYPES[colourType];
  if (!kind?.depths.includes(depth)) throw new Error(`its header has colour type ${colourType} with ${depth} bits`);
  if (width === 0 || height === 0) throw new Error(`its size is ${width} x ${height}`);
  if (width * height > MAX_PIXELS) throw new Error(`its size of ${width} x ${height} is over ${MAX_PIXELS} pixels`);
  if (interlaced && depth < 8) throw new Error(`interlaced with ${depth} bits a sample, which is not supported`);
  return { width, height, depth, colourType, interlaced, compressed };
}

/**
 * Checks what the decoder takes on trust: that the header is a valid one, and that the compressed data are exactly as long
 * as it says (the decoder fills a row that is cut off with zeros).
 *
 * @returns the colour type.
 */
function checkStructure(bytes: Uint8Array): number {
  const { width, height, depth, colourType, interlaced, compressed } = readChunks(bytes);
  const { channels } = COLOUR_TYPES[colourType];
  const passes = interlaced
    // Adam7: first column, first row, steps
    ? [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]
    : [[0, 0, 1, 1]];
  let expected = 0;
  for (const [x, y, xStep, yStep] of passes) {
    const columns = Math.ceil((width - x) / xStep);
    const rows = Math.ceil((height - y) / yStep);
    if (columns > 0 && rows > 0) expected += rows * (1 + Math.ceil(columns * channels * depth / 8));
  }
  let found: number;
  try {
    found = inflateSync(joined(compressed), { maxOutputLength: expected + 1 }).length;
  } catch (error) {
    throw new Error(`its pixels do not decompress to the size in its header (${messageOf(error)})`);
  }
  if (found !== expected) throw new Error(`its pixels have ${found} bytes instead of ${expected}`);
  return colourType;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One number per sample; grey of less than 8 bits comes with several samples a byte, each row beginning a new byte. */
function unpack({ width, height, depth, data }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const stride = Math.ceil(width * depth / 8);
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * stride + (bit >> 3)];
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  });
}
