/**
 * Parametrizations: how free variables become an image. Each also tells which variables show a given image, so that
 * ascent can start from a real one.
 *
 * @see Olah et al. (2017), "Feature Visualization"; lucid, `optvis/param`
 * @module
 */
import { sigmoid, tf } from "../engine/mod.ts";
import type { Size } from "../types.ts";

/** A way to describe images of a fixed size by variables without bounds. */
export interface Parametrization {
  /** Shape of the variables of one image. */
  readonly shape: readonly number[];
  /** Variables, shape [N, ...shape], to images in (0, 1), shape [N, H, W, 3]. Differentiable. */
  toImages(variables: tf.Tensor): tf.Tensor4D;
  /** Images in [0, 1] to variables that show them; black and white are taken as nearly so. */
  fromImages(images: tf.Tensor4D): tf.Tensor;
  /** Frees constants. */
  dispose(): void;
}

/** Pixels this close to 0 or 1 are moved here, since the logits of 0 and 1 are infinite. */
const DARKEST = 0.02;

/**
 * The most numbers that a processor takes at a time. TensorFlow computes those left over at the end of a tensor in another
 * way, whose last bits differ.
 */
const AT_A_TIME = 16;

/** A function of each number by itself, to the same bits however many images are in the tensor. */
function entrywise(x: tf.Tensor, compute: (x: tf.Tensor) => tf.Tensor): tf.Tensor4D {
  const over = x.size % AT_A_TIME;
  if (over === 0) return compute(x) as tf.Tensor4D;
  const filled = tf.pad(x.flatten(), [[0, AT_A_TIME - over]], 0.5);
  return compute(filled).slice([0], [x.size]).reshape(x.shape);
}

function logit(images: tf.Tensor4D): tf.Tensor4D {
  const inside = images.clipByValue(DARKEST, 1 - DARKEST);
  return entrywise(inside.div(tf.sub(1, inside)), (odds) => odds.log());
}

/** The logits of the pixels: images = sigmoid(z), z of shape [N, H, W, 3]. */
export function pixelParametrization({ height, width }: Size): Parametrization {
  return {
    shape: [height, width, 3],
    toImages: (variables) => entrywise(variables, sigmoid),
    fromImages: logit,
    dispose: () => {},
  };
}

/**
 * Principal directions of the colours of natural images, columns scaled to a largest norm of 1.
 *
 * @see lucid, `optvis/param/color.py`
 */
const COLOUR_SVD = [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]];

/**
 * Fourier coefficients in decorrelated colours: images = sigmoid(colour . F^T (scale * z) F), z of shape [N, 3, H, W], with
 * F the orthonormal real Fourier bases of rows and columns and scale = 1 / max(f, 1/S), f in cycles a pixel, divided by its
 * largest value S, the longer side: large shapes move as easily as small ones.
 */
export function fourierParametrization({ height, width }: Size): Parametrization {
  const vertical = realFourierBasis(height);
  const horizontal = realFourierBasis(width);
  const longer = Math.max(height, width);
  const scale = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const frequency = Math.hypot(vertical.frequencies[y], horizontal.frequencies[x]);
      scale[y * width + x] = 1 / (longer * Math.max(frequency, 1 / longer));
    }
  }
  const largest = Math.max(...[0, 1, 2].map((c) => Math.hypot(...COLOUR_SVD.map((row) => row[c]))));
  const colour = COLOUR_SVD.map((row) => row.map((value) => value / largest));
  const unit = Math.sqrt(height * width); // makes coefficients of unit size out of orthonormal ones
  const constants = {
    rows: tf.tensor2d(vertical.basis, [height, height]), // [frequency, position]
    columns: tf.tensor2d(horizontal.basis, [width, width]),
    scale: tf.tensor2d(scale, [height, width]),
    mix: tf.tensor2d(colour.map((row) => row.map((value) => value * unit))),
    unmix: tf.tensor2d(inverse3(colour).map((row) => row.map((value) => value / unit))),
  };
  const multiplyLast = (x: tf.Tensor, matrix: tf.Tensor2D, transpose: boolean) => {
    const last = x.shape.at(-1)!;
    return tf.matMul(x.reshape<tf.Tensor2D>([-1, last]), matrix, false, transpose).reshape(x.shape);
  };
  return {
    shape: [3, height, width],
    toImages: (variables) => {
      const columns = multiplyLast(variables.mul(constants.scale), constants.columns, false); // [N, 3, fy, x]
      const rows = multiplyLast(columns.transpose([0, 1, 3, 2]), constants.rows, false); // [N, 3, x, y]
      const pixels = rows.transpose([0, 3, 2, 1]); // [N, y, x, 3]
      return entrywise(multiplyLast(pixels, constants.mix, true), sigmoid);
    },
    fromImages: (images) => {
      const plain = multiplyLast(logit(images), constants.unmix, true).transpose([0, 3, 2, 1]); // [N, 3, x, y]
      const rows = multiplyLast(plain, constants.rows, true).transpose([0, 1, 3, 2]); // [N, 3, fy, x]
      return multiplyLast(rows, constants.columns, true).div(constants.scale);
    },
    dispose: () => tf.dispose(Object.values(constants)),
  };
}

/** Orthonormal cosines and sines of S points: row k of the basis has `frequencies[k]` cycles a pixel. */
function realFourierBasis(size: number): { basis: Float32Array; frequencies: number[] } {
  const basis = new Float32Array(size * size);
  const frequencies: number[] = [];
  for (let k = 0; k < size; k++) {
    const cycles = Math.ceil(k / 2); // 0, then a cosine and a sine of 1, 2, ..., and for even sizes a last cosine
    const sine = k > 0 && k % 2 === 0;
    const norm = Math.sqrt((cycles === 0 || 2 * cycles === size ? 1 : 2) / size);
    frequencies.push(cycles / size);
    for (let x = 0; x < size; x++) {
      const phase = 2 * Math.PI * cycles * x / size;
      basis[k * size + x] = norm * (sine ? Math.sin(phase) : Math.cos(phase));
    }
  }
  return { basis, frequencies };
}

/** Inverse of a 3 x 3 matrix by cofactors. */
function inverse3(m: readonly (readonly number[])[]): number[][] {
  const minor = (i: number, j: number) => {
    const [r0, r1] = [0, 1, 2].filter((r) => r !== i);
    const [c0, c1] = [0, 1, 2].filter((c) => c !== j);
    return (m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0]) * ((i + j) % 2 === 0 ? 1 : -1);
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0][j] * minor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => minor(j, i) / determinant));
}
