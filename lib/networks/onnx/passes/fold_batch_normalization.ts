/**
 * A batch normalization after a convolution becomes part of it.
 *
 * @module
 */
import { attribute, findMakers, findUsers, type Graph, type GraphNode } from "../graph.ts";
import type { OnnxArray, StoredArray } from "../reading/arrays.ts";
import type { PassResult } from "./pass.ts";

/** Operators that take a factor for each of their outputs, and whether filters count their outputs first. */
const TAKES_FACTORS = ["Conv", "Gemm"];

/**
 * - Requires: nodes in an order in which they can be computed.
 * - Does: where a BatchNormalization with stored statistics is all that uses a Conv or Gemm with stored weights, replaces it
 *   by the same operator with other weights: conv(x) g + (b - m) g + s for the factor g = scale / sqrt(variance + epsilon).
 * - Ensures: every value keeps its name and, up to rounding, its entries. The convolution stays for whoever asks for its own
 *   output; otherwise nothing needs it, and it is not computed.
 */
export function foldBatchNormalization(graph: Graph): PassResult {
  const makers = findMakers(graph.nodes);
  const users = findUsers(graph.nodes);
  const constants = new Map(graph.constants);
  let changed = false;
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.operator !== "BatchNormalization" || node.outputs.filter((name) => name !== "").length > 1) return node;
    if (attribute.number(node, "training_mode", 0) !== 0) return node;
    const before = makers.get(node.inputs[0]);
    if (before === undefined || !TAKES_FACTORS.includes(before.operator) || users.get(node.inputs[0])!.length > 1) {
      return node;
    }
    const folded = fold(graph, before, node);
    if (folded === null) return node;
    for (const [name, array] of folded.constants) constants.set(name, array);
    changed = true;
    return { ...before, name: node.name, inputs: folded.inputs, outputs: node.outputs, scopes: node.scopes };
  });
  return changed ? { graph: { ...graph, nodes, constants }, changed } : { graph, changed };
}

interface Folded {
  readonly inputs: readonly string[];
  readonly constants: readonly (readonly [string, StoredArray])[];
}

function fold(graph: Graph, convolution: GraphNode, normalization: GraphNode): Folded | null {
  const stored = (name: string | undefined) => name ? graph.constants.get(name) : undefined;
  const weight = stored(convolution.inputs[1]);
  const biasName = convolution.inputs[2] ?? "";
  const bias = stored(biasName);
  const [scale, shift, mean, variance] = normalization.inputs.slice(1).map(stored);
  if (weight === undefined || (biasName !== "" && bias === undefined)) return null;
  if (scale === undefined || shift === undefined || mean === undefined || variance === undefined) return null;
  const isGemm = convolution.operator === "Gemm";
  if (isGemm && ["alpha", "beta"].some((name) => attribute.number(convolution, name, 1) !== 1)) return null;
  const outputsFirst = !isGemm || attribute.number(convolution, "transB", 0) !== 0;
  const outputs = weight.shape[outputsFirst ? 0 : 1];
  const fits = [scale, shift, mean, variance, ...bias === undefined ? [] : [bias]].every(({ shape }) =>
    shape.length === 1 && shape[0] === outputs
  );
  if (!fits || weight.kind !== "float") return null;
  const epsilon = attribute.number(normalization, "epsilon", 1e-5);
  const factor = () => {
    const [g, v] = [scale.read().data, variance.read().data];
    return Float64Array.from(g, (value, c) => value / Math.sqrt(v[c] + epsilon));
  };
  const filters = (): OnnxArray => {
    const [{ data }, factors] = [weight.read(), factor()];
    const each = data.length / outputs;
    const output = outputsFirst ? (i: number) => Math.floor(i / each) : (i: number) => i % outputs;
    return {
      kind: "float",
      shape: weight.shape,
      data: Float32Array.from(data, (value, i) => value * factors[output(i)]),
    };
  };
  const offsets = (): OnnxArray => {
    const [factors, b, s, m] = [factor(), bias?.read().data, shift.read().data, mean.read().data];
    return {
      kind: "float",
      shape: [outputs],
      data: Float32Array.from(factors, (g, c) => ((b?.[c] ?? 0) - m[c]) * g + s[c]),
    };
  };
  const [weightName, offsetName] = ["weight", "bias"].map((part) => `${normalization.outputs[0]} folded ${part}`);
  return {
    inputs: [convolution.inputs[0], weightName, offsetName],
    constants: [
      [weightName, { kind: "float", shape: weight.shape, read: filters }],
      [offsetName, { kind: "float", shape: [outputs], read: offsets }],
    ],
  };
}
