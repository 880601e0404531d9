/**
 * Layers by the names people know: the paths of PyTorch's modules.
 *
 * @module
 */
import type { GraphNode } from "./graph.ts";

/** Endings of the names of weights: `layer1.0.conv1.weight`, `self_attn.in_proj_weight`. */
const WEIGHT = /^(.+?)[._](?:weight|kernel|w)$/;

/**
 * The path of the module that a node belongs to: from the exporter's notes, else from the node's name
 * (`/layer1/layer1.0/conv1/Conv`), else from the name of its weights; "" where none of them tells.
 */
export function modulePath(node: GraphNode): string {
  const fromScopes = node.scopes.length >= 2 ? node.scopes[node.scopes.length - 2] : "";
  const path = fromScopes || pathOfName(node.name);
  const weight = node.inputs.slice(1).map((name) => WEIGHT.exec(name)?.[1]).find((each) => each !== undefined);
  // a module's own function may use weights of modules inside: attention's projections
  if (weight !== undefined && (path === "" || weight.startsWith(`${path}.`))) return weight.replaceAll("/", ".");
  return path;
}

/**
 * TorchScript's exporter writes every module on the way, those in lists with their list's name: `/layer1/layer1.0/conv1/Conv`
 * is `layer1.0.conv1`.
 */
function pathOfName(name: string): string {
  if (!name.startsWith("/")) return "";
  const parts: string[] = [];
  for (const part of name.slice(1).split("/").slice(0, -1)) {
    const last = parts.at(-1);
    if (last !== undefined && part.startsWith(`${last}.`)) parts[parts.length - 1] = part;
    else parts.push(part);
  }
  return parts.join(".");
}

/** What is named: a node, and whether it is the one that its module is known for. */
export interface Named {
  readonly node: GraphNode;
  /** 0 for those that hold a module's weights, more for others. */
  readonly rank: number;
}

/**
 * A name of its own for each node: its module's path for the first that holds the module's weights; with its operator and,
 * if need be, a number for the others.
 */
export function nameLayers(entries: readonly Named[]): string[] {
  const paths = entries.map(({ node }) => modulePath(node));
  const best = new Map<string, number>();
  entries.forEach(({ rank }, i) => {
    const other = best.get(paths[i]);
    if (paths[i] !== "" && (other === undefined || rank < entries[other].rank)) best.set(paths[i], i);
  });
  const taken = new Set([...best].map(([path]) => path));
  return entries.map(({ node, rank }, i) => {
    const path = paths[i];
    const alone = paths.indexOf(path) === paths.lastIndexOf(path);
    if (path !== "" && best.get(path) === i && (rank < 2 || alone)) return path;
    const base = path === "" ? node.operator : `${path}.${node.operator}`;
    let name = base;
    for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  });
}
