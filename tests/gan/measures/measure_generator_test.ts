import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { loadGenerator } from "../../../lib/gan/network/generator.ts";
import { cardSection, SUMMARY_HEAD, summaryRows } from "../../../lib/gan/measures/card_section.ts";
import { type GeneratorMeasures, measureGenerator } from "../../../lib/gan/measures/measure_generator.ts";
import type { MaskCorrelation } from "../../../lib/gan/measures/mask_fidelity.ts";
import { openDataset, readPixels } from "../../../lib/data/mod.ts";
import { MODELS_DIRECTORY } from "../../../lib/weights/registry.ts";
import { ignoringAll, maskAsBrightness } from "./toy_generators.ts";

await useBackend();
const data = await openDataset({ kind: "cifar10" });

/** Two toys measured on the same conditions, once for all tests: a quarter of a minute each. */
const COUNT = 150;
const toys = new Map<string, GeneratorMeasures>();
async function measured(name: "ignoring all" | "mask as brightness"): Promise<GeneratorMeasures> {
  if (!toys.has(name)) {
    const generator = name === "ignoring all" ? ignoringAll(await readPixels(data.test)) : maskAsBrightness();
    toys.set(name, await measureGenerator(generator, data, { count: COUNT, seed: 3 }));
  }
  return toys.get(name)!;
}

function allMasks({ masks }: GeneratorMeasures["generated"]): MaskCorrelation[] {
  return Object.values(masks).flatMap(({ foreground, edges }) => [foreground, edges]);
}

/** Every number of a document, by its path. */
function numbersOf(value: unknown, path = ""): [string, unknown][] {
  if (value === null || typeof value !== "object") return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => numbersOf(part, `${path}.${key}`));
}

Deno.test("measureGenerator() finds a generator that ignores label and mask no better than chance", async () => {
  const { generated } = await measured("ignoring all");
  const { label, masks, movedMask } = generated;
  assert.equal(label.count, COUNT);
  assert.ok(label.share.value < 0.2, `${label.share.value}`); // .1, four deviations of sqrt(.09 / 150)
  assert.ok(label.share.low < label.shuffled.high);
  assert.equal(masks.shape.count, COUNT);
  for (const { difference } of allMasks(generated)) assert.ok(Math.abs(difference.value) < 0.06, `${difference.value}`);
  assert.deepEqual([movedMask.change, movedMask.foreground, movedMask.edges], [null, null, null]);
});

Deno.test("measureGenerator() finds the masks of a generator that paints them, and that they are no pictures", async () => {
  const { generated, composites, test, frechet } = await measured("mask as brightness");
  // a mask as an image of its own: its edges are the image's
  assert.ok(generated.masks.silhouette.edges.own.value > 0.99, `${generated.masks.silhouette.edges.own.value}`);
  for (const { own, difference } of allMasks(generated)) {
    assert.ok(own.value > 0.6, `${own.value}`);
    assert.ok(difference.low > 0.1, `${difference.low}`);
  }
  assert.ok(generated.movedMask.edges!.found.low > 0.95);
  assert.ok(generated.label.share.high < test.label.share.low);
  assert.ok(generated.label.share.value < 0.25);
  assert.ok(generated.frechet > 3 * composites.frechet);
  assert.ok(generated.frechet > 3 * frechet.training);
});

Deno.test("measureGenerator() finds real composites to show their label and to follow their mask", async () => {
  const { composites, test, frechet } = await measured("ignoring all");
  assert.ok(composites.label.share.low > composites.label.shuffled.high);
  assert.ok(composites.label.share.value > 0.7, `${composites.label.share.value}`);
  for (const { difference } of allMasks(composites)) assert.ok(difference.low > 0, `${difference.low}`);
  const { change, foreground, edges } = composites.movedMask;
  for (const motion of [change, foreground, edges]) assert.ok(motion!.difference.low > 0);
  assert.ok(change!.found.value > 0.9);
  assert.ok(composites.frechet < frechet.noise);
  assert.ok(composites.diversity.mean > 0.5 * test.diversity.mean);
});

