/**
 * Files that are broken, hostile or of what is not supported: each is one clear `InputError`, before any work.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type NodeProtoSchema, TensorProto_DataLocation as Location, TensorProto_DataType as Type } from "onnx-buf";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { InputError } from "../../../lib/errors.ts";
import { createOnnxNetwork, type OnnxInputOptions } from "../../../lib/networks/onnx/mod.ts";
import { readOnnx } from "../../../lib/networks/onnx/reading/read_onnx.ts";
import {
  attributeOf,
  floats,
  type GraphInit,
  ints,
  type TensorInit as Tensor,
  value,
  withModel,
  writeModel,
} from "./write_model.ts";

await useBackend();

type Node = MessageInitShape<typeof NodeProtoSchema>;

const CONV: Node = { opType: "Conv", name: "conv", input: ["image", "weight"], output: ["y"] };
const RELU: Node = { opType: "Relu", name: "relu", input: ["y"], output: ["z"] };
const WEIGHT = floats("weight", [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]);
/** A 1 x 1 convolution of images of 4 x 4 pixels, and a ReLU. */
const GOOD: GraphInit = {
  node: [CONV, RELU],
  initializer: [WEIGHT],
  input: [value("image", ["batch", 3, 4, 4])],
  output: [value("z", [])],
};

interface Parts {
  readonly graph?: GraphInit;
  readonly opset?: number;
  readonly ir?: number;
  readonly functions?: { readonly name: string }[];
}

function modelBytes({ graph = GOOD, opset = 18, ir = 10, functions = [] }: Parts): Uint8Array {
  return writeModel(graph, opset, ir, functions);
}

/** Asserts that a model is refused in one line, and that nothing is left of the attempt. */
function assertRefused(
  bytes: Uint8Array,
  why: RegExp,
  options: OnnxInputOptions = {},
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  return withModel(bytes, async (path, folder) => {
    await prepare(folder);
    const before = tf.memory().numTensors;
    await assert.rejects(createOnnxNetwork(path, options), (error: Error) => {
      assert.ok(error instanceof InputError, `${error.name}: ${error.stack}`);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("\n"), error.message);
      return true;
    });
    assert.equal(tf.memory().numTensors, before);
  });
}

function graphWith(part: GraphInit): Uint8Array {
  return modelBytes({ graph: { ...GOOD, ...part } as GraphInit });
}

/** A graph whose convolution is followed by a node. */
function followedBy(node: Node, initializer: readonly Tensor[] = []): Uint8Array {
  return graphWith({
    node: [CONV, { name: "node", output: ["z"], ...node }],
    initializer: [WEIGHT, ...initializer],
  });
}

Deno.test("createOnnxNetwork() loads the graph that the other tests break", async () => {
  await withModel(modelBytes({}), async (path) => {
    const network = await createOnnxNetwork(path);
    assert.deepEqual(network.layers.map(({ name, units }) => [name, units]), [["Conv", 2]]);
    const images = tf.ones<tf.Rank.R4>([1, 4, 4, 3]);
    const [y] = network.activations(images, ["Conv"]);
    // by hand: 1 + 2 + 3 and 4 + 5 + 6
    assert.deepEqual([...y.dataSync()].slice(0, 2), [6, 15]);
    tf.dispose([images, y]);
    network.dispose();
  });
});

Deno.test("readOnnx() refuses a file cut off anywhere", async () => {
  const whole = await Deno.readFile(join(import.meta.dirname!, "../../../fixtures/onnx/resnet.dynamo.onnx"));
  for (let part = 0; part < 40; part++) {
    const length = Math.floor(whole.length * part / 40);
    await withModel(whole.subarray(0, length), (path) => {
      assert.throws(() => readOnnx(path), InputError, `${length} bytes`);
    });
  }
});

Deno.test("readOnnx() refuses what is no ONNX file", async () => {
  await assertRefused(new TextEncoder().encode("PK\x03\x04 and so on"), /not an intact ONNX file/);
  await assertRefused(new Uint8Array(0), /not an ONNX file, or its graph has no nodes/);
  await assert.rejects(createOnnxNetwork("/nowhere/model.onnx"), /cannot read the network/);
  await assert.rejects(createOnnxNetwork(import.meta.dirname!), /not a file/);
});

Deno.test("readOnnx() counts entries before it makes anything of them", async () => {
  // a graph of 300,000 empty nodes, two bytes each: field 1 of length 0, in field 7 of the model
  const nodes = new Uint8Array(600_000).map((_, i) => i % 2 === 0 ? 0x0a : 0);
  const length = [600_000 & 0x7f | 0x80, 600_000 >> 7 & 0x7f | 0x80, 600_000 >> 14];
  await assertRefused(Uint8Array.from([0x3a, ...length, ...nodes]), /more than 200000 nodes/);
});

