/**
 * How many images a network takes at a time: as many as fit, by what one of them was measured to need.
 *
 * @module
 */
import type { Size } from "../types.ts";
import { memoryUse } from "./memory.ts";
import { tf } from "./tf.ts";
import { largestTensor } from "./webgpu.ts";

/** A pass of a network. */
export interface Pass {
  /** The network: what is measured is remembered for as long as it lives. */
  readonly of: object;
  /** Tells passes of one network apart. */
  readonly name: string;
  /** Size of its images. */
  readonly size: Size;
  /** Runs it on images, shape [N, size.height, size.width, 3]; what it returns is freed. */
  run(images: tf.Tensor4D): unknown;
}

/** What the tensors of a batch may take; the same on every machine, so that batches are. */
const BATCH_BYTES = 512e6;

/** What an image adds to a pass, in bytes. */
interface Needs {
  /** To all tensors that are alive at a time. */
  readonly bytes: number;
  /** To the tensor that grows most. */
  readonly largest: number;
}

const measured = new WeakMap<object, Map<string, Promise<Needs>>>();

/** Bytes of an entry on every backend. */
const ENTRY_BYTES = 4;

/**
 * How many images fit into one pass through a network. The pass is measured once. On a graphics card by WebGPU no tensor of
 * the pass is larger than its kernels can be given.
 *
 * @param most the answer is no more than this.
 * @returns at least 1.
 */
export async function imagesThatFit(pass: Pass, most: number): Promise<number> {
  return await imagesWithin(pass, most, BATCH_BYTES);
}

/**
 * The same within a number of bytes.
 *
 * @param most the answer is no more than this.
 * @param bytes what the tensors of a batch may take.
 * @returns at least 1.
 */
export async function imagesWithin(pass: Pass, most: number, bytes: number): Promise<number> {
  const needs = await needsOf(pass);
  return Math.max(1, Math.min(most, Math.floor(bytes / needs.bytes), Math.floor(largestTensor() / needs.largest)));
}

/** What an image adds to the tensors of a pass; measured once. */
function needsOf(pass: Pass): Promise<Needs> {
  let passes = measured.get(pass.of);
  if (passes === undefined) measured.set(pass.of, passes = new Map());
  let needs = passes.get(pass.name);
  if (needs === undefined) passes.set(pass.name, needs = needsOfAnImage(pass));
  return needs;
}

/**
 * How many images of a size one tensor can hold on the backend in use.
 *
 * @param most the answer is no more than this.
 * @returns at least 1.
 */
export function imagesInATensor({ height, width }: Size, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(largestTensor() / (height * width * 3 * ENTRY_BYTES))));
}

/** What a third image adds to two: whatever does not grow with their number, and what is made once, cancels out. */
async function needsOfAnImage({ size: { height, width }, run }: Pass): Promise<Needs> {
  const runOn = (count: number) => run(tf.randomUniform([count, height, width, 3], 0, 1, "float32", 0));
  // constants are made at the first pass; and what a pass throws would be nobody's while it is measured
  tf.tidy(() => {
    runOn(1);
  });
  const three = await memoryUse(() => runOn(3));
  const two = await memoryUse(() => runOn(2));
  const image = height * width * 3;
  return {
    bytes: Math.max(1, three.peakBytes - two.peakBytes),
    largest: ENTRY_BYTES * largestGrowth(three.entries, two.entries, image),
  };
}

/**
 * By how many entries the tensor that grows most does.
 *
 * @param more entries of each tensor of a pass of three images.
 * @param fewer those of two. Where there are not as many, a third of the largest is taken.
 * @param least the answer is no less than this.
 */
function largestGrowth(more: readonly number[], fewer: readonly number[], least: number): number {
  const growths = more.length === fewer.length ? more.map((size, i) => size - fewer[i]) : more.map((size) => size / 3);
  return growths.reduce((most, growth) => Math.max(most, growth), least);
}
