/** What of the page's script needs no browser; the rest is in tests/browser. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { changeNumber, changeRows } from "../../lib/report/atlas/client/comparison.ts";
import { type Filters, fitsFilters, inOrder, isWithin } from "../../lib/report/atlas/client/filters.ts";
import { linkedName, unitLink } from "../../lib/report/atlas/client/links.ts";
import { sharesInWords } from "../../lib/report/atlas/client/format.ts";
import { compareNumbers, difference, magnitude, sureness } from "../../lib/report/atlas/client/numbers.ts";
import type { PageIndex, UnitEntry } from "../../lib/report/atlas/page_data.ts";
import { unitEntry } from "../../lib/report/atlas/unit_data.ts";
import { madeUpRun } from "./atlas_run.ts";

/** Units conv1:0 to conv1:5, the last dead, then fc1:0 to fc1:9. */
const UNITS: readonly UnitEntry[] = madeUpRun().units.map((unit) => unitEntry(unit));
const OPEN = { least: null, most: null };
const ANY: Filters = { words: [], layer: null, K: OPEN, S: OPEN, flag: "any" };
const fitting = (filters: Partial<Filters>) =>
  UNITS.filter((entry) => fitsFilters(entry, { ...ANY, ...filters })).map(({ id }) => id);

Deno.test("unitLink() keeps the address readable, and linkedName() reads every name back", () => {
  assert.equal(unitLink("conv2:3"), "#conv2:3");
  assert.equal(unitLink("/layer1/layer1.0/Conv:12"), "#/layer1/layer1.0/Conv:12");
  assert.equal(unitLink('50% of #2 "x":0'), "#50%25%20of%20%232%20%22x%22:0");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    assert.equal(linkedName(unitLink(name)), name);
    assert.match(unitLink(name), /^#[^\s"<>#]*$/); // what would end an attribute or a link is not in it
  }));
});

Deno.test("linkedName() takes a link that is escaped wrongly as it stands", () => {
  assert.equal(linkedName("#100%:3"), "100%:3");
  assert.equal(linkedName(""), "");
});

Deno.test("isWithin() holds both ends in, and takes no number into the open range alone", () => {
  assert.deepEqual([1, 2, 3, 4].map((value) => isWithin(value, { least: 2, most: 3 })), [false, true, true, false]);
  assert.deepEqual([null, 5].map((value) => isWithin(value, OPEN)), [true, true]);
  assert.deepEqual([isWithin(null, { least: 0, most: null }), isWithin(null, { least: null, most: 1 })], [
    false,
    false,
  ]);
});

Deno.test("fitsFilters() joins all that is asked for", () => {
  assert.equal(fitting({}).length, 16);
  assert.deepEqual(fitting({ layer: "conv1", K: { least: 2, most: null } }), ["conv1:1", "conv1:2", "conv1:3"]);
  assert.deepEqual(fitting({ layer: "conv1", K: { least: 1, most: 1 } }), ["conv1:0", "conv1:4"]);
  assert.deepEqual(fitting({ S: { least: 0.5, most: null } }), ["fc1:7"]); // 3/7 + 7/40 - 3/40; conv1:3 has .4714
  assert.deepEqual(fitting({ flag: "flag:dead" }), ["conv1:5"]);
  assert.deepEqual(fitting({ flag: "none", layer: "conv1" }), ["conv1:0", "conv1:2", "conv1:3", "conv1:4"]);
  assert.deepEqual(fitting({ words: ["fc1", "higher"] }), ["fc1:1", "fc1:6"]);
});

