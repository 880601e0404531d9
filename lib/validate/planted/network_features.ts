import { tf } from "../../engine/mod.ts";
import { loadNetwork, type Network, type Through } from "../../networks/mod.ts";
import { permutation, type Random } from "../../random.ts";
import type { FeatureNetwork, FeatureSet, PlantedFeatures } from "./features.ts";
import type { VariantCounts } from "./templates.ts";

/** The ten class scores of LeNet-5. */
export function lenetLogits(): Promise<FeatureSet> {
  return classScores("lenet5-cifar10", "fc3");
}

/** The ten class scores of our ResNet-18. */
export function resnetLogits(): Promise<FeatureSet> {
  return classScores("resnet18-cifar10", "fc");
}

async function classScores(name: string, layer: string): Promise<FeatureSet> {
  const { network } = await loadNetwork({ kind: "shipped", name });
  return {
    count: network.layers.find((each) => each.name === layer)!.units,
    responses: (images) => network.activations(images, [layer])[0] as tf.Tensor2D,
    network: featureNetwork(network, [layer], ([scores]) => scores as tf.Tensor2D),
    dispose: () => network.dispose(),
  };
}

/**
 * A network up to features that are made of some of its layers.
 *
 * @param layers those that they are made of; the layers before the first of them are below the features.
 * @param combine from the values of those to responses.
 * @param resize images to the network's size, where it takes others than the features.
 */
function featureNetwork(
  network: Network,
  layers: readonly string[],
  combine: (values: readonly tf.Tensor[]) => tf.Tensor2D,
  resize: (images: tf.Tensor4D) => tf.Tensor4D = (images) => images,
): FeatureNetwork {
  const first = network.layers.findIndex(({ name }) => name === layers[0]);
  return {
    layers: network.layers.slice(0, first),
    activations: (images, below, responses, through) => {
      const own = responses ? layers : [];
      const seen: Through | undefined = through && ((name, x) => layers.includes(name) ? x : through(name, x));
      const all = network.activations(resize(images), [...own, ...below], seen);
      return { values: all.slice(own.length), responses: responses ? combine(all.slice(0, own.length)) : null };
    },
  };
}

/** Layers of AlexNet whose channels are features: its third, fourth and fifth convolution. */
const CHANNEL_LAYERS = ["features.6", "features.8", "features.10"];

/**
 * Channels of the AlexNet of LPIPS, of its third, fourth and fifth convolution in turn: the mean over their nine positions,
 * before the ReLU. A near-duplicate of a channel is its mean over four of the positions: the same feature, elsewhere.
 */
export async function alexnetChannels(
  { features, withVariants, variants }: VariantCounts,
  random: Random,
): Promise<PlantedFeatures> {
  const { network } = await loadNetwork({ kind: "shipped", name: "alexnet-imagenet" });
  const { height, width: across } = network.input;
  const widths = CHANNEL_LAYERS.map((layer) => network.layers.find(({ name }) => name === layer)!.units);
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
  const resize = (images: tf.Tensor4D) => tf.image.resizeBilinear(images, [height, across], false, true);
  const combine = (values: readonly tf.Tensor[]): tf.Tensor2D => {
    const all = tf.concat(values as tf.Tensor4D[], 3); // [N, 3, 3, 896]
    const [n] = all.shape;
    const maps = all.reshape([n * 9, total]).matMul(pick).reshape([n, 3, 3, chosen.length]);
    return maps.mul(positions).sum([1, 2]);
  };
  return {
    count: chosen.length,
    variants: sets,
    responses: (images) => tf.tidy(() => combine(network.activations(resize(images), CHANNEL_LAYERS))),
    network: featureNetwork(network, CHANNEL_LAYERS, combine, resize),
    dispose: () => {
      network.dispose();
      tf.dispose([pick, positions]);
    },
  };
}
