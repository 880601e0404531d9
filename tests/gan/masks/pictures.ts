/** Pictures made by rule, for the tests of masks. */
import type { Mask } from "../../../lib/gan/masks/shapes.ts";
import { createRandom } from "../../../lib/random.ts";

/** Side of an image. */
export const N = 32;

/** An image by the colour of each pixel. */
export function image(colour: (row: number, column: number) => readonly number[]): Float32Array {
  return Float32Array.from(
    { length: N * N * 3 },
    (_, i) => colour(Math.floor(i / 3 / N), Math.floor(i / 3) % N)[i % 3],
  );
}

/** Correlation of two masks. */
export function correlation(a: Mask, b: Mask): number {
  const mean = (values: Mask) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

/** Whether a mask has 32 x 32 values in [0, 1]. */
export const inRange = (mask: Mask) => mask.length === N * N && mask.every((value) => value >= 0 && value <= 1);

/** Colours around a mean, a third of the noise in each channel alone and the rest in all. */
export function noisy(colour: readonly number[], strength: number, seed: number): Float32Array {
  const random = createRandom(seed, "noise");
  return image(() => {
    const all = random.normal();
    return colour.map((value) => Math.min(1, Math.max(0, value + strength * (all + random.normal() / 2))));
  });
}
