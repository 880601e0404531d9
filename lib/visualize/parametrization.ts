/**
 * Parametrizations: how free variables become an image. Each also tells which variables show a given image, so that
 * ascent can start from a real one.
 *
 * @see Olah et al. (2017), "Feature Visualization"; lucid, `optvis/param`
 * @module
 */
import { sigmoid, tf } from "../engine/mod.ts";

/** A way to describe images of a fixed size by variables without bounds. */
export interface Parametrization {
  /** Shape of the variables of one image. */
  readonly shape: readonly number[];
  /** Variables, shape [N, ...shape], to images in (0, 1), shape [N, S, S, 3]. Differentiable. */
  toImages(variables: tf.Tensor): tf.Tensor4D;
  /** Images in [0, 1] to variables that show them; black and white are taken as nearly so. */
  fromImages(images: tf.Tensor4D): tf.Tensor;
  /** Frees constants. */
  dispose(): void;
}

/** Pixels this close to 0 or 1 are moved here, since the logits of 0 and 1 are infinite. */
const DARKEST = 0.02;

function logit(images: tf.Tensor4D): tf.Tensor4D {
  const inside = images.clipByValue(DARKEST, 1 - DARKEST);
  return inside.div(tf.sub(1, inside)).log() as tf.Tensor4D;
}

/** The logits of the pixels: images = sigmoid(z), z of shape [N, S, S, 3]. */
export function pixelParametrization(size: number): Parametrization {
  return {
    shape: [size, size, 3],
    toImages: (variables) => sigmoid(variables as tf.Tensor4D),
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
 * Fourier coefficients in decorrelated colours: images = sigmoid(colour . F^T (scale * z) F), z of shape [N, 3, S, S], with
 * F the orthonormal real Fourier basis and scale = 1 / max(f, 1/S), f in cycles a pixel, divided by its largest value, S:
 * large shapes move as easily as small ones.
 */
export function fourierParametrization(size: number): Parametrization {
  const { basis, frequencies } = realFourierBasis(size);
  const scale = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      scale[y * size + x] = 1 / (size * Math.max(Math.hypot(frequencies[y], frequencies[x]), 1 / size));
    }
  }
  const largest = Math.max(...[0, 1, 2].map((c) => Math.hypot(...COLOUR_SVD.map((row) => row[c]))));
  const colour = COLOUR_SVD.map((row) => row.map((value) => value / largest));
  const constants = {
    basis: tf.tensor2d(basis, [size, size]), // [frequency, position]
    scale: tf.tensor2d(scale, [size, size]),
    mix: tf.tensor2d(colour.map((row) => row.map((value) => value * size))), // * S: coefficients of unit size
    unmix: tf.tensor2d(inverse3(colour).map((row) => row.map((value) => value / size))),
  };
  const multiplyLast = (x: tf.Tensor, matrix: tf.Tensor2D, transpose: boolean) => {
    const last = x.shape.at(-1)!;
    return tf.matMul(x.reshape<tf.Tensor2D>([-1, last]), matrix, false, transpose).reshape(x.shape);
  };
  return {
    shape: [3, size, size],
    toImages: (variables) => {
      const columns = multiplyLast(variables.mul(constants.scale), constants.basis, false); // [N, 3, fy, x]
      const rows = multiplyLast(columns.transpose([0, 1, 3, 2]), constants.basis, false); // [N, 3, x, y]
      const pixels = rows.transpose([0, 3, 2, 1]); // [N, y, x, 3]
      return sigmoid(multiplyLast(pixels, constants.mix, true)) as tf.Tensor4D;
    },
    fromImages: (images) => {
      const plain = multiplyLast(logit(images), constants.unmix, true).transpose([0, 3, 2, 1]); // [N, 3, x, y]
      const rows = multiplyLast(plain, constants.basis, true).transpose([0, 1, 3, 2]); // [N, 3, fy, x]
      return multiplyLast(rows, constants.basis, true).div(constants.scale);
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
