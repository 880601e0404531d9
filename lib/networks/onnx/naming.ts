/**
 * Layers by the names people know: the paths of PyTorch's modules.
 *
 * @module
 */
import type { GraphNode } from "./graph.ts";

/** Endings of the names of weights: `layer1.0.conv1.weight`, `self_attn.in_proj_weight`. */
const WEIGHT = /^(.+?)[._](?:weight|bias|kernel)$/;

/**
 * The path of the module that a node belongs to: from the exporter's notes, else from the node's name
 * (`/layer1/layer1.0/conv1/Conv`), else from the name of its weights; "" where none of them tells.
 */
export function modulePath(node: GraphNode, weight: string | undefined = weightPath(node.inputs.slice(1))): string {
  const fromScopes = node.scopes.length >= 2 ? node.scopes[node.scopes.length - 2] : "";
  const path = fromScopes || pathOfName(node.name);
  // a module's own function may use weights of modules inside: attention's projections
  if (weight !== undefined && (path === "" || weight.startsWith(`${path}.`))) return weight;
  return path;
}

/** The path of the module whose weights have one of these names: `conv1` of `conv1.weight`; undefined where none tells. */
export function weightPath(names: readonly string[]): string | undefined {
  const path = names.map((name) => WEIGHT.exec(name)?.[1]).find((each) => each !== undefined);
  return path === undefined ? undefined : printable(path.replaceAll("/", "."));
}

/**
 * TorchScript's exporter writes every module on the way, those in lists with their list's name: `/layer1/layer1.0/conv1/Conv`
 * is `layer1.0.conv1`. Exporters of other frameworks write the same without the first stroke.
 */
function pathOfName(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/").slice(0, -1)) {
    if (part === "") continue;
    const last = parts.at(-1);
    if (last !== undefined && part.startsWith(`${last}.`)) parts[parts.length - 1] = part;
    else parts.push(part);
  }
  return parts.join(".");
}

/** What is named: a node, and whether it is the one that its module is known for. */
export interface Named {
  readonly node: GraphNode;
  /** 0 for those that hold a module's weights, 1 for sums of what modules give, 2 for others. */
  readonly rank: number;
  /** Path of the module whose weights it uses. */
  readonly weight: string | undefined;
}

/**
 * A name of its own for each node: its module's path for the first that holds the module's weights; with its operator and,
 * if need be, a number for the others.
 */
export function nameLayers(entries: readonly Named[]): string[] {
  const paths = entries.map(({ node, weight }) => printable(modulePath(node, weight)));
  const best = new Map<string, number>();
  entries.forEach(({ rank }, i) => {
    const other = best.get(paths[i]);
    // of a module's sums the last is what it hands on
    const better = other === undefined || rank < entries[other].rank || (rank === 1 && entries[other].rank === 1);
    if (paths[i] !== "" && better) best.set(paths[i], i);
  });
  const taken = new Set(best.keys());
  const members = countEach(paths);
  const numbers = new Map<string, number>();
  return entries.map(({ node, rank }, i) => {
    const path = paths[i];
    if (path !== "" && best.get(path) === i && (rank < 2 || members.get(path) === 1)) return path;
    const base = path === "" ? node.operator : `${path}.${node.operator}`;
    let number = numbers.get(base) ?? 0;
    const numbered = () => number === 0 ? base : `${base}_${number}`;
    while (taken.has(numbered())) number++;
    const name = numbered();
    numbers.set(base, number + 1);
    taken.add(name);
    return name;
  });
}

/** A name without colons, which come before a unit's number, spaces and characters that a terminal would obey. */
function printable(name: string): string {
  return name.replaceAll(/[\s:\p{Cc}\p{Cf}]/gu, "_");
}

/** How often each of some texts stands in a list. */
function countEach(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
