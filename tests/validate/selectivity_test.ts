import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import { permutationPValue, spearman } from "../../lib/statistics/mod.ts";
import { correlateSelectivity, type ProbedUnit, readCorrelations } from "../../lib/validate/selectivity/mod.ts";

function units(rows: readonly (readonly [string, number | null, number | null])[]): ProbedUnit[] {
  return rows.map(([layer, S, share], unit) => ({
    layer,
    unit,
    S,
    S_paper: 0,
    label_share: share,
    mask_share: 0.5,
    labels: unit % 2,
    shapes: 0,
  }));
}

const random = (...parts: string[]) => createRandom(0, ...parts);

Deno.test("correlateSelectivity() tells what holds over all units from what holds within layers", () => {
  const rows = units([
    ...Array.from({ length: 6 }, (_, i) => ["conv1", 0.1 + 0.01 * i, 0.2 - 0.01 * i] as const),
    ...Array.from({ length: 6 }, (_, i) => ["fc1", 0.5 + 0.01 * i, 0.7 - 0.01 * i] as const),
    ["fc1", null, 0.9],
    ["fc1", 0.5, null],
    ["fc2", 0, 0.4], // alone in its layer
  ]);
  const found = correlateSelectivity(rows, random, { resamples: 200, permutations: 500 });
  const of = (selectivity: string, scope: string) =>
    found.find((each) => each.score === "S" && each.selectivity === selectivity && each.scope === scope)!;
  const within = of("label_share", "within layers");
  assert.deepEqual([within.units, within.rho, within.high], [12, -1, -1]);
  assert.equal(within.p, 1 / 501); // 1 of 720^2 orders is as extreme, and its mirror image
  const all = of("label_share", "all");
  // 13 units: fc2 has S rank 1 and share rank 7, conv1 2 .. 7 and 6 .. 1, fc1 8 .. 13 and 13 .. 8. Squared differences:
  // 36; 16 4 0 4 16 36; 25 9 1 1 9 25: sum 182; 1 - 6 * 182 / (13 * 168) = .5
  assert.deepEqual([all.units, Math.round(all.rho! * 1e12) / 1e12], [13, 0.5]);
  assert.ok(all.p! > 0.02 && all.p! < 0.3); // about .08 by Student's approximation
  assert.deepEqual([of("mask_share", "all").rho, of("mask_share", "all").p], [null, null]); // the same for all
  assert.equal(of("shapes", "within layers").units, 0);
  assert.deepEqual(found, correlateSelectivity(rows, random, { resamples: 200, permutations: 500 }));
});

Deno.test("correlateSelectivity() over all units is Spearman's correlation with its p-value by permutation", () => {
  const noise = createRandom(9, "noise");
  const rows = units(
    Array.from({ length: 15 }, (_, i) => ["a", Math.round(4 * noise.uniform()), noise.uniform() + i / 20]),
  );
  const found = correlateSelectivity(rows, random, { resamples: 1, permutations: 4000 });
  const [all, within] = found; // of S and the label's share; one layer is all
  const [x, y] = [rows.map(({ S }) => S!), rows.map(({ label_share }) => label_share!)];
  assert.ok(Math.abs(all.rho! - spearman(x, y)!) < 1e-12);
  assert.equal(all.rho, within.rho);
  const p = permutationPValue(
    [x.map((_, i) => i)],
    (partners) => spearman(x, partners.map((j) => y[j]))!,
    createRandom(1),
    4000,
  );
  assert.ok(Math.abs(all.p! - p) < 4 * Math.sqrt(2 * p * (1 - p) / 4000), `${all.p} and ${p}`);
});

Deno.test("correlateSelectivity() gives small p-values to chance as often as they say", () => {
  let small = 0;
  for (let repeat = 0; repeat < 200; repeat++) {
    const noise = createRandom(repeat, "noise");
    const rows = units(
      Array.from({ length: 20 }, (_, i) => [i < 8 ? "conv1" : "fc1", noise.uniform(), noise.uniform()]),
    );
    const correlations = correlateSelectivity(rows, (...parts) => createRandom(repeat, ...parts), {
      resamples: 1,
      permutations: 99,
    });
    const within = correlations.find(({ selectivity, scope }) => selectivity === "label_share" && scope !== "all")!;
    if (within.p! <= 0.1) small++;
  }
  assert.ok(small >= 8 && small <= 34, `${small} of 200`); // 20 expected, three standard deviations of 4.2
});

Deno.test("readCorrelations() says what is shown, what is not, and what cannot be", () => {
  const strong = units(
    Array.from({ length: 24 }, (_, i) => [i < 12 ? "a" : "b", 0.01 * (i % 12), 0.02 * (i % 12)] as const),
  );
  const [count, shown] = readCorrelations(strong, correlateSelectivity(strong, random, { resamples: 99 }), "S");
  assert.equal(count, "S is above 0 for 22 of 24 units; all others are tied at 0.");
  assert.match(
    shown,
    /^Within layers, S goes with: label's share of variance \(rho 1\.00 \[1\.00, 1\.00\], p 0\.0005\)/,
  );
  const noise = createRandom(4, "noise");
  const weak = units(Array.from({ length: 24 }, (_, i) => ["a", i < 12 ? 0 : 0.5, noise.uniform()] as const));
  const correlations = correlateSelectivity(weak, random, { resamples: 99, permutations: 99 });
  const none = readCorrelations(weak, correlations, "S")[1];
  assert.match(none, /no association of S with any of 2 selectivities is shown .* not evidence that there is none/);
  const literal = readCorrelations(weak, correlations, "S_paper");
  assert.match(literal[0], /^The literal S is above 0 for 0 of 24 units/);
  assert.match(literal[1], /nothing can be said of the literal S/);
});
