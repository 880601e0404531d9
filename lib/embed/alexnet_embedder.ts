/**
 * AlexNet as an embedder: its five feature maps, each averaged over positions and scaled to unit length. It has learned
 * ImageNet's classes, and none of CIFAR-10's; its weights come with LPIPS.
 *
 * @module
 */
import { imagesInATensor, inBatches, readAll, tf } from "../engine/mod.ts";
import { createAlexNetFeatures, IMAGENET_COLOURS, normalizeColours } from "../networks/mod.ts";
import type { Weights } from "../weights/mod.ts";
import type { Embedder } from "./embedder.ts";

/** Side in pixels to which images are resized: the network's strides need it. */
const INPUT_SIZE = 64;
/** Images per forward pass. */
const BATCH = 64;

/**
 * @param weights torchvision's names and layouts; LPIPS's heads may be among them.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createAlexNetEmbedder(name: string, weights: Weights, source: string): Embedder {
  const network = createAlexNetFeatures(
    new Map([...weights].filter(([tensor]) => tensor.startsWith("features."))),
    source,
  );
  const dimensions = network.channels.reduce((sum, channels) => sum + channels, 0);
  const resize = (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [INPUT_SIZE, INPUT_SIZE], false, true);
  return {
    name,
    dimensions,
    inputSize: INPUT_SIZE,
    mean: null,
    embed: async ({ count, height, width, data }) => {
      const perImage = height * width * 3;
      const embeddings = new Float32Array(count * dimensions);
      const batch = imagesInATensor({ height, width }, BATCH);
      await inBatches(count, batch, async (from, to) => {
        const pixels = normalizeColours(
          data.subarray(from * perImage, to * perImage),
          IMAGENET_COLOURS.mean,
          IMAGENET_COLOURS.std,
        );
        const means = await readAll(() =>
          network.features(resize(tf.tensor4d(pixels, [to - from, height, width, 3]))).map((map) =>
            tf.mean(map, [1, 2])
          )
        );
        for (let i = 0; i < to - from; i++) {
          let at = (from + i) * dimensions;
          for (const [layer, channels] of network.channels.entries()) {
            const own = means[layer].subarray(i * channels, (i + 1) * channels);
            const length = Math.hypot(...own);
            if (length > 0) embeddings.set(own.map((value) => value / length), at);
            at += channels;
          }
        }
      });
      return { rows: count, cols: dimensions, data: embeddings };
    },
    dispose: () => network.dispose(),
  };
}