Deno.test("inOrder() sorts both ways with units without the number last, and keeps the order of equals", () => {
  const order = (name: string) => inOrder(UNITS, [0, 1, 2, 3, 4, 5], name);
  assert.deepEqual(order("layer"), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(order("K down"), [3, 2, 1, 0, 4, 5]); // K = 1 2 3 4 1, dead
  assert.deepEqual(order("K up"), [0, 4, 1, 2, 3, 5]);
  // of halves of the images 1, 1/2, 1/4 (K = 3), not known, 1 have the unit's K; dead
  assert.deepEqual(order("sure up"), [2, 1, 0, 4, 3, 5]);
});

Deno.test("inOrder() puts units of the same S in the order of the upper end of its interval", () => {
  const unit = (interval: UnitEntry["interval"]) => ({ ...UNITS[0], interval }); // S = 0
  const units = [unit([0, 0.1]), unit(null), unit([0, 0.3]), unit([0, 0.2]), UNITS[3], UNITS[5]];
  assert.deepEqual(inOrder(units, [0, 1, 2, 3, 4, 5], "S down"), [4, 2, 3, 0, 1, 5]);
  assert.deepEqual(inOrder(units, [0, 1, 2, 3, 4, 5], "S up"), [0, 3, 2, 1, 4, 5]);
});

Deno.test("compareNumbers() and difference() know of no number", () => {
  assert.deepEqual([3, null, 1, null, 2].sort((a, b) => compareNumbers(a, b, true)), [3, 2, 1, null, null]);
  assert.deepEqual([3, null, 1, null, 2].sort((a, b) => compareNumbers(a, b, false)), [1, 2, 3, null, null]);
  const score = (S: number | null, K: number) => ({ S, C: 0, D: 0, K, I: 4 });
  assert.equal(difference(score(0.25, 1), score(0.75, 3), "S"), 0.5);
  assert.equal(difference(score(0.25, 3), score(0.75, 1), "K"), -2);
  assert.equal(difference(score(null, 1), score(0.75, 3), "S"), null);
  assert.equal(difference(undefined, score(0.75, 3), "S"), null);
  assert.deepEqual([magnitude(-2), magnitude(null)], [2, null]);
});

Deno.test("sureness() is the share of halves that agree on K = 1, 2, or 3 and more", () => {
  const unit = (K: number) => ({ score: { S: 0, C: 0, D: 0, K, I: 4 }, kShares: [0.5, 0.375, 0.125] as const });
  assert.deepEqual([1, 2, 3, 7].map((K) => sureness(unit(K))), [0.5, 0.375, 0.125, 0.125]);
  assert.equal(sureness({ ...unit(1), kShares: null }), null);
  assert.equal(sureness({ ...unit(1), score: null }), null);
  assert.equal(sharesInWords([0.12, 0.88, 0]), "K = 1 in 12 %, 2 in 88 %, 3 or more in 0 %");
});

Deno.test("unitEntry() has how sure K is, by fresh images only where they are known", () => {
  const [, unit] = madeUpRun().units;
  const entry = unitEntry(unit);
  assert.deepEqual(entry.kShares, [0.25, 0.5, 0.25]);
  assert.ok(!("fresh" in entry));
  const fresh = unitEntry({ ...unit, freshShares: { sets: 3, K1: 0, K2: 1, K3: 0 } }).fresh;
  assert.deepEqual(fresh, { sets: 3, kShares: [0, 1, 0] });
});

Deno.test("changeRows() says of each unit which run lacks its score", () => {
  const score = UNITS[0].score;
  const units = [
    { ...UNITS[0], other: score },
    { ...UNITS[1], other: null },
    { ...UNITS[5], other: score },
    { ...UNITS[5], id: "conv1:9", other: null },
  ];
  const index = { units, onlyOther: [{ id: "fc2:0", layer: "fc2", score }] } as unknown as PageIndex;
  const rows = changeRows(index);
  assert.deepEqual(rows.map(({ id, note, isLinked }) => [id, note, isLinked]), [
    ["conv1:0", "", true],
    ["conv1:1", "no score in the second", true],
    ["conv1:5", "no score in the first", true],
    ["conv1:9", "no score", true],
    ["fc2:0", "only in the second", false],
  ]);
  const named = changeRows({ ...index, runs: ["seed0", "seed1"] });
  assert.deepEqual(named.map(({ note }) => note), [
    "",
    "no score in seed1",
    "no score in seed0",
    "no score",
    "only in seed1",
  ]);
  // a column is first sorted downwards: for the units to be in their order then, its numbers fall
  assert.deepEqual(rows.slice(1).map(changeNumber("unit")), [-1, -2, -3, -4]);
  assert.deepEqual(rows.map(changeNumber("size")), [0, null, null, null, null]);
});

Deno.test("changeRows() marks units that differ in K, or in S by more than both intervals", () => {
  const score = (S: number, K: number) => ({ ...UNITS[0].score!, S, K });
  const unit = (K: number, interval: UnitEntry["interval"], otherInterval: UnitEntry["interval"]) => ({
    ...UNITS[0],
    score: score(0.1, 2),
    interval,
    other: score(0.3, K),
    otherInterval,
  });
  const units = [
    unit(2, [0, 0.2], [0.25, 0.4]),
    unit(2, [0.25, 0.4], [0, 0.2]),
    unit(2, [0, 0.2], [0.2, 0.4]), // they meet
    unit(2, [0, 0.2], null),
    unit(3, [0, 0.4], [0.1, 0.5]),
  ];
  const rows = changeRows({ units, onlyOther: [], runs: ["a", "b"] } as unknown as PageIndex);
  assert.deepEqual(rows.map(({ differs }) => differs), [true, true, false, false, true]);
  assert.deepEqual(rows.map(({ note }) => note), ["intervals of S apart", "intervals of S apart", "", "", ""]);
});
