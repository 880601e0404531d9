/**
 * Operators that hand on what they are given are left out.
 *
 * @module
 */
import type { Graph } from "../graph.ts";
import type { PassResult } from "./pass.ts";

/** Operators whose first output is their first input when a network is not trained. */
const HAND_ON = ["Identity", "Dropout"];

/**
 * - Requires: nodes in an order in which they can be computed.
 * - Does: lets the users of an Identity or a Dropout outside of training take its input instead.
 * - Ensures: every value has the entries it had; outputs of the graph keep their names.
 */
export function removeIdentities(graph: Graph): PassResult {
  const instead = new Map<string, string>();
  const follow = (name: string) => instead.get(name) ?? name;
  const nodes = graph.nodes.map((node) => {
    const inputs = node.inputs.map(follow);
    // a third input says whether a Dropout is in training
    if (HAND_ON.includes(node.operator) && inputs.length < 3) instead.set(node.outputs[0], inputs[0]);
    return { ...node, inputs };
  });
  if (instead.size === 0) return { graph, changed: false };
  return { graph: { ...graph, nodes }, changed: true };
}
