/** Squared Euclidean distance of two points of equal dimensions. */
export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  const dimensions = a.length;
  let sum = 0;
  for (let d = 0; d < dimensions; d++) {
    const difference = a[d] - b[d];
    sum += difference * difference;
  }
  return sum;
}

/**
 * Squared distances of all pairs, each to the bit what `squaredDistance` gives: row i has those of point i to all points.
 *
 * Four pairs are summed side by side, since a single sum waits for each of its additions.
 */
export function squaredDistances(points: readonly (readonly number[])[]): Float64Array[] {
  const n = points.length;
  const dimensions = points[0].length;
  const flat = new Float64Array(n * dimensions);
  points.forEach((point, i) => flat.set(point, i * dimensions));
  const rows = points.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    const a = flat.subarray(i * dimensions, (i + 1) * dimensions);
    for (let first = i + 1; first < n; first += 4) {
      // Past the last point, the last one is summed again.
      const [j1, j2, j3] = [1, 2, 3].map((step) => Math.min(first + step, n - 1));
      const [b0, b1, b2, b3] = [first * dimensions, j1 * dimensions, j2 * dimensions, j3 * dimensions];
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let d = 0; d < dimensions; d++) {
        const x = a[d];
        const d0 = x - flat[b0 + d];
        const d1 = x - flat[b1 + d];
        const d2 = x - flat[b2 + d];
        const d3 = x - flat[b3 + d];
        s0 += d0 * d0;
        s1 += d1 * d1;
        s2 += d2 * d2;
        s3 += d3 * d3;
      }
      rows[i][first] = rows[first][i] = s0;
      rows[i][j1] = rows[j1][i] = s1;
      rows[i][j2] = rows[j2][i] = s2;
      rows[i][j3] = rows[j3][i] = s3;
    }
  }
  return rows;
}

/** Largest of a matrix of squared distances. */
export function largestOf(distances: readonly Float64Array[]): number {
  let largest = 0;
  for (const row of distances) {
    for (let i = 0; i < row.length; i++) if (row[i] > largest) largest = row[i];
  }
  return largest;
}

/** Mean of at least one point. */
export function centroidOf(points: readonly (readonly number[])[]): number[] {
  const mean = new Array<number>(points[0].length).fill(0);
  for (const point of points) {
    for (let d = 0; d < mean.length; d++) mean[d] += point[d];
  }
  return mean.map((sum) => sum / points.length);
}

/** Index of the greatest number, the first of equals. */
export function indexOfGreatest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}
