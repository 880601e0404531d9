import { relu, tf } from "../../engine/mod.ts";
import {
  ALEXNET_KERNELS,
  CIFAR10_COLOURS,
  convolve,
  createResNet18,
  IMAGENET_COLOURS,
  type KernelShape,
  loadConvolutions,
  loadNetwork,
  maxPool,
  type Normalization,
  STEM_32,
} from "../../networks/mod.ts";
import { findWeightSet, readWeights } from "../../weights/mod.ts";
import { permutation, type Random } from "../../random.ts";
import type { FeatureSet, PlantedFeatures } from "./features.ts";
import type { VariantCounts } from "./templates.ts";

/** Side to which AlexNet's images are resized: its strides need it. */
const ALEXNET_SIZE = 64;

/** The ten class scores of LeNet-5. */
export async function lenetLogits(): Promise<FeatureSet> {
  const { network } = await loadNetwork({ kind: "shipped", name: "lenet5-cifar10" });
  return {
    count: 10,
    responses: (images) => network.activations(images, ["fc3"])[0] as tf.Tensor2D,
    dispose: () => network.dispose(),
  };
}

/** The ten class scores of our ResNet-18. */
export async function resnetLogits(): Promise<FeatureSet> {
  const { tensors, path } = await readWeights((await findWeightSet("resnet18-cifar10")).files[0], "resnet18-cifar10");
  const network = createResNet18(tensors, path, { stem: STEM_32, classes: 10 });
  return {
    count: 10,
    responses: (images) => network.logits(normalized(images, CIFAR10_COLOURS)),
    dispose: () => network.dispose(),
  };
}

/**
 * Channels of the AlexNet of LPIPS, of its third, fourth and fifth convolution in turn: the mean over their nine positions,
 * before the ReLU. A near-duplicate of a channel is its mean over four of the positions: the same feature, elsewhere.
 */
export async function alexnetChannels(
  { features, withVariants, variants }: VariantCounts,
  random: Random,
): Promise<PlantedFeatures> {
  const { tensors, path } = await readWeights((await findWeightSet("lpips-alex")).files[0], "lpips-alex");
  const convolutions = loadConvolutions(
    new Map([...tensors].filter(([name]) => name.startsWith("features."))),
    ALEXNET_KERNELS as Readonly<Record<string, KernelShape>>,
    path,
  );
  const [conv1, conv2, conv3, conv4, conv5] = convolutions.values();
  const widths = [384, 256, 256];
  const orders = widths.map((width) => permutation(width, random));
  /** Channel among all of the three layers, and the corner of its four positions; null for all nine. */
  const chosen: { channel: number; window: number | null }[] = Array.from({ length: features }, (_, i) => {
    const layer = i % widths.length;
    const before = widths.slice(0, layer).reduce((sum, width) => sum + width, 0);
    return { channel: before + orders[layer][Math.floor(i / widths.length)], window: null };
  });
  const sets = Array.from({ length: withVariants }, (_, i) => [
    i,
    ...Array.from({ length: variants }, (_, v) => chosen.push({ channel: chosen[i].channel, window: v % 4 }) - 1),
  ]);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const pick = tf.tidy(() =>
    tf.oneHot(tf.tensor1d(chosen.map(({ channel }) => channel), "int32"), total).transpose().toFloat() as tf.Tensor2D
  );
  // weights of the nine positions for each feature
  const positions = tf.tensor3d(
    [0, 1, 2].flatMap((y) =>
      [0, 1, 2].flatMap((x) =>
        chosen.map(({ window }) => {
          if (window === null) return 1 / 9;
          const [top, left] = [window >> 1, window & 1];
          return y >= top && y < top + 2 && x >= left && x < left + 2 ? 1 / 4 : 0;
        })
      )
    ),
    [3, 3, chosen.length],
  );
  return {
    count: chosen.length,
    variants: sets,
    responses: (images) =>
      tf.tidy(() => {
        const sized = tf.image.resizeBilinear(
          normalized(images, IMAGENET_COLOURS),
          [ALEXNET_SIZE, ALEXNET_SIZE],
          false,
          true,
        );
        const relu1 = convolve(sized, conv1, 4, 2, "relu");
        const relu2 = convolve(maxPool(relu1, 3, 2, "floor"), conv2, 1, 2, "relu");
        const third = convolve(maxPool(relu2, 3, 2, "floor"), conv3, 1, 1, "linear");
        const fourth = convolve(relu(third), conv4, 1, 1, "linear");
        const fifth = convolve(relu(fourth), conv5, 1, 1, "linear");
        const all = tf.concat([third, fourth, fifth], 3); // [N, 3, 3, 896]
        const [n] = all.shape;
        const maps = all.reshape([n * 9, total]).matMul(pick).reshape([n, 3, 3, chosen.length]);
        return maps.mul(positions).sum([1, 2]) as tf.Tensor2D;
      }),
    dispose: () => {
      convolutions.forEach(({ kernel, bias }) => tf.dispose([kernel, bias]));
      tf.dispose([pick, positions]);
    },
  };
}

function normalized(images: tf.Tensor4D, { mean, std }: Normalization): tf.Tensor4D {
  return images.sub(tf.tensor1d([...mean])).div(tf.tensor1d([...std])) as tf.Tensor4D;
}
