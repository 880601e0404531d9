/**
 * How much arithmetic the stages are: floating-point operations of convolutions and products of matrices, two for each
 * multiplication with its addition. What else a stage does is not counted.
 *
 * @module
 */
import { blockSpecs, RESNET18_IMAGENET, stemSpec } from "../../lib/networks/resnet.ts";

/** LeNet-5's layers in turn: operations of an image forward, as the paper defines them. */
const LENET5 = [
  { name: "conv1", flops: 2 * 28 * 28 * 6 * 5 * 5 * 3 },
  { name: "conv2", flops: 2 * 10 * 10 * 16 * 5 * 5 * 6 },
  { name: "fc1", flops: 2 * 400 * 120 },
  { name: "fc2", flops: 2 * 120 * 84 },
  { name: "fc3", flops: 2 * 84 * 10 },
];

/** A step of ascent of an image to a layer of LeNet-5: forward, and back to the pixels, which is as much again. */
export function ascentStepFlops(layer: string): number {
  const last = LENET5.findIndex(({ name }) => name === layer);
  return 2 * LENET5.slice(0, last + 1).reduce((sum, { flops }) => sum + flops, 0);
}

/** An image through AlexNet's convolutions, as LPIPS shows it. */
export function alexNetFlops(side: number): number {
  const size = (of: number, kernel: number, stride: number, padding: number) =>
    Math.floor((of + 2 * padding - kernel) / stride) + 1;
  const first = size(side, 11, 4, 2);
  const second = size(first, 3, 2, 0); // after a max-pool; the second convolution keeps the size
  const third = size(second, 3, 2, 0);
  const convolution = (at: number, kernel: number, from: number, to: number) =>
    2 * at * at * kernel * kernel * from * to;
  return convolution(first, 11, 3, 64) + convolution(second, 5, 64, 192) + convolution(third, 3, 192, 384) +
    convolution(third, 3, 384, 256) + convolution(third, 3, 256, 256);
}

/** An image through torchvision's ResNet-18 up to its pooled features. */
export function resNet18Flops(side: number): number {
  const stem = stemSpec(RESNET18_IMAGENET);
  let at = side / 2;
  let flops = 2 * at * at * stem.kernel ** 2 * stem.input * stem.output;
  at /= 2; // the max-pool
  for (const { convolutions, shortcut } of blockSpecs(RESNET18_IMAGENET)) {
    at /= convolutions.reduce((product, { stride }) => product * stride, 1);
    for (const { kernel, input, output } of [...convolutions, ...(shortcut === null ? [] : [shortcut])]) {
      flops += 2 * at * at * kernel ** 2 * input * output;
    }
  }
  return flops;
}
