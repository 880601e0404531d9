import assert from "node:assert/strict";
import fc from "fast-check";
import type { Matrix } from "../../lib/types.ts";
import { clusterCountTerm, score } from "../../lib/score/mod.ts";
import cases from "../../fixtures/score/by_hand.json" with { type: "json" };
import { assertClose, matrixOf } from "./assertions.ts";

for (const { name, centers, I, theta, b, C, D, S } of cases) {
  Deno.test(`score() of ${name} is what the derivation says`, () => {
    const got = score(matrixOf(centers), I);
    assert.equal(got.I, I);
    assert.equal(got.K, centers.length);
    assertClose(got.D, D);
    if (C === null) assert.equal(got.C, null);
    else assertClose(got.C, C);
    if (S === null) assert.equal(got.S, null);
    else assertClose(got.S, S);
    for (const [i, row] of theta.entries()) for (const [j, value] of row.entries()) assertClose(got.theta[i][j], value);
    for (const [i, row] of b.entries()) for (const [j, value] of row.entries()) assertClose(got.b[i][j], value);
    assert.equal(clusterCountTerm(centers.length, I), got.C);
  });
}

const component = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const centresOf = (value: fc.Arbitrary<number>) =>
  fc.integer({ min: 1, max: 6 }).chain((dimensions) =>
    fc.array(
      fc.array(value, { minLength: dimensions, maxLength: dimensions })
        .filter((centre) => centre.some((x) => Math.abs(x) > 1e-3)),
      { minLength: 1, maxLength: 6 },
    )
  );
const anyCentres = centresOf(component);

Deno.test("score() keeps C, D and S in [0, 1], and S at least as high as either", () => {
  fc.assert(fc.property(anyCentres, fc.nat(40), (centres, more) => {
    const { C, D, S } = score(matrixOf(centres), centres.length + 1 + more);
    assert.ok(C !== null && S !== null);
    for (const part of [C, D, S]) assert.ok(part >= 0 && part <= 1, `${part}`);
    assert.ok(S >= Math.max(C, D) - 1e-15 && S <= Math.min(1, C + D));
  }));
});

Deno.test("score() does not depend on the order of the centres", () => {
  const shuffled = anyCentres.chain((centres) =>
    fc.tuple(
      fc.constant(centres),
      fc.shuffledSubarray(centres, { minLength: centres.length, maxLength: centres.length }),
    )
  );
  fc.assert(fc.property(shuffled, ([centres, other]) => {
    const I = centres.length + 3;
    assertClose(score(matrixOf(other), I).S, score(matrixOf(centres), I).S);
  }));
});

Deno.test("score() does not depend on a common scale, however large or small", () => {
  fc.assert(fc.property(anyCentres, fc.constantFrom(1e-290, 1e-9, 3, 1e12, 1e290), (centres, scale) => {
    const scaled = centres.map((centre) => centre.map((x) => x * scale));
    const I = centres.length + 3;
    assertClose(score(matrixOf(scaled), I).S, score(matrixOf(centres), I).S);
  }));
});

Deno.test("score() gives D of at most 1/2 for centres without negative components", () => {
  fc.assert(fc.property(centresOf(fc.double({ min: 0, max: 1e3, noNaN: true })), (centres) => {
    assert.ok(score(matrixOf(centres), centres.length).D <= 0.5);
  }));
});

Deno.test("score() gives a D that agrees with the arccos formula as printed", () => {
  fc.assert(fc.property(anyCentres.filter((centres) => centres.length > 1), (centres) => {
    let sum = 0;
    let pairs = 0;
    for (const [i, p] of centres.entries()) {
      for (const q of centres.slice(i + 1)) {
        const [m, n] = [Math.hypot(...p), Math.hypot(...q)];
        const cosine = p.reduce((dot, x, d) => dot + (x / m) * (q[d] / n), 0);
        sum += Math.acos(Math.min(1, Math.max(-1, cosine))) / Math.PI * 2 * Math.min(m, n) / (m + n);
        pairs++;
      }
    }
    // Near 0 and pi the arccos is good to half the digits only.
    assertClose(score(matrixOf(centres), centres.length).D, sum / pairs, 1e-7);
  }));
});

Deno.test("score() tells centres apart that the cosine cannot", () => {
  // The cosine of 1e-9 rounds to 1, whose arccos is 0.
  assertClose(score(matrixOf([[1, 0], [1, 1e-9]]), 2).D * Math.PI * 1e9, 1, 1e-9);
});

Deno.test("score() takes 32-bit centres", () => {
  assert.equal(score({ rows: 2, cols: 2, data: Float32Array.of(1, 0, 0, 1) }, 2).D, 0.5);
});

Deno.test("clusterCountTerm() grows with K from 0 at one cluster to 1 at one for each image", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 500 }), (I) => {
    assert.equal(clusterCountTerm(1, I), 0);
    assert.equal(clusterCountTerm(I, I), 1);
    for (let K = 2; K <= I; K++) assert.ok(clusterCountTerm(K, I)! > clusterCountTerm(K - 1, I)!);
  }));
});

Deno.test("clusterCountTerm() falls as I grows for the same K", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 100 }), fc.nat(100), (K, more) => {
    assert.ok(clusterCountTerm(K, K + more)! > clusterCountTerm(K, K + more + 1)!);
  }));
});

const two: Matrix = matrixOf([[1, 0], [0, 1]]);
const rejected: [string, () => unknown, RegExp][] = [
  ["more clusters than images", () => score(two, 1), /K = 2 and I = 1/],
  ["no image", () => score(two, 0), /got 0/],
  ["half an image", () => score(two, 2.5), /got 2\.5/],
  ["NaN images", () => score(two, NaN), /got NaN/],
  ["infinitely many images", () => score(two, Infinity), /got Infinity/],
  ["no centre", () => score({ rows: 0, cols: 2, data: new Float64Array(0) }, 3), /at least one centre, got 0/],
  ["a zero centre", () => score(matrixOf([[1, 0], [0, 0]]), 3), /centre 1 has norm 0/],
  ["a lone zero centre", () => score(matrixOf([[0, 0]]), 3), /centre 0 has norm 0/],
  ["a NaN", () => score(matrixOf([[1, NaN]]), 3), /component 1 of centre 0 is NaN/],
  ["an infinity", () => score(matrixOf([[1, 0], [-Infinity, 0]]), 3), /component 0 of centre 1 is -Infinity/],
  ["a norm beyond the numbers", () => score(matrixOf([[1.7e308, 1.7e308]]), 3), /norm Infinity/],
  [
    "data that do not fill the shape",
    () => score({ rows: 2, cols: 2, data: new Float64Array(3) }, 3),
    /4 numbers, got 3/,
  ],
  ["a lone centre that is NaN", () => score(matrixOf([[NaN, 1]]), 1), /component 0 of centre 0 is NaN/],
  ["zero clusters", () => clusterCountTerm(0, 3), /clusters K must be an integer of at least 1, got 0/],
];
for (const [what, call, message] of rejected) {
  Deno.test(`score() rejects ${what}, naming it`, () => {
    assert.throws(call, (error) => error instanceof RangeError && message.test(error.message));
  });
}
