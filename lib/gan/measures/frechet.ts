/**
 * The Frechet distance between two sets of features, each taken for a Gaussian.
 *
 * @see Heusel et al. (2017), "GANs trained by a two time-scale update rule converge to a local Nash equilibrium"
 * @see Dowson & Landau (1982), "The Frechet distance between multivariate normal distributions"
 * @module
 */
import { dataOf, tf } from "../../engine/mod.ts";
import type { Matrix } from "../../types.ts";
import { symmetricEigenvalues } from "./symmetric_eigenvalues.ts";

/** The first two moments of a set of features. */
export interface FeatureStatistics {
  /** Number of rows N. */
  readonly count: number;
  /** Mean row, length D. */
  readonly mean: Float64Array;
  /** Covariance S, with N - 1 in the denominator, [D, D] row-major. */
  readonly covariance: Float64Array;
  /** F with F F^T = S, [D, rank] row-major. */
  readonly factor: Float64Array;
  /** Rank of the covariance as far as single precision tells, at most D. */
  readonly rank: number;
}

/** Rows whose products are summed in single precision, before they are summed on in double. */
const BLOCK = 1000;
/**
 * A variance below this share of the largest is the rounding of those sums. As a pivot it would do harm: what is left beside
 * it is noise of its own size.
 */
const ROUNDING = 2 ** -20;

/**
 * Moments of features, for {@linkcode frechetDistance}: to be computed once where one set is compared with many.
 *
 * @param features shape [N, D], N at least 2, finite.
 * @throws {RangeError} when there are fewer than 2 rows, or an entry is not finite.
 */
export function featureStatistics({ rows, cols, data }: Matrix): FeatureStatistics {
  if (rows < 2) throw new RangeError(`a covariance needs at least 2 rows, got ${rows}`);
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) mean[j] += data[i * cols + j];
  }
  for (let j = 0; j < cols; j++) mean[j] /= rows;
  const bad = mean.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`features must be finite, and some in column ${bad} are not`);
  const covariance = new Float64Array(cols * cols);
  for (let start = 0; start < rows; start += BLOCK) {
    const size = Math.min(BLOCK, rows - start);
    const centred = new Float32Array(size * cols); // centred before it is rounded, so that a large mean costs no digits
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < cols; j++) centred[i * cols + j] = data[(start + i) * cols + j] - mean[j];
    }
    const products = dataOf(() => {
      const block = tf.tensor2d(centred, [size, cols]);
      return tf.matMul(block, block, true, false);
    });
    for (let i = 0; i < covariance.length; i++) covariance[i] += products[i] / (rows - 1);
  }
  // the two halves may have been summed in different orders
  for (let i = 0; i < cols; i++) {
    for (let j = 0; j < i; j++) {
      covariance[i * cols + j] = covariance[j * cols + i] = (covariance[i * cols + j] + covariance[j * cols + i]) / 2;
    }
  }
  return { count: rows, mean, covariance, ...factorize(covariance, cols) };
}

/**
 * Squared Frechet (2-Wasserstein) distance between the Gaussians that have two sets' means and covariances:
 *
 *     d^2 = |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2)
 *
 * The last trace is the sum of the roots of the eigenvalues of F^T S_b F for any F with F F^T = S_a: S_a S_b has the same
 * ones but for zeros. So a Cholesky factor serves as well as the root. It grows as sets get smaller: compare sets of equal
 * size. A second for 512 dimensions.
 *
 * @param a features, shape [N, D], or their moments.
 * @param b features, shape [M, D], or their moments.
 * @returns at least 0; 0 for equal moments, but for rounding of single precision in covariances.
 * @throws {RangeError} when the dimensions differ, a set has fewer than 2 rows, or an entry is not finite.
 */
export function frechetDistance(a: Matrix | FeatureStatistics, b: Matrix | FeatureStatistics): number {
  const [one, other] = [a, b].map((set) => "covariance" in set ? set : featureStatistics(set));
  const size = one.mean.length;
  if (other.mean.length !== size) {
    throw new RangeError(`features of ${size} dimensions cannot be compared with those of ${other.mean.length}`);
  }
  // the set of lower rank gives the smaller matrix
  const [through, of] = other.rank < one.rank ? [other, one] : [one, other];
  let crossing = 0;
  for (const eigenvalue of symmetricEigenvalues(sandwich(through.factor, through.rank, of.covariance), through.rank)) {
    crossing += Math.sqrt(Math.max(0, eigenvalue)); // those of zero may come out below it
  }
  let distance = -2 * crossing;
  for (let i = 0; i < size; i++) {
    distance += (one.mean[i] - other.mean[i]) ** 2 + one.covariance[i * size + i] + other.covariance[i * size + i];
  }
  return Math.max(0, distance);
}

/**
 * Cholesky factor of a positive semidefinite matrix, the largest pivot first, so that it ends where only rounding is left.
 *
 * @returns F of [size, rank] with F F^T = S; its rows stand as those of S, so that it is triangular but for their order.
 * @see Higham (2002), "Accuracy and stability of numerical algorithms", 10.3
 */
function factorize(covariance: Float64Array, size: number): { factor: Float64Array; rank: number } {
  const left = Float64Array.from({ length: size }, (_, i) => covariance[i * size + i]); // diagonal yet to be explained
  const smallest = ROUNDING * left.reduce((most, value) => Math.max(most, value), 0);
  const columns: Float64Array[] = [];
  const done = new Uint8Array(size);
  for (let rank = 0; rank < size; rank++) {
    let pivot = -1;
    for (let i = 0; i < size; i++) if (!done[i] && (pivot < 0 || left[i] > left[pivot])) pivot = i;
    if (!(left[pivot] > smallest)) break;
    const root = Math.sqrt(left[pivot]);
    const column = covariance.slice(pivot * size, (pivot + 1) * size);
    for (const before of columns) {
      const share = before[pivot];
      for (let i = 0; i < size; i++) column[i] -= share * before[i];
    }
    done[pivot] = 1;
    for (let i = 0; i < size; i++) {
      column[i] = i === pivot ? root : done[i] ? 0 : column[i] / root;
      if (!done[i]) left[i] -= column[i] * column[i];
    }
    columns.push(column);
  }
  const rank = columns.length;
  const factor = new Float64Array(size * rank);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < rank; k++) factor[i * rank + k] = columns[k][i];
  }
  return { factor, rank };
}

/** F^T S F, [rank, rank]. */
function sandwich(factor: Float64Array, rank: number, covariance: Float64Array): Float64Array {
  const size = rank === 0 ? 0 : factor.length / rank;
  const product = new Float64Array(rank * rank);
  const row = new Float64Array(rank);
  for (let i = 0; i < size; i++) { // row i of S F, spread at once by row i of F
    row.fill(0);
    for (let j = 0; j < size; j++) {
      const entry = covariance[i * size + j];
      for (let k = 0; k < rank; k++) row[k] += entry * factor[j * rank + k];
    }
    for (let k = 0; k < rank; k++) {
      const entry = factor[i * rank + k];
      if (entry === 0) continue; // above the diagonal
      for (let l = 0; l < rank; l++) product[k * rank + l] += entry * row[l];
    }
  }
  return product;
}
