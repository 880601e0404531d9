import type { ImageBatch } from "../types.ts";

/** Images of a batch by index, in the order of the indices. */
export function selectImages({ height, width, data }: ImageBatch, indices: readonly number[]): ImageBatch {
  const perImage = height * width * 3;
  const chosen = new Float32Array(indices.length * perImage);
  indices.forEach((index, i) => chosen.set(data.subarray(index * perImage, (index + 1) * perImage), i * perImage));
  return { count: indices.length, height, width, data: chosen };
}
