import assert from "node:assert/strict";
import { countedNames } from "../../lib/report/atlas/client/cards.ts";
import { flagInWords } from "../../lib/report/atlas/client/format.ts";
import { jsonForScript } from "../../lib/report/atlas/json_script.ts";
import type { PageIndex, UnitBlock } from "../../lib/report/atlas/page_data.ts";
import { type AtlasOptions, renderAtlas } from "../../lib/report/atlas/render_atlas.tsx";
import { criterionInWords, elbowRule, runFacts } from "../../lib/report/atlas/settings.ts";
import { encodeSheet, sheetLayout } from "../../lib/report/atlas/sheet.ts";
import { timeInWords } from "../../lib/report/atlas/time_in_words.ts";
import { unitBlock, unitEntry } from "../../lib/report/atlas/unit_data.ts";
import type { DatasetImages, RunData } from "../../lib/run_data.ts";
import type { RunManifest } from "../../lib/types.ts";
import { madeUpRun, MANIFEST } from "./atlas_run.ts";

const HOSTILE = `<img src=x onerror="document.title='owned'"> </script><!--`;

function page(run: RunData, options: Partial<AtlasOptions> = {}) {
  return renderAtlas(run, {
    saveImage: () => Promise.reject(new Error("no image of this page is to be saved")),
    ...options,
  });
}

/** The JSON that a page holds under an id, as the browser would read it: up to the first end of a script element. */
function json<T>(html: string, id: string): T {
  const start = html.indexOf(`<script type="application/json" id="${id}">`);
  assert.ok(start >= 0, `the page has no ${id}`);
  const from = html.indexOf(">", start) + 1;
  return JSON.parse(html.slice(from, html.toLowerCase().indexOf("</script", from))) as T;
}

