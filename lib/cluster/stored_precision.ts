import type { Matrix } from "../types.ts";

/** In how many bits numbers were computed: 32 or 64. */
export type Precision = "single" | "double";

/**
 * In what precision the entries of a matrix were computed, told by the numbers: those of 32 bits stay such when they are
 * stored in 64 bits, or written as decimals of six to nine digits, as programs write them.
 *
 * @returns `double` if any entry is neither.
 */
export function storedPrecision({ data }: Matrix): Precision {
  if (data instanceof Float32Array) return "single";
  return data.every((value) => isSingle(value)) ? "single" : "double";
}

function isSingle(value: number): boolean {
  const nearest = Math.fround(value);
  return nearest === value || [6, 7, 8, 9].some((digits) => Number(nearest.toPrecision(digits)) === value);
}
