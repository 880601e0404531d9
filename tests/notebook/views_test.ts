import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodePng } from "../../lib/images/png.ts";
import {
  DISPLAY,
  matrixPanels,
  scoreCurves,
  showChart,
  showImageRows,
  showImages,
  showProgress,
  showScores,
  showTable,
} from "../../lib/notebook/mod.ts";
import type { ImageBatch } from "../../lib/types.ts";

/** Two grey images of 2 x 2 pixels: black and white. */
const IMAGES: ImageBatch = {
  count: 2,
  height: 2,
  width: 2,
  data: Float32Array.from({ length: 24 }, (_, i) => i < 12 ? 0 : 1),
};

const pngOf = (bundle: Readonly<Record<string, unknown>>) =>
  decodePng(Buffer.from(bundle["image/png"] as string, "base64"), "the view");

Deno.test("values show themselves by the method that Deno's kernel looks for", () => {
  assert.equal(DISPLAY, Symbol.for("Jupyter.display"));
});

Deno.test("showImages() shows a sheet with every pixel as often as the scale says", async () => {
  const sheet = pngOf(await showImages(IMAGES, { columns: 2, padding: 1, scale: 3 })[DISPLAY]());
  assert.deepEqual([sheet.height, sheet.width], [6 + 2, 2 * 6 + 3]);
  assert.equal(sheet.data[(sheet.width + 1) * 3], 0); // the first image's first pixel
  assert.equal(sheet.data[(sheet.width + 8) * 3], 1); // the second one's
});

Deno.test("showImageRows() grows by a line where a row is full, and draws nothing but what was asked for", async () => {
  const row = (count: number) => ({ label: "row", images: IMAGES, indices: new Array<number>(count).fill(0) });
  const height = async (count: number) =>
    pngOf(await showImageRows([row(count)], { title: "t", size: 40, labelWidth: 90 })[DISPLAY]()).height;
  // 600 px of room and 44 an image: 13 to a line
  const [one, full, more] = await Promise.all([1, 13, 14].map(height));
  assert.equal(one, full);
  assert.equal(more - full, 1.5 * 44);
});

Deno.test("showTable() shows text from outside as text, and what there is not as a dash", async () => {
  const bundle = await showTable(["<b>", "n"], [["<img onerror=x>", null], ["1/3", 1 / 3]])[DISPLAY]();
  assert.match(bundle["text/html"] as string, /&lt;img onerror=x/);
  assert.doesNotMatch(bundle["text/html"] as string, /<img|<b>/);
  assert.equal(bundle["text/plain"], "<b>\tn\n<img onerror=x>\t–\n1/3\t0.3333");
});

Deno.test("showScores() shows I, K, C and D beside S", async () => {
  const { "text/plain": text } = await showScores({ own: { I: 5, K: 2, C: 0.25, D: 0.5, S: 0.625 } })[DISPLAY]();
  assert.equal(text, "\timages I\tclusters K\tC\tD\tS\nown\t5\t2\t0.2500\t0.5000\t0.6250");
});

Deno.test("showProgress() updates one display, whose end does not depend on time", async () => {
  const sent: { type: string; text: string; id: unknown }[] = [];
  const broadcast: typeof Deno.jupyter.broadcast = (type, content) => {
    const { data, transient } = content as { data: Record<string, string>; transient: { display_id: unknown } };
    sent.push({ type, text: data["text/plain"], id: transient.display_id });
    return Promise.resolve();
  };
  const progress = await showProgress("images", 4, broadcast);
  await progress.update(2);
  await progress.update(4);
  assert.deepEqual(sent.map(({ type }) => type), ["display_data", "update_display_data", "update_display_data"]);
  assert.equal(new Set(sent.map(({ id }) => id)).size, 1);
  assert.deepEqual(sent.map(({ text }) => text.match(/█/g)?.length ?? 0), [0, 15, 30]);
  assert.equal(sent[2].text, `images ${"█".repeat(30)} 4 of 4`);
});

Deno.test("charts come as vega-lite and as SVG", async () => {
  const title = { text: "a title", subtitle: [] };
  const scores = [1, 2].map((K) => ({ I: 4, K, C: (K - 1) / 3, D: 0, S: (K - 1) / 3 }));
  for (
    const spec of [
      matrixPanels([{ name: "m", values: [[0, 1], [1, 0]], names: ["1", "2"], axis: "cluster" }], title),
      matrixPanels([{ name: "one", values: [[0]], axis: "cluster" }], title),
      scoreCurves([{ name: "s", by: "K", scores, marked: 2, mark: "chosen" }], title),
    ]
  ) {
    const bundle = await showChart(spec)[DISPLAY]();
    assert.match(bundle["image/svg+xml"] as string, /^<svg[^]*a title/);
    const vegalite = bundle["application/vnd.vegalite.v5+json"] as { $schema: string };
    assert.match(vegalite.$schema, /vega-lite\/v5/);
  }
});

Deno.test("a chart too long for a notebook comes as PNG alone", async () => {
  const values = Array.from({ length: 120 }, (_, i) => Array.from({ length: 120 }, (_, j) => Math.abs(i - j)));
  const bundle = await showChart(matrixPanels([{ name: "m", values, axis: "image" }], { text: "t", subtitle: [] }))
    [DISPLAY]();
  assert.deepEqual(Object.keys(bundle).sort(), ["image/png", "text/plain"]);
  assert.ok(pngOf(bundle).width > 300);
});