Deno.test("readOnnx() refuses graphs nested in graphs a thousand deep", async () => {
  // an attribute (5) of a node (1) holds a graph (6), whose node has an attribute, and so on
  let bytes: number[] = [];
  const varint = (n: number): number[] => n < 128 ? [n] : [n & 0x7f | 0x80, ...varint(n >> 7)];
  const wrap = (field: number, inner: number[]) => [field << 3 | 2, ...varint(inner.length), ...inner];
  for (let depth = 0; depth < 1000; depth++) bytes = wrap(1, wrap(5, wrap(6, bytes)));
  await assertRefused(Uint8Array.from(wrap(7, bytes)), /not an intact ONNX file|not supported|no opset|opset/);
});

Deno.test("readOnnx() refuses versions that it does not know", async () => {
  await assertRefused(modelBytes({ opset: 10 }), /is of opset 10; 11 to 23 are read/);
  await assertRefused(modelBytes({ opset: 24 }), /is of opset 24/);
  await assertRefused(modelBytes({ ir: 14 }), /IR version 14/);
});

Deno.test("readOnnx() refuses functions, control flow and foreign domains by name", async () => {
  await assertRefused(modelBytes({ functions: [{ name: "mine" }] }), /functions of its own \(mine\)/);
  for (const opType of ["If", "Loop", "Scan"]) {
    await assertRefused(followedBy({ opType, input: ["y"] }), new RegExp(`node node is ${opType}, and control flow`));
  }
  await assertRefused(followedBy({ opType: "Fancy", domain: "com.example", input: ["y"] }), /domain com.example/);
});

Deno.test("createOnnxNetwork() names every operator that is not supported, with its node", async () => {
  const node = [CONV, { opType: "NonMaxSuppression", name: "nms", input: ["y"], output: ["a"] }, {
    opType: "LSTM",
    name: "lstm",
    input: ["a"],
    output: ["z"],
  }];
  await assertRefused(graphWith({ node }), /NonMaxSuppression \(node nms\), LSTM \(node lstm\)/);
  await assertRefused(followedBy({ opType: "QLinearConv", input: ["y"] }), /before it is quantized/);
});

Deno.test("readOnnx() refuses graphs that cannot be computed", async () => {
  const cycle = [{ ...CONV, input: ["z", "weight"] }, RELU];
  await assertRefused(graphWith({ node: cycle }), /has a cycle/);
  await assertRefused(graphWith({ initializer: [] }), /needs weight, which is neither an input/);
  await assertRefused(graphWith({ node: [CONV, RELU, { ...RELU, name: "again" }] }), /value z is made twice/);
  await assertRefused(graphWith({ node: [CONV, { ...RELU, output: ["weight"] }] }), /value weight is made twice/);
  await assertRefused(graphWith({ initializer: [WEIGHT, WEIGHT] }), /stores the tensor weight twice/);
  await assertRefused(graphWith({ output: [value("nobody", [])] }), /nobody makes its output nobody/);
  await assertRefused(graphWith({ output: [] }), /has no output/);
  const image = value("image", ["batch", 3, 4, 4]);
  await assertRefused(graphWith({ input: [image, image] }), /two inputs called image/);
});

Deno.test("readOnnx() refuses tensors that are not what they say", async () => {
  const weight = (part: Partial<Tensor>) => graphWith({ initializer: [{ ...WEIGHT, ...part } as Tensor] });
  await assertRefused(weight({ dims: [2n, 3n, 1n, 2n] }), /has 6 entries for the shape \[2, 3, 1, 2\]/);
  await assertRefused(weight({ dims: [2n ** 40n, 2n ** 40n] }), /impossible shape/);
  await assertRefused(weight({ dims: [-2n, -3n, 1n, 1n] }), /impossible shape/);
  await assertRefused(weight({ dataType: Type.STRING, floatData: [] }), /holds string entries/);
  await assertRefused(weight({ dataType: Type.FLOAT8E4M3FN, floatData: [] }), /holds float8e4m3fn entries/);
  await assertRefused(weight({ dataType: 99 }), /holds type 99 entries/);
  await assertRefused(weight({ rawData: new Uint8Array(23), floatData: [] }), /5.75 entries/);
  await assertRefused(weight({ segment: { begin: 0n, end: 1n } }), /stored in segments/);
  await assertRefused(graphWith({ sparseInitializer: [{ dims: [6n] }] }), /sparse tensors/);
});

