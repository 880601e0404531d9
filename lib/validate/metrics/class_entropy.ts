/**
 * Entropy of the classes of the images that activate a unit most.
 *
 *     - sum p_c log2 p_c,  p_c the share of class c
 *
 * @param labels class of each image.
 * @param indices the unit's most activating images; null where it has none.
 * @returns bits, 0 where all are of one class, log2 10 where ten classes are equal; null without images.
 * @see Shannon (1948), "A mathematical theory of communication"
 */
export function classEntropy(labels: ArrayLike<number>, indices: readonly number[] | null): number | null {
  if (indices === null || indices.length === 0) return null;
  const counts = new Map<number, number>();
  for (const index of indices) counts.set(labels[index], (counts.get(labels[index]) ?? 0) + 1);
  const shares = [...counts.values()].sort((a, b) => a - b).map((count) => count / indices.length);
  return shares.reduce((bits, share) => bits + share * Math.log2(1 / share), 0); // 0, not -0, for one class
}