Deno.test("jsonForScript() leaves nothing that could end a script element, and reads back the same", () => {
  const value = { a: HOSTILE, "</script>": ["<!--", "\u2028\u2029", "&lt;"] };
  const text = jsonForScript(value);
  assert.ok(!text.includes("<"));
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("renderAtlas() shows hostile names of runs, layers, models and flags as text", async () => {
  const run = madeUpRun({
    name: HOSTILE,
    layers: { [HOSTILE]: 2, fc1: 2 },
    manifest: { model: HOSTILE, profileName: HOSTILE, engine: HOSTILE },
  });
  const flagged = { ...run, units: run.units.map((unit) => ({ ...unit, flags: [HOSTILE] })) };
  const { html } = await page(flagged, { notices: [HOSTILE] });
  assert.ok(!html.includes("<img"), "an image element from outside is in the page");
  // every script element is ours: the index, the script, and a block per unit
  assert.equal(html.match(/<script/g)!.length, 2 + 4);
  assert.equal(html.match(/<\/script/g)!.length, 2 + 4);
  assert.equal(json<PageIndex>(html, "index").layers[0], HOSTILE);
  assert.match(html, /<h1>&lt;img src=x onerror=/);
});

Deno.test("renderAtlas() lets no script run but its own, and nothing be fetched but images", async () => {
  const { html } = await page(madeUpRun({ images: 4 }));
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'sha256-[\w+/=]+';/);
  assert.ok(!/https?:\/\/(?!www\.w3\.org\/)/.test(html), "the page names another place");
});

Deno.test("renderAtlas() says of an unfinished run how many units of how many it has", async () => {
  const { html } = await page(madeUpRun({ missing: 3 }));
  assert.match(html, /Partial: run made-up has 13 of its 16 units/);
  assert.match(html, />13 of 16</);
  const whole = await page(madeUpRun());
  assert.ok(!whole.html.includes("Partial"));
});

Deno.test("renderAtlas() shows a run of which every unit is dead", async () => {
  const { html } = await page(madeUpRun({ layers: { conv1: 1 } }));
  const block = json<UnitBlock>(html, "unit-0");
  assert.deepEqual([block.assignments, block.curve, block.map], [[], [], []]);
  assert.equal(json<PageIndex>(html, "index").units[0].score, null);
  assert.match(html, /<strong>–<\/strong><span>mean S<\/span>/);
});

Deno.test("renderAtlas() does not count a unit that exploded among the scored, nor call it dead", async () => {
  const dead = (await page(madeUpRun())).html;
  assert.match(dead, />1 dead</);
  const { html } = await page(madeUpRun({ exploding: true }));
  assert.match(html, />1 without a score</);
  assert.ok(!html.includes("all scored") && !html.includes(">1 dead<"));
  // 15 of 16 units have a score: K = 1 of u = 0 and 4, and of 0, 4 and 8; so 10 have two or more clusters
  assert.match(html, />67 % of those scored</);
  const meanOf = (page: string) => /<strong>([^<]*)<\/strong><span>mean S</.exec(page)![1];
  assert.equal(meanOf(html), meanOf(dead)); // neither kind has an S
});

Deno.test("renderAtlas() gives every unit a block, with what was committed of it", async () => {
  const { html, inline } = await page(madeUpRun());
  assert.equal(inline, true);
  const { units } = json<PageIndex>(html, "index");
  assert.equal(units.length, 16);
  assert.deepEqual(units[6 + 2].score, { S: 2 / 7 + 0.05 - 2 / 7 * 0.05, C: 2 / 7, D: 0.05, K: 3, I: 8 });
  const block = json<UnitBlock>(html, `unit-${6 + 2}`);
  assert.deepEqual(block.assignments, [0, 1, 2, 0, 1, 2, 0, 1]);
  assert.equal(block.curve.length, 7);
  assert.equal(block.map.length, 8);
  assert.equal(block.candidates[3].value, null, "minus infinity has no place in JSON");
  assert.deepEqual([block.bestPictured, block.best.length], [true, 9]);
  assert.deepEqual([...atob(block.sheet!.source.slice(0, 4))].map((c) => c.charCodeAt(0)), [0xff, 0xd8, 0xff]);
});

Deno.test("renderAtlas() puts images beside the page where they are more than it may hold", async () => {
  const saved = new Map<string, number>();
  const { html, inline } = await page(madeUpRun({ images: 4 }), {
    inlineLimit: 1000,
    saveImage: (name, bytes) => {
      saved.set(name, bytes.length);
      return Promise.resolve(`beside_files/${name}`);
    },
  });
  assert.equal(inline, false);
  assert.equal(saved.size, 16);
  assert.equal(json<UnitBlock>(html, "unit-3").sheet!.source, "beside_files/unit-3.jpg");
  assert.ok(html.length < 120_000);
});

Deno.test("renderAtlas() lowers the quality of images before it puts them beside the page", async () => {
  const run = madeUpRun();
  const best = await page(run);
  const images = best.html.length - 100_000;
  const lower = await page(run, { inlineLimit: Math.round(images * 0.8) });
  assert.ok(lower.inline && lower.quality < best.quality, `${lower.inline} ${lower.quality} ${best.quality}`);
  assert.ok(lower.html.length < best.html.length);
});

Deno.test("renderAtlas() names the dataset's best images where their pixels are not at hand", async () => {
  const { html } = await page(madeUpRun({ withoutDataset: true, images: 4 }));
  const block = json<UnitBlock>(html, "unit-0");
  assert.equal(block.bestPictured, false);
  assert.equal(block.best.length, 9);
});

Deno.test("renderAtlas() compares two runs unit by unit", async () => {
  const run = madeUpRun({ images: 4 });
  const other = madeUpRun({ name: "second", images: 4, layers: { conv1: 6, fc2: 2 }, moreClusters: 1 });
  const { html } = await page(run, { compare: { run: other, settings: ["seed 0 → 1"] } });
  const index = json<PageIndex>(html, "index");
  assert.deepEqual(index.runs, ["made-up", "second"]);
  assert.deepEqual(index.units[0].other?.K, 2);
  assert.equal(index.units[6].other, null, "fc1:0 is not in the second run");
  assert.deepEqual(index.onlyOther.map(({ id }) => id), ["fc2:0", "fc2:1"]);
  // conv1 has five units with a score; K moves from 1 2 3 4 1 to 2 3 4 1 2
  assert.match(html, /5 units with a score in both, K differs in 5/);
  assert.match(html, /Only in made-up: 10\./);
  assert.match(html, /<li>seed 0 → 1<\/li>/);
  assert.equal(json<UnitBlock>(html, "other-0").activations.length, 4);
  assert.ok(!html.includes('id="other-6"'));
});

Deno.test("renderAtlas() names both runs wherever it compares them, and marks the settings that differ", async () => {
  const run = madeUpRun({ images: 4 });
  const second = (manifest: Partial<RunManifest>, name = "second") => madeUpRun({ name, images: 4, manifest });
  const { html } = await page(run, {
    compare: { run: second({ seed: 7, embedderSha256: "e".repeat(64) }), settings: [] },
  });
  assert.match(html, /<title>made-up and second – /);
  assert.match(html, /<button type="button">S, made-up<.*<button type="button">K, second</);
  assert.match(html, /<dt>seed<\/dt><dd>0<\/dd><dd class="differs">second: 7<\/dd>/);
  assert.match(html, /<dd class="differs">second: resnet18-cifar10, another file<\/dd>/);
  assert.match(html, /<dt>model<\/dt><dd>lenet5-cifar10<\/dd><\/div>/);
  const same = await page(run, { compare: { run: second({}, "made-up"), settings: [] } });
  assert.deepEqual(json<PageIndex>(same.html, "index").runs, ["made-up (first)", "made-up (second)"]);
  assert.ok(!same.html.includes('class="differs"'));
});

Deno.test("renderAtlas() keeps the clip paths of its figures apart", async () => {
  const svg = `<svg><defs><clipPath id="clip0"><rect/></clipPath></defs><g clip-path="url(#clip0)"/></svg>`;
  const { html } = await page(madeUpRun({ images: 4 }), { figures: [{ title: "a", svg }, { title: "b", svg }] });
  const names = [...html.matchAll(/<clipPath id="([^"]+)"/g)].map(([, name]) => name);
  assert.equal(new Set(names).size, 2);
  for (const name of names) assert.ok(html.includes(`clip-path="url(#${name})"`));
});

Deno.test("renderAtlas() changes the tags of a figure alone, not text that looks like them", async () => {
  const text = ` role="graphics-symbol" aria-roledescription="mark" ="url(#clip0)"`;
  const svg = `<svg><g role="graphics-object" aria-roledescription="group"><text>${text}</text></g></svg>`;
  const { html } = await page(madeUpRun({ images: 4 }), { figures: [{ title: "a", svg }] });
  assert.ok(html.includes(`<svg><g><text>${text}</text></g></svg>`));
});

Deno.test("flagInWords() and criterionInWords() take the names that every object has for unknown ones", () => {
  assert.deepEqual(flagInWords("constructor"), { name: "constructor", meaning: "Flag constructor of the run." });
  assert.equal(flagInWords("dead").name, "dead");
  assert.equal(criterionInWords({ ...MANIFEST, profile: { cluster: { criterion: "toString" } } }), "toString");
});

Deno.test("unitEntry() counts the I images of the score alone", () => {
  const [unit] = madeUpRun({ images: 6 }).units;
  const entry = unitEntry({
    ...unit,
    score: { ...unit.score!, I: 4 },
    activations: [1, 2, 3, 6, -9, 99],
    datasetMax: 2,
  });
  assert.equal(entry.mean, 3);
  assert.equal(entry.lowest, 1);
  assert.equal(entry.above, 0.5, "equal to the dataset's best is not above it");
});

Deno.test("unitBlock() maps the I images on their principal plane", () => {
  const run = madeUpRun();
  const unit = run.unit("conv1", 1);
  // four points of a rectangle of 6 x 2: the long side is the first axis, its share 9 / (9 + 1)
  const embeddings = { rows: 5, cols: 2, data: Float32Array.of(-1, 3, 1, 3, -1, -3, 1, -3, 100, 100) };
  const block = unitBlock({ ...unit, embeddings, score: { ...unit.score!, I: 4 } }, null, false);
  assert.deepEqual(block.map.map(([x]) => Math.abs(x)), [3, 3, 3, 3]);
  assert.deepEqual(block.map.map(([, y]) => Math.abs(y)), [1, 1, 1, 1]);
  assert.deepEqual(block.mapShares, [0.9, 0.1]);
});

Deno.test("unitBlock() names the classes of the dataset's best images, where they have any", () => {
  const run = madeUpRun();
  const unit = run.unit("conv1", 1);
  const best = [{ index: 0, activation: 2 }, { index: 2, activation: 1 }];
  const named = (dataset: Partial<DatasetImages>) =>
    unitBlock({ ...unit, datasetBest: best }, null, false, { ...run.dataset!, ...dataset }).best.map((each) =>
      each.class
    );
  assert.deepEqual(named({ labels: [1, 1, 0], classes: ["cat", "dog"] }), ["dog", "cat"]);
  assert.deepEqual(named({ labels: [1, 1, 0], classes: ["0", "1"] }), ["class 1", "class 0"]); // of arrays
  assert.deepEqual(named({ labels: null, classes: [] }), [undefined, undefined]);
  assert.deepEqual(named({}), [undefined, undefined]);
});

Deno.test("countedNames() counts names, the most frequent first", () => {
  assert.equal(countedNames(["ship", "frog", "ship", "cat", "frog", "ship"]), "ship 3, frog 2, cat 1");
  assert.equal(countedNames([]), undefined);
});

Deno.test("timeInWords() says a short time in seconds, a longer one in minutes, then in hours", () => {
  assert.deepEqual([0, 1.26, 12, 99.4, 99.6, 5940, 7200, 360_000].map(timeInWords), [
    "0.0 s",
    "1.3 s",
    "12 s",
    "99 s",
    "2 min",
    "99 min",
    "2.0 h",
    "100.0 h",
  ]);
});

Deno.test("encodeSheet() begins every image on a block of its own", async () => {
  assert.deepEqual(sheetLayout(28, 33), { tile: [28, 33], pitch: [32, 40], columns: 8 });
  const grey = (value: number) => ({ count: 1, height: 5, width: 5, data: new Float32Array(75).fill(value) });
  // the size of a JPEG is in its frame header, marker C0: two bytes of height, two of width
  const bytes = await encodeSheet([grey(0), grey(1), ...Array(7).fill(grey(0.5))], 0.9);
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const size = new DataView(bytes.buffer, bytes.byteOffset + frame + 5);
  assert.deepEqual([size.getUint16(0), size.getUint16(2)], [16, 64]);
});

Deno.test("encodeSheet() refuses no images and images of two sizes", async () => {
  await assert.rejects(() => encodeSheet([], 0.9), RangeError);
  const image = (side: number) => ({ count: 1, height: side, width: side, data: new Float32Array(side * side * 3) });
  await assert.rejects(() => encodeSheet([image(8), image(4)], 0.9), /4 x 4 beside 8 x 8/);
});

Deno.test("settings of an unknown form are left out, not guessed", () => {
  assert.equal(elbowRule({ ...MANIFEST, profile: { elbow: { threshold: 0.1 } } }), null);
  assert.equal(elbowRule({ ...MANIFEST, profile: {} }), null);
  assert.equal(criterionInWords(MANIFEST), "SSE + 1.79 K");
  assert.equal(criterionInWords({ ...MANIFEST, profile: { cluster: { criterion: "new-one" } } }), "new-one");
  assert.equal(criterionInWords({ ...MANIFEST, profile: {} }), "criterion");
  const kernels = (manifest: RunManifest) => runFacts(manifest).find(({ name }) => name === "kernels")?.value;
  assert.equal(
    kernels({ ...MANIFEST, kernels: ["AVX, oneDNN off", "AVX2, oneDNN off"] }),
    "AVX, oneDNN off; AVX2, oneDNN off",
  );
  assert.equal(kernels(MANIFEST), undefined);
  assert.equal(runFacts({ ...MANIFEST, dataset: null }).find(({ name }) => name === "dataset")!.value, "none");
});