Deno.test("readOnnx() takes half-precision and double weights where they are exact", async () => {
  const raw = (array: Float16Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint16Array<ArrayBuffer>) =>
    new Uint8Array(array.buffer);
  const long = Array.from({ length: 18 }, (_, i) => i);
  const weight = (dataType: number, rawData: Uint8Array<ArrayBuffer>) =>
    graphWith({ initializer: [{ name: "weight", dataType, dims: [6n, 3n, 1n, 1n], rawData }] });
  // the upper halves of 0, 1, 2, ... as float32
  const upper = Uint16Array.from(new Uint32Array(Float32Array.from(long).buffer), (bits) => bits >>> 16);
  for (
    const bytes of [
      weight(Type.FLOAT16, raw(Float16Array.from(long))),
      weight(Type.BFLOAT16, raw(upper)),
      weight(Type.DOUBLE, raw(Float64Array.from(long))),
    ]
  ) {
    await withModel(bytes, (path) => {
      assert.deepEqual([...readOnnx(path).graph.constants.get("weight")!.read().data], long);
    });
  }
  const thirds = weight(Type.DOUBLE, raw(Float64Array.from(long, (n) => n / 3)));
  await assertRefused(thirds, /doubles that float32 cannot hold exactly/);
});

/** A graph whose weight lies in a file. */
function outside(entries: Readonly<Record<string, string>>): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return graphWith({
    initializer: [{ ...WEIGHT, floatData: [], dataLocation: Location.EXTERNAL, externalData } as Tensor],
  });
}

