/**
 * Masks from PNG files of any size.
 *
 * @module
 */
import { InputError, messageOf } from "../../errors.ts";
import { decodePngPixels } from "../../images/mod.ts";
import { checkMask, type Mask, MASK_SIZE } from "./shapes.ts";

/** A picture with one number a pixel. */
interface Plane {
  readonly height: number;
  readonly width: number;
  /** Row-major, in [0, 1]. */
  readonly data: Float32Array;
}

/** Shares of red, green and blue in luminance (ITU-R BT.709). */
const LUMINANCE = [0.2126, 0.7152, 0.0722];

/**
 * Reads a mask from a PNG file: white foreground on black, or opaque foreground on transparent.
 *
 * If any pixel is at least partly transparent, the mask is the opacity and colours do not matter; otherwise it is the
 * luminance. The picture may have any size: each of the 32 x 32 values is the mean over its part of the picture, and a
 * picture that is not square is stretched.
 *
 * @returns shape [32, 32], values in [0, 1].
 * @throws {InputError} when there is no such file, it is not a PNG or damaged, or its mask is empty or full.
 */
export async function readMask(path: string): Promise<Mask> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read the mask ${path}: ${messageOf(error)}; check the path`);
  }
  return decodeMask(bytes, path);
}

/**
 * Decodes a mask as {@linkcode readMask} does.
 *
 * @param source the file's name, for errors.
 */
export function decodeMask(bytes: Uint8Array, source: string): Mask {
  const { images, opacity } = decodePngPixels(bytes, source);
  const { height, width, data: pixels } = images;
  const data = opacity ?? luminanceOf(pixels);
  return checkMask(resampleArea({ height, width, data }), source);
}

/** @param pixels red, green and blue of each pixel. */
function luminanceOf(pixels: Float32Array): Float32Array {
  const [red, green, blue] = LUMINANCE;
  const data = new Float32Array(pixels.length / 3);
  for (let i = 0, at = 0; i < data.length; i++, at += 3) {
    data[i] = red * pixels[at] + green * pixels[at + 1] + blue * pixels[at + 2];
  }
  return data;
}

/**
 * Resizes to 32 x 32: each new pixel is the mean over its area, to which old pixels across its border contribute in
 * part.
 */
function resampleArea({ height, width, data }: Plane): Mask {
  const mask = new Float64Array(MASK_SIZE * MASK_SIZE);
  const rows = overlaps(height);
  const columns = overlaps(width);
  for (let row = 0; row < height; row++) {
    const means = new Float64Array(MASK_SIZE);
    for (let column = 0; column < width; column++) {
      for (const { to, share } of columns[column]) means[to] += share * data[row * width + column];
    }
    for (const { to, share } of rows[row]) {
      for (let column = 0; column < MASK_SIZE; column++) mask[to * MASK_SIZE + column] += share * means[column];
    }
  }
  return Float32Array.from(mask, (value) => Math.min(1, value)); // rounding may exceed 1
}

/** For each old pixel along an axis: the new pixels that it overlaps, and what share of each of them it covers. */
function overlaps(oldSize: number): { to: number; share: number }[][] {
  const length = oldSize / MASK_SIZE; // of a new pixel, in old pixels
  return Array.from({ length: oldSize }, (_, old) => {
    const first = Math.floor(old / length);
    const last = Math.min(MASK_SIZE - 1, Math.ceil((old + 1) / length) - 1);
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const to = first + i;
      const inside = Math.min(old + 1, (to + 1) * length) - Math.max(old, to * length);
      return { to, share: Math.max(0, inside) / length };
    });
  });
}
