import assert from "node:assert/strict";
import { CALIBRATED, clusterAndScore, type ClusterInput, RESAMPLES, scoreInterval } from "../../lib/pipeline/mod.ts";
import { createRandom, type Random } from "../../lib/random.ts";
import type { Matrix } from "../../lib/types.ts";

type ClusterOptions = ClusterInput["options"];

const OPTIONS: ClusterOptions = {
  ...CALIBRATED.cluster,
  criterion: "sse-penalty",
  beta: 0.5,
  kMax: 10,
  halfCap: true,
  normalize: false,
  minClusterSize: 1,
  seed: 1,
};

/** So many images at the end of each axis of a space of as many dimensions. */
function onAxes(...counts: number[]): Matrix {
  const rows = counts.flatMap((count, axis) => Array.from({ length: count }, () => axis));
  const data = Float32Array.from(
    { length: rows.length * counts.length },
    (_, at) => Number(rows[Math.floor(at / counts.length)] === at % counts.length),
  );
  return { rows: rows.length, cols: counts.length, data };
}

/** S of K clusters with orthogonal centres of equal norm: D = 1/2, C = (K - 1) / (I - 1). */
const orthogonal = (K: number, I: number) => (K - 1) / (I - 1) + 0.5 * (1 - (K - 1) / (I - 1));

function intervalOf(embeddings: Matrix, options = OPTIONS, seed = 0) {
  const input = { embeddings, options };
  return scoreInterval(input, clusterAndScore(input), [seed]);
}

