import assert from "node:assert/strict";
import type { GraphNode } from "../../../lib/networks/onnx/graph.ts";
import { modulePath, nameLayers } from "../../../lib/networks/onnx/naming.ts";

function node(
  name: string,
  inputs: readonly string[] = [],
  scopes: readonly string[] = [],
  operator = "Conv",
): GraphNode {
  return { name, operator, inputs, outputs: [`${name} output`], attributes: new Map(), scopes };
}

Deno.test("modulePath() is the module that the new exporter notes", () => {
  const scopes = ["", "layer1", "layer1.0", "layer1.0.bn1", "_native_batch_norm"];
  assert.equal(modulePath(node("node_Conv_12", ["x", "layer1.0.conv1.weight"], scopes)), "layer1.0.bn1");
  assert.equal(modulePath(node("node_relu", ["x"], ["", "relu"], "Relu")), "");
});

Deno.test("modulePath() reads the names that the TorchScript exporter makes", () => {
  const cases = {
    "/conv1/Conv": "conv1",
    "/layer1/layer1.0/conv1/Conv": "layer1.0.conv1",
    "/features/features.0/features.0.0/Conv": "features.0.0",
    "/encoder/layers/encoder_layer_0/mlp/mlp.0/MatMul": "encoder.layers.encoder_layer_0.mlp.0",
    "/Relu": "",
    "model/block1/conv/Conv2D": "model.block1.conv",
    "Conv_0": "",
  };
  for (const [name, path] of Object.entries(cases)) assert.equal(modulePath(node(name)), path);
});

Deno.test("modulePath() falls back on the names of weights, and follows them inside a module's function", () => {
  assert.equal(modulePath(node("Conv_0", ["x", "stem.conv.weight", "stem.conv.bias"])), "stem.conv");
  const scopes = ["", "encoder", "encoder.attention", "linear"];
  assert.equal(
    modulePath(node("node_linear", ["x", "encoder.attention.out_proj.weight"], scopes)),
    "encoder.attention.out_proj",
  );
});

Deno.test("nameLayers() gives every node a name of its own, and a module's to what holds its weights", () => {
  const entries = [
    { node: node("/block/Add", [], [], "Add"), rank: 1, weight: undefined },
    { node: node("/block/conv/Conv"), rank: 0, weight: undefined },
    { node: node("/block/Add_1", [], [], "Add"), rank: 1, weight: undefined },
    { node: node("/block/Relu", [], [], "Relu"), rank: 2, weight: undefined },
    { node: node("/act/Relu", [], [], "Relu"), rank: 2, weight: undefined },
    { node: node("/Relu", [], [], "Relu"), rank: 2, weight: undefined },
    { node: node("/Relu_1", [], [], "Relu"), rank: 2, weight: undefined },
  ];
  // of a block's two sums the last is what it hands on
  assert.deepEqual(nameLayers(entries), ["block.Add", "block.conv", "block", "block.Relu", "act", "Relu", "Relu_1"]);
});