Deno.test("readOnnx() reads tensors of files in the model's own folder, and no others", async () => {
  const entries = Uint8Array.from(new Uint8Array(Float32Array.from([0, 1, 2, 3, 4, 5, 6]).buffer));
  const beside = (folder: string) => Deno.writeFile(join(folder, "weights.bin"), entries);
  await withModel(outside({ location: "weights.bin", offset: "4", length: "24" }), async (path, folder) => {
    await beside(folder);
    const { graph, sha256 } = readOnnx(path);
    assert.deepEqual([...graph.constants.get("weight")!.read().data], [1, 2, 3, 4, 5, 6]);
    // another weight is another network
    await Deno.writeFile(join(folder, "weights.bin"), entries.map((byte) => byte ^ 1));
    assert.notEqual(readOnnx(path).sha256, sha256);
  });
  for (const location of ["/etc/hostname", "../weights.bin", "a/../../weights.bin", "..\\weights.bin", "C:\\w.bin"]) {
    await assertRefused(outside({ location }), /not inside the model's own folder/, {}, beside);
  }
  const link = (folder: string) => Deno.symlink("/etc/hostname", join(folder, "link.bin"));
  await assertRefused(outside({ location: "link.bin" }), /not inside the model's own folder/, {}, link);
  await assertRefused(outside({ location: "none.bin" }), /cannot be read/);
  await assertRefused(outside({}), /names no file/);
  const folderBeside = (folder: string) => Deno.mkdir(join(folder, "weights.bin"));
  await assertRefused(outside({ location: "weights.bin" }), /not a file/, {}, folderBeside);
  for (const offset of ["8", "-4", "1e99", "x"]) {
    await assertRefused(
      outside({ location: "weights.bin", offset }),
      /bytes that weights.bin does not have/,
      {},
      beside,
    );
  }
  await assertRefused(outside({ location: "weights.bin", length: "4" }), /does not have/, {}, beside);
});

Deno.test("createOnnxNetwork() refuses inputs that are no images, or leave their size open", async () => {
  const input = (shape: readonly (number | string)[], elemType?: number) =>
    graphWith({ input: [value("image", shape, elemType)] });
  await assertRefused(input(["batch", 3, "height", "width"]), /leaves its height or width open; give the size/);
  await assertRefused(input([1, 5, 4, 4]), /has 5 channels/);
  await assertRefused(input([1, 3, 4]), /which has 4 axes/);
  await assertRefused(input([1, 3, 4, 4], Type.STRING), /input image is of string/);
  await assertRefused(input([1, 3, 100_000, 100_000]), /up to 4096 x 4096/);
  await assertRefused(
    graphWith({ input: [value("image", [1, 3, 4, 4]), value("mask", [1, 1, 4, 4])] }),
    /takes 2 inputs \(image, mask\)/,
  );
  await assertRefused(modelBytes({}), /takes 4 x 4 pixels, not 8 x 8/, { size: { height: 8, width: 8 } });
  await assertRefused(modelBytes({}), /2 numbers as mean for 3 channels/, { mean: [0, 0] });
  await assertRefused(modelBytes({}), /standard deviations are above 0/, { std: [0] });
  await assertRefused(modelBytes({}), /range of pixels 1 to 1 is empty/, { range: [1, 1] });
});

Deno.test("createOnnxNetwork() refuses nodes that ask for impossible or endless values", async () => {
  const large = /impossible or too large/;
  const shape = (...sizes: (number | bigint)[]) => [ints("shape", sizes)];
  await assertRefused(
    followedBy({ opType: "Expand", input: ["y", "shape"] }, shape(1000000, 2, 1000000, 4)),
    /large|together/,
  );
  await assertRefused(
    followedBy({ opType: "Expand", input: ["y", "shape"] }, shape(100000, 100000, 1, 2, 4, 4)),
    large,
  );
  await assertRefused(followedBy({ opType: "Tile", input: ["y", "shape"] }, shape(1, 1, 100000, 100000)), large);
  await assertRefused(followedBy({ opType: "Reshape", input: ["y", "shape"] }, shape(-1, 7)), large);
  await assertRefused(followedBy({ opType: "Reshape", input: ["y", "shape"] }, shape(2n ** 62n, 2n ** 62n)), large);
  const pads = shape(0, 0, 1 << 30, 1 << 30, 0, 0, 0, 0);
  await assertRefused(followedBy({ opType: "Pad", input: ["y", "shape"] }, pads), large);
  await assertRefused(
    followedBy({ opType: "Resize", input: ["y", "", "", "shape"] }, shape(1, 2, 1 << 20, 1 << 20)),
    large,
  );
  await assertRefused(
    followedBy({ opType: "MaxPool", input: ["y"], attribute: [attributeOf("kernel_shape", [1n << 40n, 1])] }),
    large,
  );
  await assertRefused(graphWith({ node: [{ ...CONV, attribute: [attributeOf("strides", [0, 0])] }, RELU] }), /below 1/);
  await assertRefused(graphWith({ node: [{ ...CONV, attribute: [attributeOf("group", 0)] }, RELU] }), /in 0 groups/);
  await assertRefused(
    followedBy({ opType: "Concat", input: ["y", "y"], attribute: [attributeOf("axis", 9)] }),
    /axis 9/,
  );
  const constant: Node = { opType: "ConstantOfShape", name: "zeros", input: ["shape"], output: ["zeros"] };
  const zeros = {
    node: [CONV, constant, { opType: "Mul", name: "node", input: ["y", "zeros"], output: ["z"] }],
    initializer: [WEIGHT, ...shape(1 << 20, 1 << 20)],
  };
  await assertRefused(graphWith(zeros), large);
});

Deno.test("createOnnxNetwork() refuses values that only the image would tell", async () => {
  const node = [
    CONV,
    { opType: "Cast", name: "cast", input: ["y"], output: ["c"], attribute: [attributeOf("to", Type.INT64)] },
    { opType: "Reshape", name: "reshape", input: ["y", "c"], output: ["z"] },
  ];
  await assertRefused(graphWith({ node }), /takes c from the image, where a value known beforehand is needed/);
});

Deno.test("readOnnx() keeps nothing of where a file was made", async () => {
  const trace = "/home/author/secret/model.py";
  const metadataProps = [{ key: "pkg.torch.onnx.stack_trace", value: trace }, {
    key: "pkg.torch.onnx.name_scopes",
    value: "['', 'features', 'features.conv', 'conv2d']",
  }];
  await withModel(graphWith({ node: [{ ...CONV, metadataProps }, RELU] }), (path) => {
    const { graph } = readOnnx(path);
    assert.ok(!JSON.stringify(graph.nodes).includes("secret"));
    assert.deepEqual(graph.nodes[0].scopes, ["", "features", "features.conv", "conv2d"]);
  });
});

Deno.test("names out of a file reach a terminal without what it would obey", async () => {
  const name = "\x1b[31m\nred";
  const unknown = { opType: `Odd${name}`, name, input: ["y"], output: ["z"] };
  await assertRefused(graphWith({ node: [CONV, unknown] }), /Odd\?\[31m red \(node \?\[31m red\)/);
  await withModel(graphWith({ node: [{ ...CONV, name: `/a${name}/b:1 c/Conv` }, RELU] }), async (path) => {
    const network = await createOnnxNetwork(path);
    assert.equal(network.layers[0].name, "a_[31m_red.b_1_c");
    network.dispose();
  });
});
