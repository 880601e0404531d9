/**
 * Shapes that a file wrote down for its own number of images, in full.
 *
 * @module
 */
import type { Graph, GraphNode } from "../graph.ts";
import type { PassResult } from "./pass.ts";

/**
 * - Requires: the shapes of values when the graph runs on its own number of images.
 * - Does: replaces the open axis (-1) of a Reshape to a stored shape by its size, unless that axis is the first, which holds
 *   the images. On another number of images it would take in what belongs to the images' axis.
 * - Ensures: on the file's own number of images every value has the entries it had.
 */
export function resolveReshapes(graph: Graph, shapes: ReadonlyMap<string, readonly number[]>): PassResult {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.map((node): GraphNode => {
    const shape = shapes.get(node.outputs[0]);
    const stored = graph.constants.get(node.inputs[1]);
    if (node.operator !== "Reshape" || shape === undefined || stored === undefined) return node;
    const written = stored.read().data;
    if (written[0] <= 0 || !written.includes(-1)) return node;
    const name = `${node.outputs[0]} shape`;
    constants.set(name, {
      kind: "int",
      shape: [shape.length],
      read: () => ({ kind: "int", shape: [shape.length], data: Int32Array.from(shape) }),
    });
    return { ...node, inputs: [node.inputs[0], name] };
  });
  const changed = constants.size > graph.constants.size;
  return { graph: changed ? { ...graph, nodes, constants } : graph, changed };
}
