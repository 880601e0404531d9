/**
 * Numbers given as options: checked where they are read, so that a wrong one is a usage error that names the range.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";

/** Reads an integer in [low, high] for `.option(flags, description, integerOption(low, high))`. */
export function integerOption(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`Give an integer ${range}.`);
    return value;
  };
}

/** Reads a finite number of at least `low`. */
export function numberOption(low: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value >= low && value < Infinity)) throw new InvalidArgumentError(`Give a number from ${low}.`);
    return value;
  };
}

/** Reads a seed: an integer of 32 bits, not negative. */
export const seedOption: (text: string) => number = integerOption(0, 0xffffffff);
