/**
 * The Frechet distance between two sets of features, each treated as a Gaussian.
 *
 * @see Heusel et al. (2017), "GANs trained by a two time-scale update rule converge to a local Nash equilibrium"
 * @see Dowson & Landau (1982), "The Frechet distance between multivariate normal distributions"
 * @module
 */
import { EigenvalueDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { dataOf, tf } from "../../engine/mod.ts";
import type { Matrix } from "../../types.ts";

/** The first two moments of a set of features. */
export interface FeatureStatistics {
  /** Number of rows N. */
  readonly count: number;
  /** Mean row, length D. */
  readonly mean: Float64Array;
  /** Covariance S, with N - 1 in the denominator, [D, D]. */
  readonly covariance: DenseMatrix;
  /** F with F F^T = S, [D, rank], where the rank of S is what single precision can tell. */
  readonly factor: DenseMatrix;
}

/**
 * Products of so many rows are summed in single precision, and these sums in double precision: more rows lose digits.
 */
const BLOCK = 1000;
/** Eigenvalues below this share of the largest are taken for rounding of those sums, and left out. */
const ROUNDING = 2 ** -20;

/**
 * Moments of features, for {@linkcode frechetDistance}. Compute them once for a set that is compared with several.
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
  const covariance = DenseMatrix.zeros(cols, cols);
  for (let start = 0; start < rows; start += BLOCK) {
    const size = Math.min(BLOCK, rows - start);
    const centred = new Float32Array(size * cols); // centred in double precision, so that a large mean costs no digits
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < cols; j++) centred[i * cols + j] = data[(start + i) * cols + j] - mean[j];
    }
    const products = dataOf(() => {
      const block = tf.tensor2d(centred, [size, cols]);
      return tf.matMul(block, block, true, false);
    });
    for (let i = 0; i < cols; i++) {
      for (let j = 0; j <= i; j++) {
        const entry = covariance.get(i, j) + products[i * cols + j] / (rows - 1);
        covariance.set(i, j, entry).set(j, i, entry);
      }
    }
  }
  return { count: rows, mean, covariance, factor: factorize(covariance) };
}

/**
 * Squared Frechet (2-Wasserstein) distance between the Gaussians that have two sets' means and covariances:
 *
 *     d^2 = |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2)
 *
 * The trace of the last root is the sum of the roots of the eigenvalues of F^T S_b F for any F with F F^T = S_a, since
 * S_a S_b has the same eigenvalues except for zeros. Smaller sets have larger distances, so compare sets of equal size
 * only. 512 dimensions take a second.
 *
 * @param a features, shape [N, D], or their moments.
 * @param b features, shape [M, D], or their moments.
 * @returns at least 0; 0 for equal moments, except for the rounding of covariances in single precision.
 * @throws {RangeError} when the dimensions differ, a set has fewer than 2 rows, or an entry is not finite.
 */
export function frechetDistance(a: Matrix | FeatureStatistics, b: Matrix | FeatureStatistics): number {
  const [one, other] = [a, b].map((set) => "covariance" in set ? set : featureStatistics(set));
  const size = one.mean.length;
  if (other.mean.length !== size) {
    throw new RangeError(`features of ${size} dimensions cannot be compared with those of ${other.mean.length}`);
  }
  // the factor of lower rank makes the smaller matrix
  const [through, of] = other.factor.columns < one.factor.columns ? [other, one] : [one, other];
  let crossing = 0;
  for (const eigenvalue of decompose(through.factor.transpose().mmul(of.covariance).mmul(through.factor)).values) {
    crossing += Math.sqrt(Math.max(0, eigenvalue)); // rounding may make a zero negative
  }
  let distance = -2 * crossing;
  for (let i = 0; i < size; i++) {
    distance += (one.mean[i] - other.mean[i]) ** 2 + one.covariance.get(i, i) + other.covariance.get(i, i);
  }
  return Math.max(0, distance);
}

/**
 * F with F F^T = S: the eigenvectors of S, each times the root of its eigenvalue; those taken for rounding are left
 * out.
 */
function factorize(covariance: DenseMatrix): DenseMatrix {
  const { values, vectors } = decompose(covariance);
  const smallest = ROUNDING * Math.max(...values);
  const kept = values.flatMap((value, i) => value > smallest && value > 0 ? [i] : []);
  return vectors.subMatrixColumn(kept).mulRowVector(kept.map((i) => Math.sqrt(values[i])));
}

/** Eigenvalues of a symmetric matrix, and its eigenvectors as columns. */
function decompose(matrix: DenseMatrix): { readonly values: number[]; readonly vectors: DenseMatrix } {
  if (matrix.rows === 0) return { values: [], vectors: matrix };
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return { values: realEigenvalues, vectors: eigenvectorMatrix };
}
