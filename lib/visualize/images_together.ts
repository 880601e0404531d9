import type { Size } from "../types.ts";

/** Pixels of an image for which numbers of images were chosen. */
const MEASURED_PIXELS = 32 * 32;

/**
 * How many images of a size are read together: in all they have as many pixels as `measured` images of 32 x 32.
 *
 * @param measured number of images of 32 x 32 px that fits into memory.
 * @returns at least 1, at most `measured`.
 */
export function imagesTogether(measured: number, { height, width }: Size): number {
  return Math.max(1, Math.min(measured, Math.floor(measured * MEASURED_PIXELS / (height * width))));
}
