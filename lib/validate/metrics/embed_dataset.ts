import type { Embedder } from "../../embed/mod.ts";
import { type LabelledImages, toImageBatch } from "../../data/mod.ts";
import type { Matrix } from "../../types.ts";

/** Images whose pixels are in memory as floats at once. */
const CHUNK = 640;

/**
 * Embeddings of all images of a dataset, to be computed once for all units.
 *
 * @param onProgress called with the number of images done.
 * @returns shape [N, D].
 */
export function embedDataset(
  embedder: Embedder,
  dataset: LabelledImages,
  onProgress: (images: number) => void = () => {},
): Matrix {
  const data = new Float32Array(dataset.count * embedder.dimensions);
  for (let start = 0; start < dataset.count; start += CHUNK) {
    const indices = Array.from({ length: Math.min(CHUNK, dataset.count - start) }, (_, i) => start + i);
    data.set(embedder.embed(toImageBatch(dataset, indices)).data, start * embedder.dimensions);
    onProgress(start + indices.length);
  }
  return { rows: dataset.count, cols: embedder.dimensions, data };
}
