/**
 * Random choices of one mutant, drawn by fast-check: all of them follow from one seed.
 *
 * @module
 */
import fc from "fast-check";

/** Bytes that lie in memory of their own. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A source of choices. */
export interface Draw {
  /** A whole number from 0 to `most`, all alike. */
  below(most: number): number;
  /** One of several. */
  pick<T>(of: readonly T[]): T;
  /** True so many times in a hundred. */
  chance(percent: number): boolean;
  /** Bytes, none to so many. */
  bytes(most: number): Bytes;
}

/** Whole numbers up to a largest one, all alike, where fast-check would prefer the smallest and the largest. */
const evenly = (most: number) => fc.noBias(fc.nat({ max: most }));

/** The choices of a seed. */
export function drawFrom(seed: number): Draw {
  const [value] = fc.sample(fc.gen(), { seed, numRuns: 1 });
  const below = (most: number) => value(evenly, Math.max(0, Math.floor(most)));
  return {
    below,
    pick: (of) => of[below(of.length - 1)],
    chance: (percent) => below(99) < percent,
    bytes: (most) => Uint8Array.from({ length: below(most) }, () => below(255)),
  };
}

/** Numbers that sizes, counts and places are apt to be wrong at. */
export const ODD_NUMBERS: readonly number[] = [
  ...[0, 1, -1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 257, 1000, 4095, 4096, 32767, 32768, 65535, 65536],
  ...[1e6, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300],
  ...[-2, -128, -32768, -(2 ** 31), -(2 ** 53), 0.5, -0.5, 1e-320],
];

/** Texts that names and values are apt to be wrong at. */
export const ODD_TEXTS: readonly string[] = [
  ...["", " ", "0", "-1", "NaN", "Infinity", "null", "true", "__proto__", "constructor", "toString", "length"],
  ...["../../etc/passwd", "/etc/passwd", "..\\..\\x", "a/b", ".", "..", "con", "\0", "a\0b", "\n", "a\r\nb", "\t"],
  ...["\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\u2028", "\u202eabc", "\ufeff", "\ud800", "é", "日本", "💥"],
  ...["<script>alert(1)</script>", "</script>", "';DROP TABLE units;--", '"', "'", "=1+1", "javascript:alert(1)"],
  ...["F32", "F64", "<f4", "|O", "units", "x".repeat(300), "9".repeat(400), "[".repeat(3000), "{".repeat(200)],
];
