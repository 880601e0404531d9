/**
 * The convolutions of torchvision's VGG-16 (Simonyan and Zisserman 2015, configuration D): 14,714,688 parameters.
 *
 * The architecture is checked against an independent implementation on made-up weights; the published LPIPS values were
 * not, for want of the official weights where this was written.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import {
  convolveRelu,
  disposeConvolutions,
  type KernelShape,
  loadConvolutions,
  maxPool,
  type PerceptualNetwork,
} from "./perceptual.ts";
import type { Weights } from "../weights/mod.ts";

/** Each block: its convolutions' indices in `features`, its input channels and its output channels. */
const BLOCKS: readonly { readonly indices: readonly number[]; readonly input: number; readonly output: number }[] = [
  { indices: [0, 2], input: 3, output: 64 },
  { indices: [5, 7], input: 64, output: 128 },
  { indices: [10, 12, 14], input: 128, output: 256 },
  { indices: [17, 19, 21], input: 256, output: 512 },
  { indices: [24, 26, 28], input: 512, output: 512 },
];

const KERNELS: Readonly<Record<string, KernelShape>> = Object.fromEntries(
  BLOCKS.flatMap(({ indices, input, output }) =>
    indices.map((index, i) => [`features.${index}`, [output, i === 0 ? input : output, 3, 3]])
  ),
);

/**
 * The last ReLU of each of VGG-16's five blocks: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createVgg16Features(weights: Weights, source: string): PerceptualNetwork {
  const convolutions = loadConvolutions(weights, KERNELS, source);
  return {
    name: "vgg",
    channels: BLOCKS.map(({ output }) => output),
    minimumSize: 16, // four pools that halve
    features: (images) =>
      tf.tidy(() => {
        const outputs: tf.Tensor4D[] = [];
        for (const { indices } of BLOCKS) {
          let x = outputs.length === 0 ? images : maxPool(outputs[outputs.length - 1], 2, 2, "floor");
          for (const index of indices) x = convolveRelu(x, convolutions.get(`features.${index}`)!, 1, 1);
          outputs.push(x);
        }
        return outputs;
      }),
    dispose: () => disposeConvolutions(convolutions),
  };
}
