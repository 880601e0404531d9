import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { checkNetwork, describeModel, loadNetwork, modelTools, type Network } from "../../lib/networks/mod.ts";
import { inFolder } from "../in_folder.ts";

await useBackend();

/** A model of one layer, whose units are the colours by a factor; `changes` are written over the fields of its network. */
const model = (changes = "", factor = 2) => `
export default ({ tf }) => ({
  name: "doubled",
  input: { height: 6, width: 5 },
  layers: [{ name: "colours", positions: "grid", units: 3 }],
  activations: (images, layers) => layers.map(() => tf.mul(images, ${factor})),
  dispose: () => {},
  ${changes}
});`;

async function written(folder: string, text: string, name = "mine.ts"): Promise<string> {
  const file = join(folder, name);
  await Deno.writeTextFile(file, text);
  return file;
}

const load = (file: string) => loadNetwork({ kind: "typescript", file });

/** The one line that a file is refused with. */
async function refusal(file: string): Promise<string> {
  let line = "";
  await assert.rejects(load(file), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(stripVTControlCharacters(error.message).split("\n")[0], error.message);
    line = error.message;
    return true;
  });
  return line;
}

Deno.test("a file's default export makes a network, whose hash is the file's; .ts, .mts, .js and .mjs are taken", () =>
  inFolder(async (folder) => {
    const before = tf.memory().numTensors;
    for (const name of ["mine.ts", "mine.mts", "mine.js", "mine.mjs"]) {
      const file = await written(folder, model(), name);
      const { network, sha256 } = await load(file);
      assert.equal(sha256, createHash("sha256").update(model()).digest("hex"));
      const { name: called, input, layers } = network;
      assert.deepEqual(await describeModel({ kind: "typescript", file }), { name: called, input, layers });
      assert.deepEqual([called, input], ["doubled", { height: 6, width: 5 }]);
      const pixels = Float32Array.from({ length: 90 }, (_, i) => i / 128);
      const values = dataOf(() => network.activations(tf.tensor4d(pixels, [1, 6, 5, 3]), ["colours"])[0]);
      assert.deepEqual(values, pixels.map((value) => 2 * value));
      network.dispose();
    }
    assert.equal(tf.memory().numTensors, before);
  }));

Deno.test("a file that has changed is imported anew", () =>
  inFolder(async (folder) => {
    const first = await load(await written(folder, model("", 2)));
    const second = await load(await written(folder, model("", 3)));
    assert.notEqual(first.sha256, second.sha256);
    const largest = (network: Network) =>
      dataOf(() => network.activations(tf.ones([1, 6, 5, 3]), ["colours"])[0].max());
    assert.deepEqual([...largest(first.network), ...largest(second.network)], [2, 3]);
  }));

Deno.test("files that the function reads by its tools are in the hash, in whichever order it reads them", () =>
  inFolder(async (folder) => {
    const hash = (content: string) => createHash("sha256").update(content).digest("hex");
    await Deno.writeTextFile(join(folder, "a.txt"), "a");
    await Deno.writeTextFile(join(folder, "b.txt"), "b");
    for (const order of [["a.txt", "b.txt"], ["b.txt", "a.txt", "a.txt"]]) {
      const reads = order.map((name) => `await readFile("${name}");`).join(" ");
      const text = model().replace("({ tf }) => (", `async ({ tf, readFile }) => { ${reads} return (`)
        .replace(/\);$/, "); };");
      const { sha256 } = await load(await written(folder, text));
      assert.equal(sha256, hash([hash(text), ...[hash("a"), hash("b")].sort(), ""].join("\n")));
    }
  }));

Deno.test("a loaded network frees what its activations leave behind, leaves the images alone, and refuses other layers", () =>
  inFolder(async (folder) => {
    const wasteful = `layers: ["a", "b"].map((name) => ({ name, positions: "grid", units: 3 })),
      activations: (images, layers) => {
        tf.mul(images, 3);
        return layers.map((layer) => layer === "a" ? images : tf.mul(images, 2));
      },`;
    const { network } = await load(await written(folder, model(wasteful)));
    const images = tf.ones<tf.Rank.R4>([1, 6, 5, 3]);
    const before = tf.memory().numTensors;
    tf.dispose(network.activations(images, ["b", "a"]));
    assert.equal(tf.memory().numTensors, before);
    assert.equal(images.isDisposed, false);
    assert.throws(() => network.activations(images, ["a", "c"]), { name: "RangeError", message: /has no layer c$/ });
    images.dispose();
  }));

