import { type ImageSource, indexRange } from "../../data/mod.ts";
import type { Embedder } from "../../embed/mod.ts";
import type { Matrix } from "../../types.ts";

/** Images whose pixels are in memory as floats at once: at 256 px they take 250 MB. */
const CHUNK = 320;

/**
 * Embeddings of all images of a source, to be computed once for all units.
 *
 * @param onProgress called with the number of images done.
 * @returns shape [N, D].
 */
export async function embedDataset(
  embedder: Embedder,
  source: ImageSource,
  onProgress: (images: number) => void = () => {},
): Promise<Matrix> {
  const data = new Float32Array(source.count * embedder.dimensions);
  for (let start = 0; start < source.count; start += CHUNK) {
    const end = Math.min(source.count, start + CHUNK);
    const embeddings = await embedder.embed(await source.images(indexRange(start, end)));
    data.set(embeddings.data, start * embedder.dimensions);
    onProgress(end);
  }
  return { rows: source.count, cols: embedder.dimensions, data };
}
