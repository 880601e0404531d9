/** Embedders of one's own: a tensor of an .onnx file. Networks are made by hand, and so are the expected numbers. */
import assert from "node:assert/strict";
import { loadEmbedder } from "../../lib/embed/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { OnnxFeatureOptions } from "../../lib/networks/mod.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { attributeOf, floats, ints, value, withModel, writeModel } from "../networks/onnx/write_model.ts";

await useBackend();

/** Two images of 2 x 2 pixels of one colour each channel apart from the first pixel: red 1 to 4, green 0, blue their number. */
const IMAGES: ImageBatch = {
  count: 2,
  height: 2,
  width: 2,
  data: Float32Array.from([.1, 0, .5, .2, 0, .5, .3, 0, .5, .4, 0, .5, .5, 0, 1, .6, 0, 1, .7, 0, 1, .8, 0, 1]),
};

/** A 1 x 1 convolution to (red, red + 2 blue) as a map, as tokens, and as the sum of each channel over a text's length. */
const NETWORK = writeModel({
  node: [
    { opType: "Conv", name: "/body/Conv", input: ["image", "weight"], output: ["map"] },
    { opType: "Reshape", input: ["map", "shape"], output: ["rows"] },
    { opType: "Transpose", input: ["rows"], output: ["tokens"], attribute: [attributeOf("perm", [0, 2, 1])] },
    { opType: "GlobalAveragePool", input: ["map"], output: ["pooled"] },
    { opType: "Flatten", input: ["pooled"], output: ["image_embeds"] },
    { opType: "Mul", input: ["text", "text"], output: ["text_embeds"] },
  ],
  initializer: [floats("weight", [2, 3, 1, 1], [1, 0, 0, 1, 0, 2]), ints("shape", [0, 2, 4])],
  input: [value("text", ["n", 7]), value("image", ["n", 3, 2, 2])],
  output: [value("image_embeds", []), value("text_embeds", []), value("tokens", [])],
});

const MEANS = [.25, 1.25, .65, 2.65]; // red, and red + 2 blue, over four pixels
const FIRST = [.1, 1.1, .5, 2.5]; // of the first pixel

async function embeds(options: OnnxFeatureOptions, images = IMAGES): Promise<readonly number[]> {
  let rows: number[] = [];
  await withModel(NETWORK, async (file) => {
    const before = tf.memory().numTensors;
    const embedder = await loadEmbedder({ kind: "onnx", file, options });
    const { rows: count, cols, data } = await embedder.embed(images);
    assert.deepEqual([count, cols], [2, 2]);
    assert.deepEqual([embedder.name, embedder.dimensions, embedder.mean], ["model", 2, null]);
    embedder.dispose();
    assert.equal(tf.memory().numTensors, before);
    rows = Array.from(data);
  });
  return rows;
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((entry, i) => assert.ok(Math.abs(entry - expected[i]) < 1e-6, `${actual} instead of ${expected}`));
}

Deno.test("an embedder is a tensor of a file: an output, a layer by its name, tokens or a map by their mean", async () => {
  assertClose(await embeds({ tensor: "image_embeds" }), MEANS);
  assertClose(await embeds({ tensor: "pooled" }), MEANS);
  assertClose(await embeds({ tensor: "map" }), MEANS);
  assertClose(await embeds({ tensor: "tokens" }), MEANS);
  assertClose(await embeds({ tensor: "tokens", pool: "class-token" }), FIRST);
});

Deno.test("an embedder takes images as it was told, of any size", async () => {
  // (red - .1) / .5, and (red - .1) / .5 + 2 (blue - .1) / .5
  const expected = MEANS.map((mean, i) => (mean - (i % 2 === 0 ? .1 : .3)) / .5);
  assertClose(await embeds({ tensor: "image_embeds", mean: [.1], std: [.5] }), expected);
  // pixels twice as wide and high have the same means
  const large = Float32Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => {
    const [n, y, x, c] = [Math.floor(i / 48), Math.floor(i / 12) % 4, Math.floor(i / 3) % 4, i % 3];
    return IMAGES.data[((n * 2 + (y >> 1)) * 2 + (x >> 1)) * 3 + c];
  });
  assertClose(await embeds({ tensor: "map" }, { count: 2, height: 4, width: 4, data: large }), MEANS);
});

async function refused(options: OnnxFeatureOptions, why: RegExp, bytes = NETWORK): Promise<void> {
  await withModel(bytes, async (file) => {
    const before = tf.memory().numTensors;
    await assert.rejects(loadEmbedder({ kind: "onnx", file, options }), (error: Error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, why);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("an embedder is refused that has no such tensor, several outputs and no name, a text, or no class token", async () => {
  await refused({}, /3 outputs \(image_embeds, text_embeds, tokens\); name the one .* --embedder-tensor image_embeds/);
  await refused({ tensor: "text_embeds" }, /its input text of shape \[n, 7\] is no batch of images/);
  await refused({ tensor: "map", pool: "class-token" }, /lies on a grid, which has no class token/);
  await refused({ tensor: "weight" }, /2 inputs|no layer and no value weight/);
});

Deno.test("an embedder is refused whose embedding has one number, or numbers that are not finite", async () => {
  const one = writeModel({
    node: [{ opType: "ReduceMean", input: ["image"], output: ["y"], attribute: [attributeOf("axes", [1, 2, 3])] }, {
      opType: "Reshape",
      input: ["y", "shape"],
      output: ["z"],
    }],
    initializer: [ints("shape", [-1, 1])],
    input: [value("image", ["n", 3, 2, 2])],
    output: [value("z", [])],
  }, 13);
  await refused({}, /gives 1 numbers an image; embeddings of 2 to/, one);
  const infinite = writeModel({
    node: [{ opType: "Div", input: ["image", "zero"], output: ["y"] }],
    initializer: [floats("zero", [1], [0])],
    input: [value("image", ["n", 3, 2, 2])],
    output: [value("y", [])],
  });
  await withModel(infinite, async (file) => {
    const embedder = await loadEmbedder({ kind: "onnx", file });
    await assert.rejects(embedder.embed(IMAGES), /numbers that are not finite; check how it takes its images/);
    embedder.dispose();
  });
});

for (const dimensions of [64, 2048]) {
  Deno.test(`an embedding may have ${dimensions} dimensions`, async () => {
    const network = writeModel({
      node: [
        { opType: "Conv", input: ["image", "weight"], output: ["y"] },
        { opType: "Flatten", input: ["y"], output: ["z"] },
      ],
      initializer: [floats("weight", [dimensions, 3, 2, 2], Array.from({ length: dimensions * 12 }, (_, i) => i % 12))],
      input: [value("image", ["n", 3, 2, 2])],
      output: [value("z", [])],
    });
    await withModel(network, async (file) => {
      const embedder = await loadEmbedder({ kind: "onnx", file });
      const { cols, data } = await embedder.embed(IMAGES);
      assert.equal(cols, dimensions);
      // filters hold 0 .. 3 for red, 4 .. 7 for green, 8 .. 11 for blue: .2 + .6 + 1.2 and (8 + 9 + 10 + 11) / 2
      assert.ok(Math.abs(data[0] - 21) < 1e-5 && Math.abs(data[dimensions - 1] - 21) < 1e-5, String(data[0]));
      embedder.dispose();
    });
  });
}
