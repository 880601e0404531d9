/**
 * Numbers and flags for reading.
 *
 * @module
 */
import type { ScoreNumbers } from "../page_data.ts";

/** A number with so many decimals, a dash for none. */
export function fixed(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

/** A number of any size in about so many digits. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size >= 10000 || (size < 0.001 && size > 0)
    ? value.toExponential(digits - 1)
    : value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(size, 0.1)))));
  return text.replace("-", "−");
}

/** An interval of S for reading. */
export function intervalInWords([low, high]: readonly [number, number]): string {
  return `${fixed(low, 3)} to ${fixed(high, 3)}`;
}

/** Shares of one, two, and three or more clusters for reading. */
export function sharesInWords(shares: readonly [number, number, number]): string {
  const [one, two, more] = shares.map((share) => `${(100 * share).toFixed(0)} %`);
  return `K = 1 in ${one}, 2 in ${two}, 3 or more in ${more}`;
}

/** A score with its parts, as a sentence of numbers. */
export function scoreLine(score: ScoreNumbers | null): string {
  return score === null
    ? "no score"
    : `S ${fixed(score.S, 3)} · C ${fixed(score.C, 3)} · D ${fixed(score.D, 3)} · K ${score.K} · I ${score.I}`;
}

/** A flag's name for reading, and what it says. */
export function flagInWords(flag: string): { name: string; meaning: string } {
  const known: Readonly<Record<string, [string, string]>> = {
    dead: ["dead", "Its gradient is zero from every start: it has no images to score."],
    exploded: [
      "exploded",
      "Its activation or gradient is too large for a float32 number, or is none: it has no score.",
    ],
    embedding_not_finite: [
      "embedding not finite",
      "An image of it is embedded as numbers that are not finite: no score.",
    ],
    zero_embedding: [
      "zero embedding",
      "A cluster of its images is embedded as zeros, which have no direction: no score.",
    ],
    dataset_higher: [
      "dataset higher",
      "Some of its visualizations activate it less than the best image of the dataset does.",
    ],
    k_at_limit: ["K at its limit", "The largest K that was tried is the one chosen: there may be more clusters."],
    some_without_gradient: ["some without gradient", "Some of its images never left their start."],
    noise_start: ["noise start", "Without a dataset, the ascent started from noise."],
    uncentred: ["uncentred", "Embeddings were clustered without the training images' mean subtracted."],
  };
  const [name, meaning] = Object.hasOwn(known, flag)
    ? known[flag]
    : [flag.replaceAll("_", " "), `Flag ${flag} of the run.`];
  return { name, meaning };
}