/** Changes of the network, and what is said of them. */
const WRONG: readonly (readonly [changes: string, message: RegExp])[] = [
  ['name: ""', /name is ""; allowed: a text that is not empty/],
  ["input: undefined", /input\.height is undefined; allowed: an integer from 1 to 4096/],
  ["input: { height: 6, width: 0 }", /input\.width is 0; allowed/],
  ["input: { height: 6.5, width: 5 }", /input\.height is 6\.5; allowed/],
  ["layers: []", /layers is \[\]; allowed: a list of at least one layer/],
  ["layers: 3", /layers is 3; allowed/],
  ["layers: [null]", /layers\[0\]\.name is undefined/],
  [
    'layers: [{ name: "a b", positions: "grid", units: 3 }]',
    /layers\[0\]\.name is "a b"; allowed: a text without spaces/,
  ],
  [
    'layers: ["a", "b", "a"].map((name) => ({ name, positions: "grid", units: 3 }))',
    /layers\[2\]\.name is "a"; allowed: names that no other layer has/,
  ],
  ...["0", "2.5", "-1", '"3"', "NaN"].map((units) =>
    [
      `layers: [{ name: "a", positions: "grid", units: ${units} }]`,
      new RegExp(`units of layer a is ${units}; allowed: an integer from 1`),
    ] as const
  ),
  ['layers: [{ name: "a", positions: "map", units: 3 }]', /positions of layer a is "map"; allowed: "none", "grid" or/],
  ["activations: undefined", /activations is undefined; allowed: a function/],
  ["dispose: 1", /dispose is 1; allowed: a function that frees the weights/],
  [
    "activations: () => undefined",
    /activations returned undefined for the layers colours; return a list with a tensor for each/,
  ],
  ["activations: (images) => images", /activations returned a tensor for the layers colours; return a list/],
  ["activations: async (images) => [images]", /activations returned a promise for the layers colours/],
  ["activations: () => []", /activations returned a list of 0 for the layers colours/],
  ["activations: () => [[1]]", /layer colours gives \[1\]; return a tensor of the tf that is given/],
  [
    "activations: (images) => [images.mean([1, 2])]",
    /layer colours of 3 units gives shape \[1, 3\] for N = 1; with positions "grid" it must be \[N, height, width, units\]/,
  ],
  ["activations: (images) => [images.mean(3, true)]", /layer colours of 3 units gives shape \[1, 6, 5, 1\] for N = 1/],
  ["activations: (images) => [images.mean(0, true)]", /gives shape \[1, 6, 5, 3\] for N = 2/],
  [
    'layers: [{ name: "a", positions: "none", units: 3 }], activations: (images) => [images]',
    /with positions "none" it must be \[N, units\]/,
  ],
  [
    'layers: [{ name: "a", positions: "tokens", units: 3 }], activations: (images) => [images]',
    /with positions "tokens" it must be \[N, tokens, units\]/,
  ],
  [
    'activations: (images) => [tf.cast(images, "int32")]',
    /layer colours gives numbers of type int32; they must be float32/,
  ],
  ["activations: (images) => [tf.log(tf.sub(images, 2))]", /layer colours gives NaN for an image .*must be finite/],
  ["activations: (images) => [tf.div(images, 0)]", /layer colours gives (Infinity|NaN) for an image/],
  [
    "activations: (images) => [tf.sub(images, images.mean())]",
    /activations of layer colours for one image are others when a second image comes with it/,
  ],
  [
    `layers: ["a", "b"].map((name) => ({ name, positions: "grid", units: 3 })),
     activations: (images) => [images, tf.neg(images)]`,
    /activations of layer a .* or when layers are asked for in another order/,
  ],
  [
    "activations: (images) => [tf.matMul(images, tf.ones([7, 3]))]",
    /activations of 1 x 6 x 5 x 3 images failed: .*\(line \d+, column \d+\)$/,
  ],
  [
    'activations: () => {\nthrow new Error("one\\ntwo");\n}',
    /^mine\.ts: activations .* failed: one two \(line 9, column 7\)$/,
  ],
];

Deno.test("a network that is none is refused, in one line that says what is wrong with it", () =>
  inFolder(async (folder) => {
    for (const [changes, message] of WRONG) {
      const line = await refusal(await written(folder, model(changes)));
      assert.match(line, message);
      assert.match(line, /^mine\.ts: /);
    }
  }));

