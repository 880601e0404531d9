/**
 * Transforms: small random movements of the image at each step of ascent, so that what is found does not hang on single
 * pixels.
 *
 * @see lucid, `optvis/transform`
 * @module
 */
import { tf, warp } from "../engine/mod.ts";
import type { Random } from "../random.ts";
import type { VisualizeOptions } from "./options.ts";

/** Grey shows where the image was moved away. */
const FILL = 0.5;

/** The settings that concern transforms. */
export type TransformOptions = Pick<VisualizeOptions, "jitter" | "scale" | "rotation">;

/** The next movement of all images: coefficients for `warp`, six an image; null when images stay where they are. */
export function nextMaps(generators: readonly Random[], size: number, options: TransformOptions): Float32Array | null {
  const { jitter, scale, rotation } = options;
  if (jitter === 0 && scale === 0 && rotation === 0) return null;
  const maps = new Float32Array(6 * generators.length);
  const middle = (size - 1) / 2;
  generators.forEach((random, i) => {
    const [dy, dx] = [random.integer(-jitter, jitter), random.integer(-jitter, jitter)];
    const factor = scale === 0 ? 1 : 1 + scale * (2 * random.uniform() - 1);
    const angle = rotation === 0 ? 0 : rotation * (2 * random.uniform() - 1) * Math.PI / 180;
    const [cosine, sine] = [factor * Math.cos(angle), factor * Math.sin(angle)];
    // about the middle of the image: (x, y) - m is turned and scaled, then m and the shift are added
    maps.set([
      cosine,
      -sine,
      middle - cosine * middle + sine * middle + dx,
      sine,
      cosine,
      middle - sine * middle - cosine * middle + dy,
    ], 6 * i);
  });
  return maps;
}

/** Moves images by the given maps. Differentiable. */
export function applyTransforms(
  images: tf.Tensor4D,
  maps: Float32Array | null,
  options: TransformOptions,
): tf.Tensor4D {
  if (maps === null) return images;
  return warp(images, maps, FILL, options.scale === 0 && options.rotation === 0 ? "nearest" : "bilinear");
}
