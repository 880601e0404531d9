/**
 * Transforms: jitter, scaling and rotation, small random movements of the image at each step of ascent, so that what is found
 * does not depend on single pixels.
 *
 * @see lucid, `optvis/transform`
 * @module
 */
import { tf, warp } from "../engine/mod.ts";
import type { Random } from "../random.ts";
import type { Size } from "../types.ts";
import type { VisualizeOptions } from "./options.ts";

/** Grey shows where the image was moved away. */
const FILL = 0.5;

/** The settings that concern transforms. */
export type TransformOptions = Pick<VisualizeOptions, "jitter" | "scale" | "rotation">;

/** The side of the images that a profile's pixels are meant for. */
const PROFILE_SIDE = 32;

/**
 * The settings for images of a size: shifts grow with the shorter side, in whole pixels, so that they move the same share of
 * the image. Changes of size and turns do so by themselves.
 */
export function transformsOf({ jitter, scale, rotation }: TransformOptions, { height, width }: Size): TransformOptions {
  return { jitter: Math.round(jitter * Math.min(height, width) / PROFILE_SIDE), scale, rotation };
}

/** One movement: a shift by whole pixels, then a change of size and a turn about the middle. */
export interface Movement {
  readonly dy: number;
  readonly dx: number;
  /** Pixels of the input per pixel of the output: above 1, what is shown gets smaller. */
  readonly factor: number;
  /** Angle in radians. */
  readonly angle: number;
}

/**
 * The next movement. As in lucid, all images of a step move alike; the sequence of movements depends on the seed of the
 * run alone, so that an image does not depend on which others are made with it.
 */
export function nextMovement(random: Random, { jitter, scale, rotation }: TransformOptions): Movement {
  return {
    dy: random.integer(-jitter, jitter),
    dx: random.integer(-jitter, jitter),
    factor: 1 + scale * (2 * random.uniform() - 1),
    angle: rotation * (2 * random.uniform() - 1) * Math.PI / 180,
  };
}

/** Moves images. Differentiable. */
export function applyMovement(images: tf.Tensor4D, { dy, dx, factor, angle }: Movement): tf.Tensor4D {
  const shifted = shift(images, dy, dx);
  if (factor === 1 && angle === 0) return shifted;
  const [count, height, width] = images.shape;
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const [cosine, sine] = [factor * Math.cos(angle), factor * Math.sin(angle)];
  const map = [
    cosine,
    -sine,
    middleX - cosine * middleX + sine * middleY,
    sine,
    cosine,
    middleY - sine * middleX - cosine * middleY,
  ];
  return warp(shifted, Float32Array.from({ length: 6 * count }, (_, i) => map[i % 6]), FILL, "bilinear");
}

/** Content moves down by dy and right by dx. */
function shift(images: tf.Tensor4D, dy: number, dx: number): tf.Tensor4D {
  if (dy === 0 && dx === 0) return images;
  const [count, height, width, channels] = images.shape;
  const kept = images.slice([0, Math.max(0, -dy), Math.max(0, -dx), 0], [
    count,
    height - Math.abs(dy),
    width - Math.abs(dx),
    channels,
  ]);
  const sides = (d: number): [number, number] => [Math.max(0, d), Math.max(0, -d)];
  return tf.pad(kept, [[0, 0], sides(dy), sides(dx), [0, 0]], FILL);
}
