/**
 * Made-up numbers, weights and images, the same as in fixtures/lpips/made_up_networks.py.
 *
 * @module
 */
import type { Weights } from "../../lib/weights/take_weight.ts";
import type { ImageBatch } from "../../lib/types.ts";

/** Numbers in [0, 1), each a function of the stream and its index. */
export function madeUp(stream: number, count: number): Float32Array {
  const numbers = new Float32Array(count); // a loop: `Float32Array.from` takes ten times as long
  for (let i = 0; i < count; i++) numbers[i] = madeUpNumber(stream, i);
  return numbers;
}

/** Images whose pixels are made up; image n is of stream `stream + n`. */
export function madeUpImages(stream: number, count: number, height: number, width = height): ImageBatch {
  const length = height * width * 3;
  const data = new Float32Array(count * length);
  for (let n = 0; n < count; n++) data.set(madeUp(stream + n, length), n * length);
  return { count, height, width, data };
}

/** He-uniform kernels and small biases for convolutions in their order, by name. */
export function madeUpWeights(convolutions: readonly (readonly [string, readonly number[]])[]): Weights {
  return new Map(convolutions.flatMap(([name, shape], k) => {
    const perOutput = shape[1] * shape[2] * shape[3];
    const bound = Math.sqrt(6 / perOutput);
    const kernel = new Float32Array(shape[0] * perOutput);
    for (let i = 0; i < kernel.length; i++) kernel[i] = (2 * madeUpNumber(100 + 2 * k, i) - 1) * bound;
    const bias = Float32Array.from({ length: shape[0] }, (_, i) => 0.2 * madeUpNumber(101 + 2 * k, i) - 0.1);
    return [[`${name}.weight`, { shape, data: kernel }], [`${name}.bias`, { shape: [shape[0]], data: bias }]] as const;
  }));
}

/** Heads that are made up: stream 50 for the first layer, and so on. */
export function madeUpHeads(channels: readonly number[]): Float32Array[] {
  return channels.map((count, layer) => madeUp(50 + layer, count));
}

function madeUpNumber(stream: number, index: number): number {
  let h = (Math.imul(index, 2654435761) + Math.imul(stream, 1000003)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** The convolutions of each network in the order of the fixture's script. */
export const CONVOLUTIONS: Readonly<Record<string, readonly (readonly [string, readonly number[]])[]>> = {
  alex: [
    ["features.0", [64, 3, 11, 11]],
    ["features.3", [192, 64, 5, 5]],
    ["features.6", [384, 192, 3, 3]],
    ["features.8", [256, 384, 3, 3]],
    ["features.10", [256, 256, 3, 3]],
  ],
  squeeze: [
    ["features.0", [64, 3, 3, 3]],
    ...[[3, 64, 16, 64], [4, 128, 16, 64], [6, 128, 32, 128], [7, 256, 32, 128], [9, 256, 48, 192], [10, 384, 48, 192]]
      .concat([[11, 384, 64, 256], [12, 512, 64, 256]])
      .flatMap(([index, input, squeezed, expanded]): [string, number[]][] => [
        [`features.${index}.squeeze`, [squeezed, input, 1, 1]],
        [`features.${index}.expand1x1`, [expanded, squeezed, 1, 1]],
        [`features.${index}.expand3x3`, [expanded, squeezed, 3, 3]],
      ]),
  ],
  vgg: [
    ["features.0", [64, 3, 3, 3]],
    ["features.2", [64, 64, 3, 3]],
    ["features.5", [128, 64, 3, 3]],
    ["features.7", [128, 128, 3, 3]],
    ["features.10", [256, 128, 3, 3]],
    ["features.12", [256, 256, 3, 3]],
    ["features.14", [256, 256, 3, 3]],
    ["features.17", [512, 256, 3, 3]],
    ["features.19", [512, 512, 3, 3]],
    ["features.21", [512, 512, 3, 3]],
    ["features.24", [512, 512, 3, 3]],
    ["features.26", [512, 512, 3, 3]],
    ["features.28", [512, 512, 3, 3]],
  ],
};
