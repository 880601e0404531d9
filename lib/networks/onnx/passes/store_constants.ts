/**
 * Constant nodes become stored tensors.
 *
 * @module
 */
import { attribute, type Graph, type GraphNode } from "../graph.ts";
import type { OnnxArray, StoredArray } from "../reading/arrays.ts";
import type { PassResult } from "./pass.ts";

/**
 * - Requires: nothing.
 * - Does: moves what Constant nodes hold among the graph's constants.
 * - Ensures: every value has the entries it had; no Constant node with numbers is left.
 */
export function storeConstants(graph: Graph): PassResult {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter((node) => {
    const array = node.operator === "Constant" ? contentOf(node) : undefined;
    if (array === undefined) return true;
    constants.set(node.outputs[0], { kind: array.kind, shape: array.shape, read: () => array } satisfies StoredArray);
    return false;
  });
  const changed = nodes.length < graph.nodes.length;
  return { graph: changed ? { ...graph, nodes, constants } : graph, changed };
}

function contentOf(node: GraphNode): OnnxArray | undefined {
  const array = attribute.array(node, "value");
  if (array !== undefined) return array;
  const numbers = ["value_float", "value_int", "value_floats", "value_ints"].map((name) => node.attributes.get(name));
  const i = numbers.findIndex((each) => each !== undefined);
  const found = numbers[i];
  if (found === undefined || typeof found === "string") return undefined;
  const list = typeof found === "number" ? [found] : found as readonly number[];
  return {
    kind: i % 2 === 0 ? "float" : "int",
    shape: typeof found === "number" ? [] : [list.length],
    data: i % 2 === 0 ? Float32Array.from(list) : Int32Array.from(list),
  };
}
