import assert from "node:assert/strict";
import type { Graph, GraphNode } from "../../../lib/networks/onnx/graph.ts";
import { foldBatchNormalization } from "../../../lib/networks/onnx/passes/fold_batch_normalization.ts";
import { foldPadding } from "../../../lib/networks/onnx/passes/fold_padding.ts";
import { fuseGelu } from "../../../lib/networks/onnx/passes/fuse_gelu.ts";
import { removeIdentities } from "../../../lib/networks/onnx/passes/remove_identities.ts";
import { resolveReshapes } from "../../../lib/networks/onnx/passes/resolve_reshapes.ts";
import { storeConstants } from "../../../lib/networks/onnx/passes/store_constants.ts";
import type { OnnxArray, StoredArray } from "../../../lib/networks/onnx/reading/arrays.ts";

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: GraphNode["attributes"] = new Map(),
) {
  return { name: output, operator, inputs, outputs: [output], attributes, scopes: [] } satisfies GraphNode;
}

function stored(shape: readonly number[], data: readonly number[], kind: "float" | "int" = "float"): StoredArray {
  const array: OnnxArray = { kind, shape, data: kind === "float" ? Float32Array.from(data) : Int32Array.from(data) };
  return { kind, shape, read: () => array };
}

function graphOf(nodes: readonly GraphNode[], constants: Readonly<Record<string, StoredArray>> = {}): Graph {
  const outputs = [nodes.at(-1)!.outputs[0]];
  const inputs = [{ name: "x", kind: "float", shape: [1, 2, 4, 4] }] as const;
  return { file: "test", opset: 18, inputs, outputs, nodes, constants: new Map(Object.entries(constants)) };
}

type GraphNodeAttribute = GraphNode["attributes"] extends ReadonlyMap<string, infer V> ? V : never;

const EPSILON = new Map([["epsilon", 0]]);

Deno.test("foldBatchNormalization() gives a convolution the weights of both", () => {
  const graph = graphOf([
    node("Conv", ["x", "w", "b"], "y"),
    node("BatchNormalization", ["y", "g", "s", "m", "v"], "z", EPSILON),
  ], {
    w: stored([2, 1, 1, 1], [3, 5]),
    b: stored([2], [1, 2]),
    g: stored([2], [2, 3]),
    s: stored([2], [10, 20]),
    m: stored([2], [4, 8]),
    v: stored([2], [4, 9]),
  });
  const { graph: folded, changed } = foldBatchNormalization(graph);
  assert.ok(changed);
  const [own, both] = folded.nodes;
  assert.deepEqual([own.operator, own.outputs], ["Conv", ["y"]]);
  assert.deepEqual([both.operator, both.outputs, both.inputs[0]], ["Conv", ["z"], "x"]);
  // by hand: factors 2 / sqrt 4 = 1 and 3 / sqrt 9 = 1; offsets (1 - 4) 1 + 10 = 7 and (2 - 8) 1 + 20 = 14
  const [weight, bias] = both.inputs.slice(1).map((name) => [...folded.constants.get(name)!.read().data]);
  assert.deepEqual([weight, bias], [[3, 5], [7, 14]]);
});

Deno.test("foldBatchNormalization() leaves a convolution that others use, and one without stored weights", () => {
  const statistics = { g: stored([1], [1]), s: stored([1], [1]), m: stored([1], [1]), v: stored([1], [1]) };
  const pair = [node("Conv", ["x", "w"], "y"), node("BatchNormalization", ["y", "g", "s", "m", "v"], "z")];
  const shared = [...pair, node("Add", ["y", "z"], "sum")];
  const weight = { w: stored([1, 1, 1, 1], [1]) };
  assert.equal(foldBatchNormalization(graphOf(shared, { ...statistics, ...weight })).changed, false);
  assert.equal(foldBatchNormalization(graphOf(pair, statistics)).changed, false);
  assert.equal(foldBatchNormalization(graphOf(pair, { ...statistics, ...weight })).changed, true);
});

Deno.test("removeIdentities() lets users take what was handed on, through chains", () => {
  const graph = graphOf([node("Identity", ["x"], "a"), node("Dropout", ["a"], "b"), node("Relu", ["b"], "y")]);
  const { graph: simple, changed } = removeIdentities(graph);
  assert.ok(changed);
  assert.deepEqual(simple.nodes.at(-1)!.inputs, ["x"]);
  assert.equal(removeIdentities(graphOf([node("Relu", ["x"], "y")])).changed, false);
});

