/**
 * How large batches are on this thread's device. On a processor they are as `imagesThatFit` says, the same on every machine; a
 * graphics card takes thousands of images at a time, as many as its memory holds.
 *
 * @module
 */
import { imagesThatFit, imagesWithin, type Pass } from "./images_that_fit.ts";

/** Limits of a batch. */
export interface BatchLimits {
  /** Most images. */
  readonly images: number;
  /** What the tensors of a batch may take, in bytes. */
  readonly bytes: number;
}

let limits: BatchLimits | null = null;

/** Sets the limits of this thread's device from here on; null, the default, for those of a processor. */
export function setBatchLimits(own: BatchLimits | null): void {
  limits = own;
}

/** Takes no more than so many images at a time from here on, where memory did not suffice for more; a processor's stay. */
export function lowerBatchLimits(images: number): void {
  if (limits !== null) limits = { ...limits, images: Math.min(limits.images, images) };
}

/**
 * How many images go through a network together on this thread's device: no fewer than `imagesThatFit` says.
 *
 * @param most the most on a processor.
 */
export async function imagesOnDevice(pass: Pass, most: number): Promise<number> {
  const fitting = await imagesThatFit(pass, most);
  if (limits === null) return fitting;
  return Math.max(fitting, await imagesWithin(pass, limits.images, limits.bytes));
}
