/**
 * Class selectivity: how far the class that a unit responds to most stands out.
 *
 *     (best - others) / (best + others)
 *
 * where `best` is the mean response to that class, and `others` is the mean of the other classes' mean responses.
 *
 * @param responses activations after the ReLU of N images, at least 0.
 * @param labels class of each image.
 * @returns in [0, 1], 1 for a unit that is silent for all classes but one; null where it is always silent, or there are
 * fewer than two classes.
 * @throws {RangeError} when the numbers of responses and labels differ.
 * @see Morcos et al. (2018), "On the importance of single directions for generalization"
 */
export function classSelectivity(responses: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  if (responses.length !== labels.length) {
    throw new RangeError(`${responses.length} responses of ${labels.length} labels`);
  }
  const classes = new Map<number, { sum: number; count: number }>();
  for (let n = 0; n < labels.length; n++) {
    const own = classes.get(labels[n]) ?? { sum: 0, count: 0 };
    classes.set(labels[n], { sum: own.sum + responses[n], count: own.count + 1 });
  }
  if (classes.size < 2) return null;
  const means = [...classes.values()].map(({ sum, count }) => sum / count).sort((a, b) => b - a);
  const [best, ...rest] = means;
  const others = rest.reduce((sum, mean) => sum + mean, 0) / rest.length;
  return best > 0 ? Math.max(0, (best - others) / (best + others)) : null; // rounding may put equal means below 0
}
