/**
 * Numbers with their intervals, for tables and sentences.
 *
 * @module
 */
import { decimals } from "./output.ts";

/** A number with its interval, such as `0.93 [0.89, 0.96]`; `-` for null. */
export function between(value: number | null, low: number | null, high: number | null, digits: number): string {
  if (value === null) return "-";
  return low === null
    ? value.toFixed(digits)
    : `${value.toFixed(digits)} [${low.toFixed(digits)}, ${decimals(high, digits)}]`;
}

/** A share with its interval, such as `80 % [75, 85]`; `-` for null. */
export function percents(value: number | null, low: number | null, high: number | null): string {
  if (value === null) return "-";
  const whole = (share: number) => (100 * share).toFixed(0);
  return low === null || high === null ? percent(value) : `${percent(value)} [${whole(low)}, ${whole(high)}]`;
}

/** A share as whole per cent, such as `80 %`; `-` for null. */
export function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(0)} %`;
}

/** A difference with its interval, such as `+0.064 [+0.035, +0.098]`; `-` for null. */
export function signed(
  { value, low, high }: { readonly value: number | null; readonly low: number | null; readonly high: number | null },
): string {
  if (value === null) return "-";
  const plus = (number: number | null) => number === null ? "-" : `${number < 0 ? "" : "+"}${number.toFixed(3)}`;
  return `${plus(value)} [${plus(low)}, ${plus(high)}]`;
}
