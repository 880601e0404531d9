/**
 * Starting centres by greedy k-means++: each next centre is drawn from the points with probability proportional to the
 * squared distance to the nearest centre so far, the best of 2 + floor(ln K) draws is kept.
 *
 * Ours rather than ml-kmeans's own because that one costs ten times the iterations it saves, and divides by zero when the
 * points run out.
 *
 * @param count how many points there are, at least K of them distinct.
 * @param distancesTo squared distances of all points to one of them.
 * @param uniform source of numbers in [0, 1).
 * @returns indices of K of the points.
 * @see D. Arthur and S. Vassilvitskii (2007), "k-means++: The Advantages of Careful Seeding"; scikit-learn's KMeans
 */
export function kmeansPlusPlus(
  count: number,
  distancesTo: (point: number) => ArrayLike<number>,
  K: number,
  uniform: () => number,
): number[] {
  const trials = 2 + Math.floor(Math.log(K));
  const centres = [Math.floor(uniform() * count)];
  let nearest = Float64Array.from(distancesTo(centres[0]));
  let potential = sum(nearest);
  while (centres.length < K) {
    let best = { potential: Infinity, nearest, point: centres[0] };
    for (let trial = 0; trial < trials; trial++) {
      const point = draw(nearest, uniform() * potential);
      const distances = distancesTo(point);
      const nearestWith = nearest.map((distance, i) => Math.min(distance, distances[i]));
      const potentialWith = sum(nearestWith);
      if (potentialWith < best.potential) best = { potential: potentialWith, nearest: nearestWith, point };
    }
    centres.push(best.point);
    ({ potential, nearest } = best);
  }
  return centres;
}

/** First index at which the running sum of the weights exceeds the target; the last positive weight if rounding misses. */
function draw(weights: Float64Array, target: number): number {
  let running = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    running += weights[i];
    if (running > target) return i;
    if (weights[i] > 0) last = i;
  }
  return last;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
