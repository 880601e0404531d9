import type { ClusterOptions } from "../cluster/mod.ts";
import type { Matrix } from "../types.ts";

/**
 * A part of a unit's images as clustering takes them: their embeddings, and of the options what is told image by image.
 *
 * @param embeddings of the images, shape [N, D].
 * @param options of those N images.
 * @param indices of the images in the part, in its order.
 * @throws {RangeError} when there is no image of an index.
 */
export function partOfImages(
  { rows, cols, data }: Matrix,
  options: ClusterOptions,
  indices: ArrayLike<number>,
): { embeddings: Matrix; options: ClusterOptions } {
  const chosen = Array.from(indices);
  const missing = chosen.find((index) => !(Number.isInteger(index) && index >= 0 && index < rows));
  if (missing !== undefined) throw new RangeError(`there is no image ${missing} among ${rows}`);
  const embeddings = data instanceof Float32Array
    ? new Float32Array(chosen.length * cols)
    : new Float64Array(chosen.length * cols);
  chosen.forEach((row, i) => embeddings.set(data.subarray(row * cols, (row + 1) * cols), i * cols));
  const { perceptual } = options;
  return {
    embeddings: { rows: chosen.length, cols, data: embeddings },
    options: perceptual === undefined
      ? options
      : { ...options, perceptual: { ...perceptual, distances: pairsOf(perceptual.distances, chosen) } },
  };
}

/** Distances of the chosen images, in the order of pairs that all such lists have; an image is at 0 from itself. */
function pairsOf(distances: ArrayLike<number>, chosen: readonly number[]): Float64Array {
  const between = (a: number, b: number) =>
    a === b ? 0 : distances[Math.max(a, b) * (Math.max(a, b) - 1) / 2 + Math.min(a, b)];
  return Float64Array.from(chosen.flatMap((image, j) => chosen.slice(0, j).map((earlier) => between(image, earlier))));
}