Deno.test("a network of which one unit overflows is taken: that unit is flagged when it is scored", () =>
  inFolder(async (folder) => {
    const changes = "activations: (images) => [images.mul([1, 1e38, 1]).mul([1, 1e38, 1])]";
    const { network } = await load(await written(folder, model(changes)));
    network.dispose();
  }));

Deno.test("a file that makes no network is refused, in one line with the place", () =>
  inFolder(async (folder) => {
    const refused = async (text: string, message: RegExp, name?: string) =>
      assert.match(await refusal(await written(folder, text, name)), message);
    await refused(
      "export const network = 1;",
      /^mine\.ts has no function as its default export; write `export default/,
    );
    await refused("export default { name: 1 };", /has no function as its default export/);
    await refused("export default () => {};", /^mine\.ts: undefined is not a network; give an object/);
    await refused("export default () => 7;", /^mine\.ts: 7 is not a network/);
    await refused(
      '\nexport default () => {\n  throw new Error("no luck");\n};',
      /^mine\.ts makes no network: no luck \(line 3, column 9\)$/,
    );
    await refused("export default async () => { await 0; throw 5; };", /^mine\.ts makes no network: 5$/);
    await refused('\nthrow new Error("too early");', /^mine\.ts cannot be loaded: too early \(line 2, column 7\)$/);
    await refused(
      "const a = 1;\nexport default (x: number { };",
      /^mine\.ts cannot be loaded: .* \(line 2, column \d+\)$/,
    );
    await refused("const a = 1;\nexport default (x { };", /^mine\.js cannot be loaded: .*/, "mine.js");
    await refused(
      'import "./none.ts";\n' + model(),
      /^mine\.ts cannot be loaded: Module not found .*none\.ts.* \(line 1, /,
    );
    await refused(
      'import x from "npm:left-pad@1.3.0";',
      /imports npm:left-pad@1\.3\.0, and scoring does without the network/,
    );
    await refused(
      'import {\n  a,\n} from "https://example.com/a.ts";',
      /imports https:\/\/example\.com\/a\.ts, and scoring/,
    );
    await refused('export * from "jsr:@a/b";', /imports jsr:@a\/b, and scoring/);
    await refused(
      "export default ({ readFile }) => readFile('none.txt');",
      /^mine\.ts makes no network: cannot read .*none\.txt: .*; check the path/,
    );
    await refused(
      "export default ({ readWeights }) => readWeights('mine.ts');",
      /^mine\.ts makes no network: .*mine\.ts is not a weight file/,
    );
    assert.match(await refusal(join(folder, "gone.ts")), /^cannot read .*gone\.ts: .*; check the path$/);
    await refused(model(), /^mine\.onnx is not a model in TypeScript; give a file that ends in \.ts/, "mine.onnx");
  }));

Deno.test("an import in a comment or a text is none", () =>
  inFolder(async (folder) => {
    const text = '// import x from "npm:x";\n/*\n * import y from "npm:y";\n */\nconst z = `import "npm:z"`;\n' +
      model();
    (await load(await written(folder, text))).network.dispose();
  }));

Deno.test("checkNetwork() accepts the models that come with polysem, and says of an object what is wrong with it", async () => {
  const { network } = await loadNetwork({ kind: "shipped", name: "lenet5-cifar10" });
  const before = tf.memory().numTensors;
  await checkNetwork(network);
  assert.equal(tf.memory().numTensors, before);
  await assert.rejects(checkNetwork({ ...network, layers: [] }), {
    name: "InputError",
    message: /^lenet5-cifar10: layers is \[\]/,
  });
  network.dispose();
});

Deno.test("modelTools() gives a program what a model's function is given", () =>
  inFolder(async (folder) => {
    const tools = modelTools(folder);
    assert.equal(tools.tf, tf);
    await Deno.writeTextFile(join(folder, "a.txt"), "text");
    assert.equal(new TextDecoder().decode(await tools.readFile("a.txt")), "text");
    assert.equal(new TextDecoder().decode(await tools.readFile(new URL(`file://${folder}/a.txt`))), "text");
    // [out, in] = [[1, 2, 3], [4, 5, 6]] becomes [in, out]
    const dense = tools.toTensor({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    assert.deepEqual(dense.arraySync(), [[1, 4], [2, 5], [3, 6]]);
    dense.dispose();
  }));