function close(actual: number, expected: number, within = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

Deno.test("scoreInterval() is S itself where every part of the images tells the same", () => {
  // of 26 among 32 images at least 10 are of each half: two clusters always, and C counts the 32 images of the whole
  const { low, high } = intervalOf(onAxes(16, 16))!;
  close(low, orthogonal(2, 32));
  close(high, orthogonal(2, 32));
  const alike = intervalOf(onAxes(32))!;
  assert.deepEqual(alike, { low: 0, high: 0 });
});

Deno.test("scoreInterval() widens deviations by sqrt(m / (I - m)): a feature that one image alone shows", () => {
  // Three clusters, of which the third is in a part with chance 26/32. A split gains at least 2 (1/2) = 1 > beta where both
  // are present. Values are S_3, or S_3 + sqrt(26/6) (S_2 - S_3); either has far more than 5 % of the parts.
  const [two, three] = [orthogonal(2, 32), orthogonal(3, 32)];
  const { low, high } = intervalOf(onAxes(16, 15, 1))!;
  close(high, three);
  close(low, three + Math.sqrt(26 / 6) * (two - three));
});

Deno.test("scoreInterval() stays within 0 and 1", () => {
  // without the lone image a part has one cluster: S_1 = 0, and S_2 - sqrt(26/6) S_2 < 0
  const { low, high } = intervalOf(onAxes(31, 1))!;
  assert.equal(low, 0);
  close(high, orthogonal(2, 32));
});

/*
 * Three images that are clusters of their own beside 29 alike. A part leaves 6 of 32 images out: all three lone ones with chance
 * (6 5 4) / (32 31 30) = .004, two given ones with (6 5) / (32 31) = .030, so exactly two with 3 (.030 - .004) = .079. Of 2,000
 * parts these are 158, give or take 12: more than 5 % and fewer than 10 %, so that they are the 5 % at an end, and the 10 %
 * are not.
 */
const MANY = 2000;

function endsOf(embeddings: Matrix) {
  const input = { embeddings, options: OPTIONS };
  const score = clusterAndScore(input);
  assert.equal(score.K, 4);
  return scoreInterval(input, score, [3], MANY)!;
}

Deno.test("scoreInterval() begins at the 5th percentile", () => {
  // all centres are orthogonal and of norm 1: the fewer clusters, the lower S
  const [two, four] = [orthogonal(2, 32), orthogonal(4, 32)];
  close(endsOf(onAxes(29, 1, 1, 1)).low, four + Math.sqrt(26 / 6) * (two - four));
});

Deno.test("scoreInterval() ends at the 95th percentile", () => {
  // The lone images are a quarter turn from the 29, and close to one another: cos = 1 / (1 + .02^2), all of norm 100. With one
  // of them D = 1/2; with more the pairs among them pull D down: (3 (1/2) + 3 t) / 6 with all.
  const e = 0.02;
  const length = 100 / Math.hypot(1, e);
  const lone = [0, 1, 2].flatMap((k) => [0, length, ...[0, 1, 2].map((axis) => axis === k ? e * length : 0)]);
  const alike = Array.from({ length: 29 }, () => [100, 0, 0, 0, 0]).flat();
  const t = Math.acos(1 / (1 + e * e)) / Math.PI;
  const S = (K: number, D: number) => (K - 1) / 31 + D - D * (K - 1) / 31;
  const [two, four] = [S(2, 1 / 2), S(4, (3 / 2 + 3 * t) / 6)];
  const { high } = endsOf({ rows: 32, cols: 5, data: Float64Array.from([...alike, ...lone]) });
  close(high, four + Math.sqrt(26 / 6) * (two - four));
});

/** I images around weighted centres on orthogonal axes, all components positive. */
function mixture(I: number, weights: readonly number[], spread: number, random: Random): Matrix {
  const cols = 40;
  const data = new Float32Array(I * cols);
  for (let i = 0; i < I; i++) {
    let k = 0;
    for (let u = random.uniform(); k < weights.length - 1 && u > weights[k]; k++) u -= weights[k];
    for (let d = 0; d < cols; d++) {
      data[i * cols + d] = 1 + (d === k ? 4 : 0) + spread * random.normal() / Math.sqrt(cols);
    }
  }
  return { rows: I, cols, data };
}

Deno.test("scoreInterval() does not depend on the axes: embeddings in their own span give the same", () => {
  const flat = mixture(24, [0.4, 0.35, 0.25], 3, createRandom("axes"));
  // 300 more components of nothing, and a reflection I - 2 v v' / v'v, leave all inner products
  const cols = flat.cols + 300;
  const random = createRandom("mirror");
  const v = Float64Array.from({ length: cols }, () => random.normal());
  const square = v.reduce((sum, x) => sum + x * x, 0);
  const reflect = (row: ArrayLike<number>) => {
    const along = v.reduce((sum, x, d) => sum + x * (row[d] ?? 0), 0);
    return Float64Array.from(v, (x, d) => (row[d] ?? 0) - 2 * along / square * x);
  };
  const data = new Float64Array(flat.rows * cols);
  for (let i = 0; i < flat.rows; i++) {
    data.set(reflect(flat.data.subarray(i * flat.cols, (i + 1) * flat.cols)), i * cols);
  }
  const mean = new Float64Array(flat.cols).fill(1.1);
  for (const criterion of ["sse-penalty", "silhouette"] as const) {
    const options: ClusterOptions = { ...OPTIONS, criterion, normalize: true, mean };
    const a = intervalOf(flat, options)!;
    const b = intervalOf({ rows: flat.rows, cols, data }, { ...options, mean: reflect(mean) })!;
    assert.ok(a.low < a.high);
    close(a.low, b.low);
    close(a.high, b.high);
  }
});

Deno.test("scoreInterval() takes criteria that count dimensions in all of them", () => {
  // three in-plane dimensions of 60: the literal BIC's penalty grows with the dimensions, so that fewer would change K
  const data = new Float32Array(16 * 60);
  const random = createRandom("plane");
  for (let i = 0; i < 16; i++) for (let d = 0; d < 3; d++) data[i * 60 + d] = 2 + random.normal();
  const options: ClusterOptions = { ...OPTIONS, criterion: "pelleg-moore", kMax: "I-1", halfCap: false };
  const wide = intervalOf({ rows: 16, cols: 60, data }, options)!;
  const narrow = Float32Array.from({ length: 48 }, (_, at) => data[Math.floor(at / 3) * 60 + at % 3]);
  assert.notDeepEqual(wide, intervalOf({ rows: 16, cols: 3, data: narrow }, options));
});

Deno.test("scoreInterval() holds the expected score in most repetitions of an experiment", () => {
  // The expectation by drawing 60 times 32 fresh images; the interval from the 32 of each of 20 repetitions. At a level of
  // 90 %, 12 or fewer of 20 would come by chance 4 times in 10,000; small clusters cost some of the level.
  const options = { ...OPTIONS, beta: 6, restarts: 2 };
  const draw = (what: string, i: number) => mixture(32, [0.6, 0.3, 0.1], 2, createRandom(what, i));
  const expected = Array.from({ length: 60 }, (_, i) => clusterAndScore({ embeddings: draw("truth", i), options }).S!)
    .reduce((sum, S) => sum + S / 60, 0);
  const intervals = Array.from({ length: 20 }, (_, i) => intervalOf(draw("experiment", i), options, i)!);
  const holding = intervals.filter(({ low, high }) => low <= expected && expected <= high).length;
  assert.ok(holding >= 13, `${holding} of 20 hold ${expected}`);
  assert.ok(intervals.every(({ low, high }) => low < high && high - low < 0.5), "and says something");
});

Deno.test("scoreInterval() depends on its seed alone", () => {
  const embeddings = mixture(32, [0.6, 0.3, 0.1], 4, createRandom("seed"));
  assert.deepEqual(intervalOf(embeddings), intervalOf(embeddings));
  assert.notDeepEqual(intervalOf(embeddings), intervalOf(embeddings, OPTIONS, 1));
});

Deno.test("scoreInterval() has no interval for fewer than 8 images, and refuses what does not fit", () => {
  assert.equal(intervalOf(onAxes(4, 3)), null);
  assert.notEqual(intervalOf(onAxes(4, 4)), null);
  const embeddings = onAxes(16, 16);
  const score = clusterAndScore({ embeddings, options: OPTIONS });
  assert.throws(
    () => scoreInterval({ embeddings: onAxes(8, 8), options: OPTIONS }, score, [0]),
    /the score is of 32 images, not of 16/,
  );
  assert.throws(() => scoreInterval({ embeddings, options: OPTIONS }, score, [0], 0), RangeError);
  assert.throws(() => scoreInterval({ embeddings, options: OPTIONS }, score, [0], 1.5), RangeError);
  assert.equal(RESAMPLES, 50);
});
