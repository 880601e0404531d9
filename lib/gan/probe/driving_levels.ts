/**
 * Which labels or shapes drive a unit.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { benjaminiHochberg, studentTail } from "../../statistics/mod.ts";

/** Expected share of levels that do not drive the unit among those that are found: the usual 5 %. */
const FALSE_DISCOVERIES = 0.05;
/**
 * Smallest effect, in standard deviations (Cohen's d), a medium one by his convention. Without it the slightest
 * difference would count, since with many images it is significant.
 */
const LEAST_EFFECT = 0.5;

/**
 * The levels of a factor that drive a unit. A level drives it when its images activate it more than the images of all
 * other levels do: by more than half a standard deviation, and significantly. The test is a one-sided two-sample t-test
 * of each level against the rest; the tests of a unit are corrected together by the procedure of Benjamini and Hochberg
 * at 5 %.
 *
 * @param groups activations of the images of each level; at least two levels of at least two images.
 * @returns indices of the levels, ascending; none when the activation is the same for all images.
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
  if (groups.every((group) => Array.from(group).every((value) => value === first))) return []; // an exact comparison, unlike means
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

/** How many values there are, their mean, and the sum of squares about it. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

function momentsOf(values: ArrayLike<number>): Moments {
  const mean = meanSimple(Array.from(values));
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  return { count: values.length, mean, squares };
}

/** The moments of two sets joined. */
function pooled(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + apart * b.count / count,
    squares: a.squares + b.squares + apart * apart * a.count * b.count / count,
  };
}
