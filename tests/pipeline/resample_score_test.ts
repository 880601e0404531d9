import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CALIBRATED,
  clusterAndScore,
  type ClusterInput,
  priceInPart,
  RESAMPLES,
  resampleScore,
} from "../../lib/pipeline/mod.ts";
import { createRandom, type Random } from "../../lib/random.ts";
import { kSharesOf, meanKShares } from "../../lib/run_data.ts";
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

function resampled(embeddings: Matrix, options = OPTIONS, seed = 0, resamples = RESAMPLES) {
  const input = { embeddings, options };
  return resampleScore(input, clusterAndScore(input), [seed], resamples);
}

function close(actual: number, expected: number, within = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

Deno.test("resampleScore() is S itself and sure of K where every half of the images tells the same", () => {
  // a half of 16 among 32 images has some of each kind, but once in 300 million: two clusters, and C counts the 32 images
  const two = resampled(onAxes(16, 16))!;
  close(two.interval.low, orthogonal(2, 32));
  close(two.interval.high, orthogonal(2, 32));
  assert.deepEqual(two.kShares, { K1: 0, K2: 1, K3: 0 });
  assert.deepEqual(resampled(onAxes(32)), { interval: { low: 0, high: 0 }, kShares: { K1: 1, K2: 0, K3: 0 } });
});

Deno.test("resampleScore() takes complementary halves: what one image alone shows is in every second one", () => {
  // a split gains at least 2 (1/2) = 1, more than the price
  const three = resampled(onAxes(16, 15, 1))!;
  close(three.interval.low, orthogonal(2, 32));
  close(three.interval.high, orthogonal(3, 32));
  assert.deepEqual(three.kShares, { K1: 0, K2: 0.5, K3: 0.5 });
  const two = resampled(onAxes(31, 1))!;
  assert.equal(two.interval.low, 0);
  close(two.interval.high, orthogonal(2, 32));
  assert.deepEqual(two.kShares, { K1: 0.5, K2: 0.5, K3: 0 });
  // of four halves of seven of fifteen images, one image is left out of each pair
  const { kShares: { K2 } } = resampled(onAxes(14, 1), OPTIONS, 0, 4)!;
  assert.ok([0, 0.25, 0.5].includes(K2), `${K2}`);
});

Deno.test("resampleScore() joins K of three and more", () => {
  // five kinds of eight images: no half of 20 lacks one but with chance 5 C(32, 20) / C(40, 20) = .008
  const { kShares, interval } = resampled(onAxes(8, 8, 8, 8, 8))!;
  assert.deepEqual(kShares, { K1: 0, K2: 0, K3: 1 });
  close(interval.low, orthogonal(5, 40));
});

/*
 * n images that are clusters of their own beside 32 - n alike. The number of them in a half of 16 is hypergeometric:
 * none of 4 with chance C(28, 16) / C(32, 16) = .051, of 5 with .022; one of 6 with chance 6 C(26, 15) / C(32, 16) = .077, of 7
 * with .038. None of 4 among 41, in halves of 20: C(37, 20) / C(41, 20) = .059.
 */
const MANY = 2000;

function endsOf(embeddings: Matrix, K: number) {
  const input = { embeddings, options: OPTIONS };
  const score = clusterAndScore(input);
  assert.equal(score.K, K);
  return resampleScore(input, score, [3], MANY)!.interval;
}

Deno.test("resampleScore() begins at the 5th percentile", () => {
  // all centres are orthogonal and of norm 1: the fewer clusters, the lower S
  assert.equal(endsOf(onAxes(37, 1, 1, 1, 1), 5).low, 0); // .059 of the halves have one cluster, more than 5 %
  close(endsOf(onAxes(27, 1, 1, 1, 1, 1), 6).low, orthogonal(2, 32)); // .022 have one, .17 one or two
});

Deno.test("resampleScore() ends at the 95th percentile", () => {
  // The lone images are a quarter turn from the others, and close to one another: cos = 1 / (1 + .02^2), all of norm 100. With
  // one of them D = 1/2; with more the pairs among them pull D down: (2 (1/2) + t) / 3 with two.
  const e = 0.02;
  const length = 100 / Math.hypot(1, e);
  const t = Math.acos(1 / (1 + e * e)) / Math.PI;
  const images = (n: number): Matrix => {
    const lone = Array.from(
      { length: n },
      (_, k) => [0, length, ...Array.from({ length: n }, (_, axis) => axis === k ? e * length : 0)],
    );
    const alike = Array.from({ length: 32 - n }, () => [100, ...new Array(n + 1).fill(0)]);
    return { rows: 32, cols: n + 2, data: Float64Array.from([...alike, ...lone].flat()) };
  };
  const S = (K: number, D: number) => (K - 1) / 31 + D - D * (K - 1) / 31;
  close(endsOf(images(6), 7).high, S(2, 1 / 2)); // .077 of the halves have one of them
  close(endsOf(images(7), 8).high, S(3, (1 + t) / 3)); // .038 have one, .19 one or two
});

Deno.test("priceInPart() is the price for as many images, and a share of it for what grows with them", () => {
  const score = { I: 32, K: 2, candidates: [{ k: 1, criterion: 0, inertia: 99 }, { k: 2, criterion: 0, inertia: 60 }] };
  assert.equal(priceInPart(7, score, 32), 7);
  assert.equal(priceInPart(7, score, 16), 4.5); // 7 / 2 + (1 - 1/2) 60 / (32 - 2)
  assert.equal(priceInPart(7, score, 8), 3.25); // 7 / 4 + 3/4 (2)
  assert.equal(priceInPart(2, score, 8), 2); // a price of s2 alone stays
});

Deno.test("resampleScore() holds S in its interval, whatever the embeddings", () => {
  const number = fc.integer({ min: -3, max: 3 }); // few values: many images are alike
  const unit = fc.integer({ min: 1, max: 4 }).chain((cols) =>
    fc.record({
      rows: fc.array(fc.array(number, { minLength: cols, maxLength: cols }), { minLength: 8, maxLength: 20 }),
      criterion: fc.constantFrom("sse-penalty" as const, "silhouette" as const, "pelleg-moore" as const),
      beta: fc.constantFrom(0, 0.5, 3, 20),
      minClusterSize: fc.constantFrom(1, 2, 3),
      normalize: fc.boolean(),
      seed: fc.integer({ min: 0, max: 100 }),
    })
  );
  fc.assert(
    fc.property(unit, ({ rows, seed, ...changes }) => {
      const data = Float64Array.from(rows.flat(), (value, i) => value + (i % rows[0].length === 0 ? 10 : 0)); // no mean is 0
      const input = {
        embeddings: { rows: rows.length, cols: rows[0].length, data },
        options: { ...OPTIONS, ...changes },
      };
      const score = clusterAndScore(input);
      const { interval: { low, high }, kShares: { K1, K2, K3 } } = resampleScore(input, score, [seed], 10)!;
      assert.ok(0 <= low && low <= score.S! && score.S! <= high && high <= 1, `${low} ${score.S} ${high}`);
      close(K1 + K2 + K3, 1);
      for (const share of [K1, K2, K3]) close(10 * share, Math.round(10 * share));
    }),
    { numRuns: 100, seed: 1 },
  );
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

Deno.test("resampleScore() does not depend on the axes: embeddings in their own span give the same", () => {
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
    const a = resampled(flat, options)!;
    const b = resampled({ rows: flat.rows, cols, data }, { ...options, mean: reflect(mean) })!;
    assert.ok(a.interval.low < a.interval.high);
    close(a.interval.low, b.interval.low);
    close(a.interval.high, b.interval.high);
    assert.deepEqual(a.kShares, b.kShares);
  }
});

Deno.test("resampleScore() takes criteria that count dimensions in all of them", () => {
  // three in-plane dimensions of 60: the literal BIC's penalty grows with the dimensions, so that fewer would change K
  const data = new Float32Array(16 * 60);
  const random = createRandom("plane");
  for (let i = 0; i < 16; i++) for (let d = 0; d < 3; d++) data[i * 60 + d] = 2 + random.normal();
  const options: ClusterOptions = { ...OPTIONS, criterion: "pelleg-moore", kMax: "I-1", halfCap: false };
  const wide = resampled({ rows: 16, cols: 60, data }, options)!;
  const narrow = Float32Array.from({ length: 48 }, (_, at) => data[Math.floor(at / 3) * 60 + at % 3]);
  assert.notDeepEqual(wide, resampled({ rows: 16, cols: 3, data: narrow }, options));
});

Deno.test("resampleScore() holds the expected score in most repetitions of an experiment", () => {
  // The expectation by drawing 60 times 32 fresh images; the interval from the 32 of each of 20 repetitions. At a level of
  // 90 %, 12 or fewer of 20 would come by chance 4 times in 10,000; small clusters cost some of the level.
  const options = { ...OPTIONS, beta: 6, restarts: 2 };
  const draw = (what: string, i: number) => mixture(32, [0.6, 0.3, 0.1], 2, createRandom(what, i));
  const expected = Array.from({ length: 60 }, (_, i) => clusterAndScore({ embeddings: draw("truth", i), options }).S!)
    .reduce((sum, S) => sum + S / 60, 0);
  const intervals = Array.from({ length: 20 }, (_, i) => resampled(draw("experiment", i), options, i)!.interval);
  const holding = intervals.filter(({ low, high }) => low <= expected && expected <= high).length;
  assert.ok(holding >= 13, `${holding} of 20 hold ${expected}`);
  assert.ok(intervals.every(({ low, high }) => low < high && high - low < 0.5), "and says something");
});

Deno.test("resampleScore() finds as many clusters in halves as there are in fresh images", () => {
  // Images are 4 from their centre, 4^2 for s2; centres differ by 2 (4^2) = 32. Of two images among 32 a cluster gains about
  // 2 (30) / 32 (32) + 16 = 76, more than its price of 55; in a half one of them is left, or none.
  const options: ClusterOptions = { ...OPTIONS, beta: 55, minClusterSize: 2, restarts: 3 };
  for (const weights of [[1], [0.93, 0.07], [0.85, 0.15]]) {
    const sets = Array.from({ length: 24 }, (_, i) => mixture(32, weights, 4, createRandom("sets", ...weights, i)));
    const scores = sets.map((embeddings) => clusterAndScore({ embeddings, options }));
    const halves = sets.map((embeddings, i) => resampleScore({ embeddings, options }, scores[i], [i], 20)!.kShares);
    const [found, expected] = [meanKShares(halves)!, kSharesOf(scores.map(({ K }) => K))!];
    for (const K of ["K1", "K2", "K3"] as const) close(found[K], expected[K], 0.1);
  }
});

Deno.test("resampleScore() depends on its seed alone", () => {
  const embeddings = mixture(32, [0.6, 0.3, 0.1], 4, createRandom("seed"));
  assert.deepEqual(resampled(embeddings), resampled(embeddings));
  assert.notDeepEqual(resampled(embeddings), resampled(embeddings, OPTIONS, 1));
});

Deno.test("resampleScore() says nothing of fewer than 8 images, and refuses what does not fit", () => {
  assert.equal(resampled(onAxes(4, 3)), null);
  assert.notEqual(resampled(onAxes(4, 4)), null);
  const embeddings = onAxes(16, 16);
  const score = clusterAndScore({ embeddings, options: OPTIONS });
  assert.throws(
    () => resampleScore({ embeddings: onAxes(8, 8), options: OPTIONS }, score, [0]),
    /the score is of 32 images, not of 16/,
  );
  assert.throws(() => resampleScore({ embeddings, options: OPTIONS }, score, [0], 0), RangeError);
  assert.throws(() => resampleScore({ embeddings, options: OPTIONS }, score, [0], 1.5), RangeError);
  assert.equal(RESAMPLES, 50);
});
