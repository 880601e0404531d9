/**
 * How large batches are on this thread's device. On a processor they are the same on every machine; a graphics card takes
 * thousands of images at a time, as many as its memory holds.
 *
 * @module
 */
import { imagesWithin, type Pass } from "./images_that_fit.ts";

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
 * What the tensors of a batch may take on a processor, in bytes. A small vision transformer takes 9 % less for an image on
 * batches of 32 images of 21 MB than on 16.
 */
const PROCESSOR_BYTES = 1.1e9;

/**
 * How many images go through a network together on this thread's device: no fewer than on a processor.
 *
 * @param most the most on a processor.
 */
export async function imagesOnDevice(pass: Pass, most: number): Promise<number> {
  const onProcessor = await imagesWithin(pass, most, PROCESSOR_BYTES);
  if (limits === null) return onProcessor;
  return Math.max(onProcessor, await imagesWithin(pass, limits.images, limits.bytes));
}