Deno.test("measureGenerator() has beside its measures what they are for real images, worse ones and noise", async () => {
  const { test, frechet, nearest, generated } = await measured("ignoring all");
  assert.ok(test.label.share.value > 0.85); // the judge's card: over 90 % of all test images
  assert.ok(Math.abs(test.label.shuffled.value - 0.1) < 0.07);
  assert.equal(frechet.reference, 2 * COUNT);
  assert.ok(frechet.training < frechet.blurred);
  assert.ok(frechet.blurred < frechet.noise);
  assert.ok(frechet.training < frechet.permuted);
  assert.deepEqual([nearest.trainingImages, nearest.queries], [10 * COUNT, COUNT]);
  assert.ok(nearest.test > 0);
  // what ignores all replays test images: like them in every way
  assert.ok(Math.abs(nearest.generated / nearest.test - 1) < 0.3, `${nearest.generated} beside ${nearest.test}`);
  assert.ok(generated.frechet < frechet.blurred);
  assert.equal(generated.diversity.perLabel, 15);
});

Deno.test("measureGenerator() gives one document of finite numbers, the same again, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  let last = 0;
  const options = {
    count: 50,
    seed: 1,
    onProgress: (done: number, total: number) => {
      assert.ok(done > last && done <= total, `${done} of ${total} after ${last}`);
      last = done === total ? 0 : done;
    },
  };
  const first = await measureGenerator(maskAsBrightness(), data, options);
  assert.equal(last, 0); // all that was announced was done
  assert.equal(tf.memory().numTensors, before);
  for (const [path, value] of numbersOf(first)) {
    assert.ok(typeof value === "string" || Number.isFinite(value), `${path} is ${value}`);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(first)), first);
  assert.deepEqual(await measureGenerator(maskAsBrightness(), data, options), first);
});

Deno.test("measureGenerator() refuses a count that is too small, too large or no integer", async () => {
  for (const count of [0, 49, 50.5, 50_001, NaN]) {
    await assert.rejects(measureGenerator(maskAsBrightness(), data, { count }), /count must be an integer from 50 to/);
  }
});

Deno.test("cardSection() tells every measure beside its null and real images", async () => {
  const measures = await measured("ignoring all");
  const rows = summaryRows(measures);
  assert.equal(rows.length, 11);
  assert.ok(rows.every((row) => row.length === SUMMARY_HEAD.length));
  const row = (pattern: RegExp) => rows.find(([name]) => pattern.test(name))!;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const { label } = measures.generated;
  assert.match(row(/^label/)[1], new RegExp(`^${share(label.share.value)} \\[\\d+\\.\\d, \\d+\\.\\d\\]$`));
  assert.equal(row(/^label/)[3], share(measures.composites.label.share.value));
  assert.deepEqual(row(/^moved disk: edges/).slice(1, 3), ["-", "-"]); // nothing moved
  assert.equal(row(/^Frechet/)[1], measures.generated.frechet.toFixed(2));
  assert.match(row(/^Frechet/)[2], /^[\d.]+ noise, [\d.]+ pixels permuted$/);
  const section = cardSection(measures);
  assert.match(section, /^## Measures\n\nMade by `deno task polysem validate gan --count 150 --seed 3`/);
  assert.match(section, /not the Inception FID/);
  assert.match(section, /\n\| automobile \| [\d.]+ % \| \w+ [\d.]+ % \| [\d.]+ % \| [\d.]+ % \|\n/);
  assert.ok(rows.flat().every((cell) => !/NaN|null|undefined|Infinity/.test(cell)));
  for (const line of section.split("\n")) if (line.startsWith("|")) assert.equal(line.split("|").length, 7, line);
});

const WEIGHTS = join(MODELS_DIRECTORY, "gan-cifar10", "weights.safetensors");
const committed = await Deno.stat(WEIGHTS).then(() => true, () => false);

Deno.test({
  name: "the committed generator shows its labels, follows its masks and is no noise" +
    (committed ? "" : ` (missing: ${WEIGHTS}; make it by \`deno task train gan-cifar10\`)`),
  ignore: !committed,
  fn: async () => {
    const generator = await loadGenerator();
    try {
      const { generated, test, frechet } = await measureGenerator(generator, data, { count: 500 });
      assert.ok(generated.label.share.low > generated.label.shuffled.high);
      for (const { difference } of allMasks(generated)) assert.ok(difference.low > 0, `${difference.low}`);
      const { change, foreground, edges } = generated.movedMask;
      for (const motion of [change, foreground, edges]) assert.ok(motion!.difference.low > 0);
      assert.ok(generated.frechet < frechet.noise);
      assert.ok(generated.diversity.mean > 0.5 * test.diversity.mean);
    } finally {
      generator.dispose();
    }
  },
});
