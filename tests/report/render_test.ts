import assert from "node:assert/strict";
import { join } from "node:path";
import { decode } from "fast-png";
import { chart } from "../../lib/report/charts/theme.ts";
import { drawFigures } from "../../lib/report/figures.ts";
import { renderPng, renderSvg } from "../../lib/report/render.ts";
import { madeUpRun } from "./made_up_run.ts";

const SNAPSHOT = join(import.meta.dirname!, "..", "..", "fixtures", "report", "score_by_layer.svg");

function words(text: string): ReturnType<typeof chart> {
  return chart({ text, subtitle: [] }, "nothing", {
    width: 200,
    height: 60,
    data: { values: [{}] },
    mark: { type: "text", x: 100, y: 30, text, fontSize: 12 },
  });
}

/** How many pixels are darker than half grey. */
function dark(png: Uint8Array): number {
  const { data, channels } = decode(png);
  let count = 0;
  for (let i = 0; i < data.length; i += channels) if (data[i] + data[i + 1] + data[i + 2] < 3 * 128) count++;
  return count;
}

Deno.test("renderSvg() draws a figure of a made-up run byte for byte as in the snapshot", async () => {
  const [figure] = drawFigures(madeUpRun(), { only: (name) => name === "6_score_by_layer" });
  const svg = await renderSvg(figure.spec);
  if (Deno.env.has("POLYSEM_UPDATE_SNAPSHOTS")) Deno.writeTextFileSync(SNAPSHOT, svg); // then look at it
  assert.ok(
    svg === Deno.readTextFileSync(SNAPSHOT),
    `the figure differs from ${SNAPSHOT}; if it is meant to, run this test with POLYSEM_UPDATE_SNAPSHOTS=1 and look at it`,
  );
});

Deno.test("renderSvg() gives the same bytes again, whatever was drawn between", async () => {
  const figures = [...drawFigures(madeUpRun())];
  const first = [];
  for (const { spec } of figures) first.push(await renderSvg(spec));
  for (const [i, { spec }] of [...figures.entries()].reverse()) assert.ok(await renderSvg(spec) === first[i]);
});

Deno.test("renderSvg() shows markup as text, in the drawing and in its label", async () => {
  const hostile = `<img src=x onerror="alert(1)">&amp;`;
  const svg = await renderSvg(words(hostile));
  assert.ok(!svg.includes("<img"));
  assert.ok(svg.includes("&lt;img src=x onerror="));
  assert.match(
    svg,
    /^<svg role="img" aria-label="&#60;img src=x onerror=&#34;alert\(1\)&#34;&#62;&#38;amp;\. nothing"/,
  );
});

Deno.test("renderSvg() refuses a chart that vega-lite warns of", async () => {
  const wrong = chart({ text: "x", subtitle: [] }, "x", {
    data: { values: [{ a: 1 }] },
    mark: "point",
    encoding: { x: { field: "a", type: "quantitative" }, nonsense: { field: "a" } },
  });
  await assert.rejects(renderSvg(wrong), /not as meant/);
});

Deno.test("renderSvg() refuses a chart that vega fails at, of which it would give a part", async () => {
  // vega takes this word in a mark for a name of its own; our charts have such text in their data, where it is none
  const panel = { width: 60, height: 60, data: { values: [{}] }, mark: { type: "text", text: "constructor" } };
  const broken = chart({ text: "x", subtitle: [] }, "x", { hconcat: [panel] });
  await assert.rejects(renderSvg(broken), /the chart is not as meant: .*not defined/);
});

Deno.test("renderSvg() gives XML whatever the text: what that cannot hold becomes the sign of a missing character", async () => {
  const svg = await renderSvg(words("a\x01b\ufffe\0\x0bc"));
  assert.match(svg, />a\ufffdb\ufffd\ufffd\ufffdc</);
  await renderPng(svg); // reads it as XML, strictly
});

Deno.test("renderPng() is 300 dots to the inch, in pixels and as the file says", async () => {
  const svg = await renderSvg(words("size"));
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
  const png = decode(await renderPng(svg));
  assert.ok(Math.abs(png.width - (width * 300) / 96) <= 1 && Math.abs(png.height - (height * 300) / 96) <= 1);
  assert.deepEqual(png.resolution, { x: 11811, y: 11811, unit: 1 }); // 300 / 0.0254 pixels a metre
});

Deno.test("renderPng() draws text with the font that comes along", async () => {
  const blank = dark(await renderPng(await renderSvg(words(" "))));
  const text = dark(await renderPng(await renderSvg(words("S = C + D − C D, K ≥ 3, θ"))));
  assert.equal(blank, 0);
  assert.ok(text > 1000, `only ${text} dark pixels`);
});
