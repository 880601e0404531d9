/**
 * A network as a graph of operators: plain data, checked, in the order in which it can be computed.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import type { Kind, OnnxArray, StoredArray } from "./reading/arrays.ts";

/** What an attribute of a node may be. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | OnnxArray;

/** One operator of the graph. */
export interface GraphNode {
  /** Its name in the file, or a made-up one where the file has none. */
  readonly name: string;
  readonly operator: string;
  /** Names of values; "" where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** Paths of the modules around it, outermost first, where PyTorch's exporter wrote them. */
  readonly scopes: readonly string[];
}

/** An input of the graph that no stored tensor fills. */
export interface GraphInput {
  readonly name: string;
  readonly kind: Kind;
  /** Dimensions; a name or null where it is left open. */
  readonly shape: readonly (number | string | null)[];
}

/** A network as its file describes it. */
export interface Graph {
  /** Path of the file, for errors. */
  readonly file: string;
  /** Version of the operators' definitions. */
  readonly opset: number;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** In an order in which each comes after those that it needs. */
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, StoredArray>;
}

/** How errors call a node. */
export function describeNode(node: GraphNode): string {
  return `${node.operator} node ${node.name}`;
}

/**
 * Puts nodes in an order in which each comes after those that it needs: the file's own where it is one.
 *
 * @param known names of values that need no node: inputs and constants.
 * @throws {InputError} when a value is made twice or by nobody, or when nodes wait for each other.
 */
export function sortNodes(
  file: string,
  nodes: readonly GraphNode[],
  known: ReadonlySet<string>,
): GraphNode[] {
  const maker = new Map<string, GraphNode>();
  for (const node of nodes) {
    for (const output of node.outputs) {
      if (output === "") continue;
      if (maker.has(output) || known.has(output)) {
        throw new InputError(`${file}: the value ${output} is made twice, the second time by ${describeNode(node)}`);
      }
      maker.set(output, node);
    }
  }
  const waiting = new Map<GraphNode, number>();
  const users = new Map<GraphNode, GraphNode[]>();
  for (const node of nodes) {
    const needed = new Set<GraphNode>();
    for (const input of node.inputs) {
      if (input === "" || known.has(input)) continue;
      const from = maker.get(input);
      if (from === undefined) {
        throw new InputError(
          `${file}: ${
            describeNode(node)
          } needs ${input}, which is neither an input, nor stored, nor made by a node; use an intact file`,
        );
      }
      needed.add(from);
    }
    waiting.set(node, needed.size);
    for (const from of needed) {
      if (!users.has(from)) users.set(from, []);
      users.get(from)!.push(node);
    }
  }
  const sorted = nodes.filter((node) => waiting.get(node) === 0);
  for (let i = 0; i < sorted.length; i++) {
    for (const user of users.get(sorted[i]) ?? []) {
      waiting.set(user, waiting.get(user)! - 1);
      if (waiting.get(user) === 0) sorted.push(user);
    }
  }
  if (sorted.length < nodes.length) {
    const stuck = nodes.find((node) => waiting.get(node)! > 0)!;
    throw new InputError(`${file}: ${describeNode(stuck)} waits for its own output (the graph has a cycle)`);
  }
  const position = new Map(nodes.map((node, i) => [node, i]));
  const inOrder = nodes.every((node) =>
    (users.get(node) ?? []).every((user) => position.get(user)! > position.get(node)!)
  );
  return inOrder ? [...nodes] : sorted;
}

/** The nodes that use each value, in order. */
export function findUsers(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const users = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      if (!users.has(input)) users.set(input, []);
      users.get(input)!.push(node);
    }
  }
  return users;
}

/** The node that makes each value. */
export function findMakers(nodes: readonly GraphNode[]): Map<string, GraphNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** Reads attributes of a node by name; each falls back to a default where the node has none. */
export const attribute = {
  number: (node: GraphNode, name: string, otherwise: number): number => {
    const value = node.attributes.get(name);
    return typeof value === "number" ? value : otherwise;
  },
  text: (node: GraphNode, name: string, otherwise: string): string => {
    const value = node.attributes.get(name);
    return typeof value === "string" ? value : otherwise;
  },
  numbers: (node: GraphNode, name: string): readonly number[] | undefined => {
    const value = node.attributes.get(name);
    return Array.isArray(value) && value.every((each) => typeof each === "number") ? value : undefined;
  },
  array: (node: GraphNode, name: string): OnnxArray | undefined => {
    const value = node.attributes.get(name);
    return typeof value === "object" && "kind" in value ? value : undefined;
  },
} as const;
