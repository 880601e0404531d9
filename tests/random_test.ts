import assert from "node:assert/strict";
import { createRandom, deriveSeed, permutation, type Random } from "../lib/random.ts";

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Asserts that a mean of `count` draws lies within five of its standard errors of what is expected. */
function assertMean(actual: number, expected: number, deviation: number, count: number): void {
  assert.ok(Math.abs(actual - expected) < 5 * deviation / Math.sqrt(count), `${actual} is not ${expected}`);
}

const MASK = 0xffffffffn;

/** FNV-1a of 32 bits in whole numbers of any size, after Fowler, Noll and Vo. */
function fnv1a(text: string): bigint {
  let hash = 2166136261n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 16777619n) & MASK;
  return hash;
}

/** The last step of MurmurHash3 of 32 bits, after Appleby. */
function avalanche(hash: bigint): bigint {
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & MASK;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & MASK;
  return hash ^ (hash >> 16n);
}

Deno.test("deriveSeed() is FNV-1a over the list's JSON text, finished as MurmurHash3 is", () => {
  // published: FNV-1a of these texts, and MurmurHash3 of no text with seeds 1 and 2^32 - 1
  assert.deepEqual(["", "a", "foobar"].map(fnv1a), [0x811c9dc5n, 0xe40c292cn, 0xbf9cf968n]);
  assert.deepEqual([0n, 1n, MASK].map(avalanche), [0n, 0x514e28b7n, 0x81f16f39n]);
  for (const parts of [[], [0], ["start", "conv2", 3, 17], [-1, 2.5, 'a"b']] as const) {
    const expected = Number(BigInt.asIntN(32, avalanche(fnv1a(JSON.stringify(parts)))));
    assert.equal(deriveSeed(...parts), expected);
  }
});

Deno.test("deriveSeed() tells lists apart that read the same when run together", () => {
  const lists = [["ab", "c"], ["a", "bc"], ["a", "b", "c"], ["abc"], [1, 2], [12], ["1", 2], [1, "2"], ["1,2"], []];
  assert.equal(new Set(lists.map((parts) => deriveSeed(...parts))).size, lists.length);
});

Deno.test("createRandom() depends on its parts alone", () => {
  const draw = (random: Random) => [random.uniform(), random.integer(0, 1e6), random.normal(), random.uniform()];
  const [first, second] = [createRandom(1, "a"), createRandom(1, "a")];
  assert.deepEqual(draw(first), draw(second));
  assert.notDeepEqual(draw(createRandom(1, "a")), draw(createRandom(1, "b")));
  assert.notDeepEqual(draw(createRandom(1, "a")), draw(createRandom(2, "a")));
});

Deno.test("uniform() is uniform in [0, 1), along a stream and over the first numbers of neighbouring ones", () => {
  const count = 20_000;
  const random = createRandom(0, "uniform");
  const along = Array.from({ length: count }, () => random.uniform());
  const firsts = Array.from({ length: count }, (_, i) => createRandom(i, "uniform").uniform());
  for (const values of [along, firsts]) {
    assert.ok(values.every((value) => value >= 0 && value < 1));
    // x has mean 1/2 and variance 1/12; (x - 1/2)^2 has mean 1/12 and variance 1/80 - 1/144
    assertMean(meanOf(values), 1 / 2, Math.sqrt(1 / 12), count);
    assertMean(meanOf(values.map((x) => (x - 1 / 2) ** 2)), 1 / 12, Math.sqrt(1 / 80 - 1 / 144), count);
    // neighbours know nothing of each other: the product of two deviations has mean 0 and variance 1 / 144
    assertMean(meanOf(values.slice(1).map((x, i) => (x - 1 / 2) * (values[i] - 1 / 2))), 0, 1 / 12, count);
  }
});

Deno.test("integer() takes each number from low to high equally often, both included", () => {
  const random = createRandom(0, "integer");
  const counts = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) {
    const value = random.integer(-2, 2);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort((a, b) => a - b), [-2, -1, 0, 1, 2]);
  for (const count of counts.values()) assertMean(count / 10_000, 1 / 5, Math.sqrt(1 / 5 * 4 / 5), 10_000);
  assert.equal(random.integer(7, 7), 7);
});

Deno.test("normal() is standard normal", () => {
  const count = 50_000;
  const random = createRandom(0, "normal");
  const values = Array.from({ length: count }, () => random.normal());
  // x^n has mean 0, 1, 0, 3 and mean square 1, 3, 15, 105 for n = 1, 2, 3, 4
  assertMean(meanOf(values), 0, 1, count);
  assertMean(meanOf(values.map((x) => x ** 2)), 1, Math.sqrt(3 - 1), count);
  assertMean(meanOf(values.map((x) => x ** 3)), 0, Math.sqrt(15), count);
  assertMean(meanOf(values.map((x) => x ** 4)), 3, Math.sqrt(105 - 9), count);
  // tabulated: 2.5 % lie above 1.95996, and as many below its negative
  for (const sign of [1, -1]) {
    const share = values.filter((x) => sign * x > 1.95996).length / count;
    assertMean(share, 0.025, Math.sqrt(0.025 * 0.975), count);
  }
  assertMean(meanOf(values.slice(1).map((x, i) => x * values[i])), 0, 1, count);
});

Deno.test("normal() is Box and Muller's transform of the next two uniform numbers", () => {
  const [normal, uniform] = [createRandom(3, "pair"), createRandom(3, "pair")];
  for (let i = 0; i < 20; i++) {
    const [u, v] = [uniform.uniform(), uniform.uniform()];
    assert.equal(normal.normal(), Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v));
  }
});

Deno.test("permutation() gives each order equally often", () => {
  const random = createRandom(0, "permutation");
  const counts = new Map<string, number>();
  const draws = 12_000;
  for (let i = 0; i < draws; i++) {
    const order = permutation(3, random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), ["012", "021", "102", "120", "201", "210"]);
  for (const count of counts.values()) assertMean(count / draws, 1 / 6, Math.sqrt(1 / 6 * 5 / 6), draws);
});

Deno.test("permutation() has each number once, and none of none", () => {
  const random = createRandom(1, "permutation");
  assert.deepEqual([...permutation(100, random)].sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  assert.deepEqual([...permutation(1, random)], [0]);
  assert.deepEqual([...permutation(0, random)], []);
});
