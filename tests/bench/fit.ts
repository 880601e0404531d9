/**
 * How something grows: straight lines by least squares.
 *
 * @module
 */

/** A straight line y = intercept + slope x through points. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** Standard error of the slope, from what the line leaves over; null for two points, which leave nothing. */
  readonly slopeError: number | null;
}

/**
 * The line of least squares.
 *
 * @param x at least two values that differ.
 * @param y as many.
 * @throws {RangeError} when there is no such line.
 */
export function fitLine(x: readonly number[], y: readonly number[]): Line {
  const n = x.length;
  if (n !== y.length || new Set(x).size < 2) throw new RangeError(`no line through ${n} and ${y.length} values`);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const slope = x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0) / spread;
  const intercept = my - slope * mx;
  const left = x.reduce((sum, value, i) => sum + (y[i] - intercept - slope * value) ** 2, 0);
  return { intercept, slope, slopeError: n === 2 ? null : Math.sqrt(left / (n - 2) / spread) };
}

/** How y grows with x. */
export interface Growth {
  /** Exponent p of y = c x^p: the slope of log y against log x. 1 is linear growth, 0 none. */
  readonly exponent: number;
  /** Its standard error; null for two points. */
  readonly exponentError: number | null;
  /** The line through the values themselves: what is there at x = 0, and what one more of x adds. */
  readonly linear: Line;
}

/**
 * The growth of y with x.
 *
 * @param x positive, at least two that differ.
 * @param y positive, as many.
 * @throws {RangeError} when a value is not positive, or there is no line.
 */
export function fitGrowth(x: readonly number[], y: readonly number[]): Growth {
  const bad = [...x, ...y].find((value) => !(value > 0 && Number.isFinite(value)));
  if (bad !== undefined) throw new RangeError(`${bad} has no logarithm`);
  const { slope, slopeError } = fitLine(x.map(Math.log), y.map(Math.log));
  return { exponent: slope, exponentError: slopeError, linear: fitLine(x, y) };
}
