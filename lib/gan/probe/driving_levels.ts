/**
 * Which labels or shapes drive a unit.
 *
 * @module
 */

/** Share of wrong ones expected among those said to drive a unit. */
const FALSE_DISCOVERIES = 0.05;
/** Least effect, in standard deviations (Cohen's d): with many images the smallest difference is significant. */
const LEAST_EFFECT = 0.5;

/**
 * The levels of a factor that drive a unit: those whose images activate it more than all others' do, by more than half a
 * standard deviation, and significantly so. Each level is set against the rest by a one-sided two-sample t-test; the tests of
 * a unit are corrected together by the procedure of Benjamini and Hochberg at 5 %.
 *
 * @param groups activations of the images of each level; at least two levels of at least two images.
 * @returns indices of the levels, ascending; none where the activation is the same throughout.
 * @throws {RangeError} when there are too few levels or images.
 * @see Cohen (1988), "Statistical Power Analysis", chapter 2; Benjamini & Hochberg (1995)
 */
export function drivingLevels(groups: readonly ArrayLike<number>[]): number[] {
  if (groups.length < 2 || groups.some(({ length }) => length < 2)) {
    throw new RangeError(
      `${groups.length} levels of ${groups.map(({ length }) => length)} images; give two or more each`,
    );
  }
  const first = groups[0][0];
  if (groups.every((group) => Array.from(group).every((value) => value === first))) return []; // exact, unlike means
  const moments = groups.map(momentsOf);
  const tests = moments.map((own, i) => {
    const rest = moments.filter((_, j) => j !== i).reduce(pooled);
    const difference = own.mean - rest.mean;
    const freedom = own.count + rest.count - 2;
    const spread = Math.sqrt((own.squares + rest.squares) / freedom);
    const effect = difference === 0 ? 0 : difference / spread; // infinite where nothing else varies
    return { effect, p: studentTail(effect / Math.sqrt(1 / own.count + 1 / rest.count), freedom) };
  });
  const found = benjaminiHochberg(tests.map(({ p }) => p), FALSE_DISCOVERIES);
  return found.filter((i) => tests[i].effect > LEAST_EFFECT);
}

/**
 * Which of several null hypotheses to reject: those with the k smallest p-values, for the greatest k whose k-th smallest is
 * at most k / n of the rate.
 *
 * @param rate share of false ones that is expected among the rejected.
 * @returns indices, ascending.
 * @see Benjamini & Hochberg (1995), "Controlling the false discovery rate"
 */
export function benjaminiHochberg(pValues: readonly number[], rate: number): number[] {
  const sorted = pValues.toSorted((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (i + 1) / sorted.length * rate);
  return last < 0 ? [] : pValues.flatMap((p, i) => p <= sorted[last] ? [i] : []);
}

/** Steps of Simpson's rule. */
const STEPS = 1000;

/**
 * Upper tail of Student's distribution: with t = sqrt(freedom) tan(angle), its density is that of cos(angle)^(freedom - 1),
 * which is smooth and ends at a right angle.
 *
 * @returns the chance of a value of at least t, in [0, 1].
 */
export function studentTail(t: number, freedom: number): number {
  if (t < 0) return 1 - studentTail(-t, freedom);
  const end = Math.min(Math.PI / 2, 40 / Math.sqrt(freedom)); // beyond it, less than exp(-800) is left
  const integral = (from: number) => {
    if (from >= end) return 0;
    const step = (end - from) / STEPS;
    let sum = 0;
    for (let i = 0; i <= STEPS; i++) {
      const weight = i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2;
      sum += weight * Math.max(0, Math.cos(from + i * step)) ** (freedom - 1);
    }
    return sum * step / 3;
  };
  return integral(Math.atan(t / Math.sqrt(freedom))) / integral(0) / 2;
}

/** How many values there are, their mean, and the sum of squares about it. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

function momentsOf(values: ArrayLike<number>): Moments {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  return { count: values.length, mean, squares };
}

/** Moments of two sets together. */
function pooled(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + apart * b.count / count,
    squares: a.squares + b.squares + apart * apart * a.count * b.count / count,
  };
}
