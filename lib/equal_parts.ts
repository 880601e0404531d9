/**
 * Parts of a list of so many entries, as equal as may be, of at most `most` each.
 *
 * @returns the first index of each part, and the length of the list at the end.
 */
export function equalParts(count: number, most: number): number[] {
  const parts = Math.ceil(count / most);
  return [0, ...Array.from({ length: parts }, (_, i) => Math.round((i + 1) * count / parts))];
}
