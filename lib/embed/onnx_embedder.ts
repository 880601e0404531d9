/**
 * An embedder of one's own: any tensor of a network in an .onnx file, such as the class token of a DINO or CLIP image tower.
 *
 * @module
 */
import { imagesInATensor, imagesThatFit, inBatches, readData, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import { createOnnxFeatures, type OnnxFeatureOptions } from "../networks/mod.ts";
import { type Embedder, EmbeddingNotFiniteError } from "./embedder.ts";

/** Fewest and most numbers of an embedding. */
const DIMENSIONS: readonly [number, number] = [2, 16_384];
/** Most images in one pass. */
const BATCH = 64;

/**
 * Loads an embedder from a file. The backend must be ready (`useBackend`). It comes without a mean embedding.
 *
 * @param file path of an .onnx file.
 * @throws {InputError} when the file is not intact, has what is not supported, or what it gives is no embedding.
 */
export async function loadOnnxEmbedder(
  file: string,
  options: OnnxFeatureOptions = {},
): Promise<Embedder & { readonly sha256: string }> {
  const network = await createOnnxFeatures(file, options);
  const { name, dimensions, sha256, input: { height: down, width: across } } = network;
  const [fewest, most] = DIMENSIONS;
  if (dimensions < fewest || dimensions > most) {
    network.dispose();
    throw new InputError(
      `${file} gives ${dimensions} numbers an image; embeddings of ${fewest} to ${most} can be used`,
    );
  }
  const pass = { of: network, name: "embedding", size: network.input, run: network.features };
  return {
    name,
    sha256,
    dimensions,
    inputSize: Math.max(down, across),
    mean: null,
    embed: async ({ count, height, width, data }) => {
      const perImage = height * width * 3;
      const embeddings = new Float32Array(count * dimensions);
      const batch = imagesInATensor({ height, width }, await imagesThatFit(pass, BATCH));
      await inBatches(count, batch, async (from, to) => {
        const pixels = data.subarray(from * perImage, to * perImage);
        const part = await readData(() => {
          const images = tf.tensor4d(pixels, [to - from, height, width, 3]);
          const isSized = height === down && width === across;
          return network.features(isSized ? images : tf.image.resizeBilinear(images, [down, across], false, true));
        });
        if (!part.every(Number.isFinite)) {
          throw new EmbeddingNotFiniteError(
            `${file} embeds an image as numbers that are not finite; check how it takes its images`,
          );
        }
        embeddings.set(part, from * dimensions);
      });
      return { rows: count, cols: dimensions, data: embeddings };
    },
    dispose: () => network.dispose(),
  };
}
