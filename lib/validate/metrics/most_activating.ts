/**
 * The images that activate a unit most, best first; ties go to the lower index.
 *
 * @param activations of N images.
 * @param count how many; all N where there are no more.
 * @returns their indices; null where all activations are the same, so that no image is above another.
 */
export function mostActivating(activations: ArrayLike<number>, count: number): number[] | null {
  const order = Array.from({ length: activations.length }, (_, index) => index)
    .sort((a, b) => activations[b] - activations[a] || a - b);
  const varies = order.length > 0 && activations[order[0]] > activations[order[order.length - 1]];
  return varies ? order.slice(0, count) : null;
}