Deno.test("storeConstants() moves Constant nodes among the stored tensors", () => {
  const attributes = new Map([["value_float", 0.5]]);
  const { graph, changed } = storeConstants(
    graphOf([node("Constant", [], "half", attributes), node("Mul", ["x", "half"], "y")]),
  );
  assert.ok(changed);
  assert.deepEqual(graph.nodes.map(({ operator }) => operator), ["Mul"]);
  assert.deepEqual([...graph.constants.get("half")!.read().data], [0.5]);
});

/** x (1 + erf(x / sqrt 2)) / 2 as older exports write it. */
function geluNodes(first: string, second: string): GraphNode[] {
  return [
    node("Div", ["x", "root"], "scaled"),
    node("Erf", ["scaled"], "erf"),
    node("Add", ["erf", "one"], "sum"),
    node("Mul", ["sum", first], "product"),
    node("Mul", ["product", second], "y"),
  ];
}

Deno.test("fuseGelu() finds the five nodes, in either order of the factors, and nothing else", () => {
  const constants = { root: stored([], [Math.SQRT2]), one: stored([], [1]), half: stored([], [0.5]) };
  for (const [first, second] of [["x", "half"], ["half", "x"]]) {
    const { graph, changed } = fuseGelu(graphOf(geluNodes(first, second), constants));
    assert.ok(changed);
    const last = graph.nodes.at(-1)!;
    assert.deepEqual([last.operator, last.inputs, last.outputs], ["Gelu", ["x"], ["y"]]);
  }
  assert.equal(fuseGelu(graphOf(geluNodes("x", "one"), constants)).changed, false);
  assert.equal(fuseGelu(graphOf(geluNodes("half", "half"), constants)).changed, false);
});

Deno.test("resolveReshapes() writes out open axes, but not the images'", () => {
  const shapes = new Map([["y", [2, 48]]]);
  const reshape = [node("Reshape", ["x", "shape"], "y")];
  const fixed = resolveReshapes(graphOf(reshape, { shape: stored([2], [2, -1], "int") }), shapes);
  assert.ok(fixed.changed);
  assert.deepEqual([...fixed.graph.constants.get(fixed.graph.nodes[0].inputs[1])!.read().data], [2, 48]);
  assert.equal(resolveReshapes(graphOf(reshape, { shape: stored([2], [-1, 48], "int") }), shapes).changed, false);
  assert.equal(resolveReshapes(graphOf(reshape, { shape: stored([2], [0, -1], "int") }), shapes).changed, false);
});

Deno.test("foldPadding() adds the zeros of a Pad to those of a convolution", () => {
  // of [N, C, H, W]: one row above and two below, three columns on the left
  const pads = stored([8], [0, 0, 1, 3, 0, 0, 2, 0], "int");
  const padded = (pad: GraphNode, attributes = new Map<string, GraphNodeAttribute>(), constants = {}) =>
    foldPadding(graphOf([pad, node("Conv", ["p", "w"], "y", attributes)], { pads, ...constants }));
  const { graph, changed } = padded(node("Pad", ["x", "pads"], "p"), new Map([["pads", [1, 1, 0, 0]]]));
  assert.ok(changed);
  const convolution = graph.nodes[1];
  assert.deepEqual([convolution.inputs, convolution.attributes.get("pads")], [["x", "w"], [2, 4, 2, 0]]);
  assert.deepEqual(padded(node("Pad", ["x", "pads"], "p")).graph.nodes[1].attributes.get("pads"), [1, 3, 2, 0]);
  // not what is no zero, no stored number, around channels, cut off, reflected, or before a convolution that pads by itself
  const five = { five: stored([], [5]) };
  assert.equal(padded(node("Pad", ["x", "pads", "five"], "p"), undefined, five).changed, false);
  assert.equal(padded(node("Pad", ["x", "unknown"], "p")).changed, false);
  const channels = { pads: stored([8], [0, 1, 0, 0, 0, 0, 0, 0], "int") };
  assert.equal(padded(node("Pad", ["x", "pads"], "p"), undefined, channels).changed, false);
  const cut = { pads: stored([8], [0, 0, -1, 0, 0, 0, 0, 0], "int") };
  assert.equal(padded(node("Pad", ["x", "pads"], "p"), undefined, cut).changed, false);
  assert.equal(padded(node("Pad", ["x", "pads"], "p", new Map([["mode", "reflect"]]))).changed, false);
  assert.equal(padded(node("Pad", ["x", "pads"], "p"), new Map([["auto_pad", "SAME_UPPER"]])).changed, false);
});
