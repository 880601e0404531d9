import assert from "node:assert/strict";
import { plantedSettings, trainedSettings } from "../../lib/report/charts/mod.ts";
import { renderSvg } from "../../lib/report/mod.ts";

const measured = (value: number | null, key: string) => ({
  [key]: value,
  [`${key}_low`]: value === null ? null : value - 0.1,
  [`${key}_high`]: value === null ? null : value + 0.1,
});

/** A setting of which all measures are known, or those without clusters alone. */
function setting(name: string, clusters: boolean) {
  return {
    name,
    ...measured(0.8, "auroc"),
    ...measured(-0.2, "spearman"),
    ...measured(clusters ? 0.6 : null, "exact_k"),
    ...measured(clusters ? 0.3 : null, "mono_called_poly"),
    ...measured(clusters ? 0.4 : null, "near_duplicate_called_poly"),
    ...measured(clusters ? 0.2 : null, "poly_called_mono"),
  } as unknown as Parameters<typeof plantedSettings>[0][number];
}

Deno.test("trainedSettings() has a panel a measure, with each setting that has the measure", async () => {
  const spec = trainedSettings([setting("own", true), setting("control", false)], { units: 12, networks: 3 });
  const { concat } = spec as unknown as {
    concat: { data: { values: { name: string; value: number; low: number; high: number }[] }; layer: unknown }[];
  };
  assert.deepEqual(concat.map(({ data }) => data.values.map(({ name, value }) => `${name} ${value}`)), [
    ["own 0.8", "control 0.8"],
    ["own -0.2", "control -0.2"],
    ["own 0.6"],
    ["own 0.3"],
    ["own 0.2"],
  ]);
  const svg = await renderSvg(spec);
  assert.match(svg, /Trained units: what the score says and what is true/);
  assert.match(svg, /12 units of 3 networks/);
  assert.doesNotMatch(svg, /NaN/);
});

Deno.test("plantedSettings() has a panel for near-duplicates too; a negative correlation is within the scale", () => {
  const { concat } = plantedSettings([setting("own", true)], 8) as unknown as {
    concat: { layer: { encoding?: { x?: { scale?: { domain: number[] } } } }[] }[];
  };
  assert.equal(concat.length, 6);
  const domains = concat.map(({ layer }) =>
    layer.find(({ encoding }) => encoding?.x?.scale)!.encoding!.x!.scale!.domain
  );
  assert.ok(Math.abs(domains[1][0] + 0.3) < 1e-12 && domains[1][1] === 1);
  assert.deepEqual(domains[0], [0, 1]);
});
