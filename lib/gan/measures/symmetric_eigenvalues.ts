/**
 * Eigenvalues of a symmetric matrix of some hundreds of rows, in double precision and without eigenvectors: reflections bring
 * it to a tridiagonal one, whose eigenvalues are found one by one by halving intervals.
 *
 * @module
 */

/** Halvings of an interval: each gives a bit, and a double has 53. */
const HALVINGS = 60;

/**
 * Eigenvalues of a symmetric matrix, each right to within rounding of the largest in magnitude. 512 rows take a quarter of a
 * second.
 *
 * @param matrix row-major, [size, size], finite and symmetric: only its lower half is sure to be read.
 * @returns ascending.
 * @throws {RangeError} when the entries are not size * size finite numbers.
 * @see Golub & Van Loan (2013), "Matrix computations", 8.3.1 (Householder tridiagonalization) and 8.4.1 (bisection)
 */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  if (matrix.length !== size * size) {
    throw new RangeError(`${matrix.length} entries are not a matrix of ${size} x ${size}`);
  }
  const bad = matrix.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`entries must be finite, got ${matrix[bad]} in row ${Math.floor(bad / size)}`);
  if (size === 0) return new Float64Array(0);
  const { diagonal, squares } = tridiagonal(matrix, size);
  return Float64Array.from({ length: size }, (_, rank) => bisect(diagonal, squares, rank));
}

/** The diagonal, and the squares of the entries beside it, of a tridiagonal matrix with the same eigenvalues. */
function tridiagonal(matrix: Float64Array, size: number): { diagonal: Float64Array; squares: Float64Array } {
  const a = matrix.slice();
  const squares = new Float64Array(Math.max(0, size - 1));
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size - 1; k++) {
    let square = 0;
    for (let i = k + 1; i < size; i++) {
      v[i] = a[i * size + k];
      square += v[i] * v[i];
    }
    squares[k] = square;
    const norm = Math.sqrt(square);
    const below = square - v[k + 1] * v[k + 1];
    if (k === size - 2 || norm === 0 || below <= 0) continue; // nothing to be reflected away
    v[k + 1] += v[k + 1] < 0 ? -norm : norm; // away from cancellation
    const beta = 2 / (below + v[k + 1] * v[k + 1]);
    let vw = 0;
    for (let i = k + 1; i < size; i++) {
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += a[i * size + j] * v[j];
      w[i] = beta * sum;
      vw += v[i] * w[i];
    }
    for (let i = k + 1; i < size; i++) w[i] -= beta / 2 * vw * v[i];
    for (let i = k + 1; i < size; i++) {
      for (let j = k + 1; j < size; j++) a[i * size + j] -= v[i] * w[j] + w[i] * v[j];
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]), squares };
}

/** The eigenvalue that has `rank` smaller ones. */
function bisect(diagonal: Float64Array, squares: Float64Array, rank: number): number {
  const size = diagonal.length;
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < size; i++) { // Gershgorin's discs hold all of them
    const radius = (i > 0 ? Math.sqrt(squares[i - 1]) : 0) + (i < size - 1 ? Math.sqrt(squares[i]) : 0);
    low = Math.min(low, diagonal[i] - radius);
    high = Math.max(high, diagonal[i] + radius);
  }
  for (let i = 0; i < HALVINGS && low < high; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (countBelow(diagonal, squares, middle) > rank) high = middle;
    else low = middle;
  }
  return low + (high - low) / 2;
}

/** How many eigenvalues are below a number: the negative pivots of the matrix less that number (Sylvester's inertia). */
function countBelow(diagonal: Float64Array, squares: Float64Array, value: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i] - value - (i > 0 ? squares[i - 1] / pivot : 0);
    if (pivot === 0) pivot = Number.MIN_VALUE * 2 ** 100; // its sign decides nothing, and it must not divide as zero
    if (pivot < 0) count++;
  }
  return count;
}
