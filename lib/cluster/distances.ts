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
