import { centroidOf } from "./distances.ts";

/**
 * Coordinates of n points in the at most n - 1 dimensions they span about their mean: a rotation, so every distance
 * stays what it is (to rounding, about 1e-15 of the largest squared distance), and all that depends on distances alone,
 * as k-means does, gets cheaper by the ratio of the dimensions.
 *
 * The centred Gram matrix G = X X' is factored by Cholesky's method with complete pivoting, G = L L'. The rows of L are the
 * coordinates: they have the inner products of the centred points, hence their distances.
 *
 * @param points n points of d components.
 * @returns n points of min(d, rank) components; the centred points themselves where d < n and there is nothing to gain.
 * @see N. J. Higham (2002), "Accuracy and Stability of Numerical Algorithms", section 10.3
 */
export function rotateToSpan(points: readonly (readonly number[])[]): number[][] {
  const centred = centredPoints(points);
  if (points[0].length < points.length) return centred;

  const gram = centred.map((point, i) => {
    const row = new Float64Array(i + 1);
    for (let j = 0; j <= i; j++) row[j] = dot(point, centred[j]);
    return row;
  });
  return coordinatesOfGram(gram);
}

/** The points less their mean. */
export function centredPoints(points: readonly (readonly number[])[]): number[][] {
  const centre = centroidOf(points);
  return points.map((point) => point.map((value, d) => value - centre[d]));
}

/**
 * Coordinates of n points in the at most n - 1 dimensions they span about their mean, from their squared distances alone:
 * classical scaling, by the same factorization.
 *
 * @param distances squared Euclidean distances, row i those of point i to points 0 .. i - 1, i = 0 .. n - 1.
 * @param relativeError of the distances; dimensions that are no larger are left out.
 * @see W. S. Torgerson (1952), "Multidimensional scaling: I. Theory and method"
 */
export function coordinatesOfDistances(
  distances: readonly (readonly number[])[],
  relativeError: number,
): number[][] {
  const n = distances.length;
  const of = (i: number, j: number) => i === j ? 0 : i > j ? distances[i][j] : distances[j][i];
  const means = distances.map((_, i) => distances.reduce((sum, _, j) => sum + of(i, j), 0) / n);
  const mean = means.reduce((sum, value) => sum + value, 0) / n;
  const gram = distances.map((_, i) =>
    Float64Array.from({ length: i + 1 }, (_, j) => (means[i] + means[j] - of(i, j) - mean) / 2)
  );
  return coordinatesOfGram(gram, relativeError);
}

/** @param gram lower triangle of the centred Gram matrix, row i of i + 1 numbers. */
function coordinatesOfGram(gram: readonly Float64Array[], relativeError: number = Number.EPSILON): number[][] {
  const n = gram.length;
  const residual = Float64Array.from(gram, (row, i) => row[i]);
  const roundingError = n * relativeError * residual.reduce((a, b) => Math.max(a, b), 0);
  const coordinates: number[][] = gram.map(() => []);
  for (let rank = 0; rank < n - 1; rank++) {
    const pivot = residual.reduce((best, value, i) => (value > residual[best] ? i : best), 0);
    // What is left is no longer than the rounding of the Gram matrix: the points span no further dimension.
    if (residual[pivot] <= roundingError) break;
    const length = Math.sqrt(residual[pivot]);
    const pivotRow = coordinates[pivot].slice();
    for (let i = 0; i < n; i++) {
      let product = i > pivot ? gram[i][pivot] : gram[pivot][i];
      for (let d = 0; d < rank; d++) product -= coordinates[i][d] * pivotRow[d];
      coordinates[i].push(product / length);
      residual[i] -= (product / length) ** 2;
    }
    residual[pivot] = 0;
  }
  return coordinates;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
