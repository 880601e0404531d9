import assert from "node:assert/strict";
import { scoreByDepth } from "../../lib/report/charts/mod.ts";
import { renderSvg } from "../../lib/report/mod.ts";

interface Panel {
  readonly layer: readonly { readonly data: { readonly values: readonly { x: number; S: number }[] } }[];
}

Deno.test("scoreByDepth() draws what a network that has learned nothing scores beside each layer", async () => {
  const spec = scoreByDepth(
    [{ name: "one", layers: [{ name: "a", S: [0.4, 0.2], nullS: [0.1, 0.3] }, { name: "b", S: [0], nullS: [] }] }],
    { text: "S", subtitle: [] },
  );
  const [panel] = (spec as unknown as { concat: readonly Panel[] }).concat;
  const [units, means, nullUnits, nullMeans] = panel.layer.map(({ data }) => data.values);
  assert.deepEqual(units.map(({ S }) => S), [0.4, 0.2, 0]);
  assert.deepEqual(nullUnits.map(({ S }) => S), [0.1, 0.3]);
  assert.deepEqual(means.map(({ x }) => x), [-0.2, 0.8]);
  assert.deepEqual(nullMeans.map(({ x, S }) => [x, S]), [[0.2, 0.2]]);
  assert.ok(units.every(({ x }) => x <= Math.round(x)) && nullUnits.every(({ x }) => x >= Math.round(x)));
  await renderSvg(spec);
});

Deno.test("scoreByDepth() has a panel for each network, a point for each unit, and the means of layers that have any", async () => {
  const long = Array.from({ length: 12 }, (_, i) => ({ name: `blocks.${i}.mlp.fc1`, S: [0.1 * (i % 2)] }));
  const spec = scoreByDepth([
    { name: "small", layers: [{ name: "conv1", S: [0, 0.4, 0.2] }, { name: "dead", S: [] }, { name: "fc", S: [0.5] }] },
    { name: "deep", layers: long },
  ], { text: "S by depth", subtitle: ["two networks"] });
  const panels = (spec as unknown as { concat: readonly Panel[] }).concat;
  const [units, means] = panels[0].layer.map(({ data }) => data.values);
  assert.deepEqual(units.map(({ S }) => S), [0, 0.4, 0.2, 0.5]);
  assert.deepEqual(means.map(({ x }) => x), [0, 2]);
  assert.ok(Math.abs(means[0].S - 0.2) < 1e-12 && means[1].S === 0.5); // (0 + .4 + .2) / 3
  const svg = await renderSvg(spec); // refuses what vega-lite warns of
  for (const text of ["small", "deep", "conv1", "dead", "mlp.fc1", "two networks"]) assert.ok(svg.includes(text), text);
});
