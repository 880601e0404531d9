/**
 * The five nodes that older exports write for a Gelu become one, which has a gradient of its own.
 *
 * @module
 */
import { findMakers, findUsers, type Graph, type GraphNode } from "../graph.ts";
import type { PassResult } from "./pass.ts";

/**
 * - Requires: nodes in an order in which they can be computed, scalars stored (`storeConstants`).
 * - Does: replaces the last node of x (1 + erf(x / sqrt 2)) / 2, in either order of its factors, by Gelu of x.
 * - Ensures: every value keeps its name and, up to rounding, its entries. What only the old nodes used is not computed.
 */
export function fuseGelu(graph: Graph): PassResult {
  const makers = findMakers(graph.nodes);
  const users = findUsers(graph.nodes);
  const scalar = (name: string): number | undefined => scalarOf(graph, name);
  const replaced = new Map<GraphNode, GraphNode>();
  for (const node of graph.nodes) {
    if (node.operator !== "Erf") continue;
    const inner = makers.get(node.inputs[0]);
    const x = inner === undefined ? undefined : scaledInput(inner, scalar);
    if (x === undefined) continue;
    const plusOne = onlyUser(users, node.outputs[0], "Add");
    if (plusOne === undefined || !plusOne.inputs.some((name) => scalar(name) === 1)) continue;
    const last = lastProduct(users, plusOne, x, scalar);
    if (last === undefined) continue;
    replaced.set(last, { ...last, operator: "Gelu", inputs: [x], attributes: new Map() });
  }
  if (replaced.size === 0) return { graph, changed: false };
  return { graph: { ...graph, nodes: graph.nodes.map((node) => replaced.get(node) ?? node) }, changed: true };
}

function scalarOf(graph: Graph, name: string): number | undefined {
  const stored = graph.constants.get(name);
  return stored?.shape.every((n) => n === 1) ? stored.read().data[0] : undefined;
}

function onlyUser(
  users: ReadonlyMap<string, readonly GraphNode[]>,
  name: string,
  operator: string,
): GraphNode | undefined {
  const found = users.get(name) ?? [];
  return found.length === 1 && found[0].operator === operator ? found[0] : undefined;
}

/** x of x / sqrt 2. */
function scaledInput(node: GraphNode, scalar: (name: string) => number | undefined): string | undefined {
  const factor = scalar(node.inputs[1]);
  if (factor === undefined) return undefined;
  const ratio = node.operator === "Div" ? 1 / factor : node.operator === "Mul" ? factor : NaN;
  return Math.abs(ratio - Math.SQRT1_2) < 1e-6 ? node.inputs[0] : undefined;
}

/** The second of two products, by x and by 1/2, in either order. */
function lastProduct(
  users: ReadonlyMap<string, readonly GraphNode[]>,
  sum: GraphNode,
  x: string,
  scalar: (name: string) => number | undefined,
): GraphNode | undefined {
  const first = onlyUser(users, sum.outputs[0], "Mul");
  if (first === undefined) return undefined;
  const other = (node: GraphNode, known: string) => node.inputs.find((name) => name !== known) ?? known;
  const factor = other(first, sum.outputs[0]);
  if (factor !== x && scalar(factor) !== 0.5) return undefined;
  const second = onlyUser(users, first.outputs[0], "Mul");
  if (second === undefined) return undefined;
  const rest = other(second, first.outputs[0]);
  return factor === x ? (scalar(rest) === 0.5 ? second : undefined) : rest === x ? second : undefined;
}
