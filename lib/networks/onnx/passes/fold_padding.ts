/**
 * Zeros around an image before a convolution become the convolution's own.
 *
 * @module
 */
import { attribute, findMakers, type Graph, type GraphNode } from "../graph.ts";
import type { PassResult } from "./pass.ts";

/** Axes before those of positions: images and channels. */
const OTHER_AXES = 2;

/**
 * - Requires: nodes in an order in which they can be computed.
 * - Does: lets a Conv take what a Pad takes, and adds the Pad's zeros to its own, where the Pad puts a stored number of zeros
 *   around positions alone.
 * - Ensures: every value keeps its name and its entries. The Pad stays for whoever else uses it; otherwise nothing needs it,
 *   and it is not computed.
 */
export function foldPadding(graph: Graph): PassResult {
  const makers = findMakers(graph.nodes);
  let changed = false;
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.operator !== "Conv" || attribute.text(node, "auto_pad", "NOTSET") !== "NOTSET") return node;
    const pad = makers.get(node.inputs[0]);
    const zeros = pad?.operator === "Pad" ? zerosOf(graph, pad) : null;
    if (pad === undefined || zeros === null) return node;
    const own = attribute.numbers(node, "pads") ?? zeros.map(() => 0);
    if (own.length !== zeros.length) return node;
    changed = true;
    return {
      ...node,
      inputs: [pad.inputs[0], ...node.inputs.slice(1)],
      attributes: new Map(node.attributes).set("pads", own.map((n, i) => n + zeros[i])),
    };
  });
  return changed ? { graph: { ...graph, nodes }, changed } : { graph, changed };
}

/** Zeros before each axis of positions, then after each; null where a Pad does anything else. */
function zerosOf(graph: Graph, pad: GraphNode): number[] | null {
  const [, padsName = "", valueName = "", axesName = ""] = pad.inputs;
  if (attribute.text(pad, "mode", "constant") !== "constant" || axesName !== "") return null;
  const entries = (name: string) => {
    const stored = graph.constants.get(name);
    return stored === undefined ? null : Array.from(stored.read().data, Number);
  };
  const value = valueName === "" ? [attribute.number(pad, "value", 0)] : entries(valueName);
  const pads = padsName === "" ? attribute.numbers(pad, "pads") ?? null : entries(padsName);
  if (value === null || value.some((n) => n !== 0) || pads === null || pads.some((n) => n < 0)) return null;
  const rank = pads.length / 2;
  const [before, after] = [pads.slice(0, rank), pads.slice(rank)];
  if ([...before.slice(0, OTHER_AXES), ...after.slice(0, OTHER_AXES)].some((n) => n !== 0)) return null;
  return [...before.slice(OTHER_AXES), ...after.slice(OTHER_AXES)];
}
