/**
 * Runs a graph: only the nodes that the wanted values need, each once. What does not depend on the images is computed once
 * and kept: constants for good, sizes and whatever follows from them for each number of images.
 *
 * @module
 */
import { onHost, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { describeNode, findMakers, type Graph, type GraphNode } from "./graph.ts";
import { findOperator } from "./operators/table.ts";
import { type Known, Value } from "./value.ts";

/** For how many numbers of images sizes are kept. */
const MOST_BATCHES = 16;
/** Operators that ask for the shape of a value alone. */
const ASKS_SHAPE = ["Shape", "Size"];

/** A graph that can be run. */
export class GraphRunner {
  readonly #constants = new Map<string, Value>();
  readonly #batches = new Map<string, Map<string, Value>>();
  readonly #makers: ReadonlyMap<string, GraphNode>;
  readonly #position: ReadonlyMap<GraphNode, number>;

  constructor(readonly graph: Graph) {
    this.#makers = findMakers(graph.nodes);
    this.#position = new Map(graph.nodes.map((node, i) => [node, i]));
  }

  /**
   * Computes values. Call it inside of a tidy: what it does not keep is the caller's.
   *
   * @param feeds values of the graph's inputs by name; those that are marked as known may be folded.
   * @param wanted names of values.
   * @param rebatched whether the feeds hold another number of images than the file fixes.
   * @param onValue is shown every value that depends on the images, when it is made; what it returns takes its place.
   * @throws {InputError} when a node has what its operator does not support.
   */
  run(
    feeds: ReadonlyMap<string, Value>,
    wanted: readonly string[],
    rebatched = false,
    onValue: (name: string, value: Value) => Value = (_, value) => value,
  ): Value[] {
    const batch = this.#batchOf(feeds);
    const values = new Map<string, Value>(feeds);
    const find = (name: string) => values.get(name) ?? batch.get(name) ?? this.#constant(name);
    const nodes = this.#schedule(wanted, (name) => find(name) !== undefined);
    const left = this.#countUses(nodes, wanted);
    for (const node of nodes) {
      const inputs = node.inputs.map((name) => name === "" ? undefined : find(name));
      for (const [i, value] of this.#compute(node, inputs, rebatched).entries()) {
        const name = node.outputs[i];
        if (name === undefined || name === "") continue;
        if (value.known === "always") this.#constants.set(name, value.keep());
        else if (value.known === "for a batch") batch.set(name, value.keep());
        else values.set(name, onValue(name, value));
      }
      for (const name of new Set(node.inputs)) {
        const uses = (left.get(name) ?? 0) - 1;
        left.set(name, uses);
        if (uses === 0 && values.has(name) && !feeds.has(name)) tf.dispose(values.get(name)!.tensors());
      }
    }
    return wanted.map((name) => find(name)!);
  }

  /** Frees what is kept. */
  dispose(): void {
    for (const values of [this.#constants, ...this.#batches.values()]) {
      for (const value of values.values()) tf.dispose(value.tensors());
      values.clear();
    }
    this.#batches.clear();
  }

  /** What is known for inputs of these shapes. */
  #batchOf(feeds: ReadonlyMap<string, Value>): Map<string, Value> {
    const key = [...feeds].map(([name, value]) => `${name}:${value.shape}`).join(";");
    let found = this.#batches.get(key);
    if (found === undefined) {
      if (this.#batches.size >= MOST_BATCHES) {
        const [oldest, values] = this.#batches.entries().next().value!;
        for (const value of values.values()) tf.dispose(value.tensors());
        this.#batches.delete(oldest);
      }
      this.#batches.set(key, found = new Map());
    }
    return found;
  }

  /** A stored tensor, made when it is first asked for. */
  #constant(name: string): Value | undefined {
    const known = this.#constants.get(name);
    if (known !== undefined) return known;
    const stored = this.graph.constants.get(name);
    if (stored === undefined) return undefined;
    const value = Value.from(stored.read()).keep();
    value.known = "always";
    this.#constants.set(name, value);
    return value;
  }

  /** The nodes that lead to values, in order; a walk of its own stack, since graphs are deep. */
  #schedule(wanted: readonly string[], isKnown: (name: string) => boolean): GraphNode[] {
    const needed = new Set<GraphNode>();
    const waiting = [...wanted];
    while (waiting.length > 0) {
      const name = waiting.pop()!;
      if (name === "" || isKnown(name)) continue;
      const node = this.#makers.get(name);
      if (node === undefined) throw new InputError(`${this.graph.file}: nothing makes the value ${name}`);
      if (needed.has(node)) continue;
      needed.add(node);
      waiting.push(...node.inputs);
    }
    return [...needed].sort((a, b) => this.#position.get(a)! - this.#position.get(b)!);
  }

  #countUses(nodes: readonly GraphNode[], wanted: readonly string[]): Map<string, number> {
    const left = new Map<string, number>();
    const add = (name: string, count: number) => left.set(name, (left.get(name) ?? 0) + count);
    for (const node of nodes) for (const name of new Set(node.inputs)) add(name, 1);
    for (const name of wanted) add(name, 1);
    return left;
  }

  #compute(node: GraphNode, inputs: readonly (Value | undefined)[], rebatched: boolean): readonly Value[] {
    const operator = findOperator(node.operator)!;
    const known = leastKnown(inputs, ASKS_SHAPE.includes(node.operator));
    const compute = () => operator({ node, inputs, opset: this.graph.opset, rebatched });
    let result: Value | readonly Value[];
    try {
      // sizes and what follows from them are asked for while the graph runs; a shape is read off the images where they lie
      result = known === "no" || inputs.some((value) => value?.known === "no") ? compute() : onHost(compute);
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${this.graph.file}: ${error.message}`);
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      const shapes = inputs.map((value) => value === undefined ? "none" : `[${value.shape.join(", ")}]`).join(", ");
      throw new InputError(`${this.graph.file}: ${describeNode(node)} fails on inputs of shapes ${shapes}: ${reason}`);
    }
    const outputs = result instanceof Value ? [result] : result;
    for (const output of outputs) output.known = known;
    return outputs;
  }
}

/** What follows from values is known as soon as the last of them is; a shape as soon as the number of images. */
function leastKnown(inputs: readonly (Value | undefined)[], shapeAlone: boolean): Known {
  const levels = inputs.flatMap((value) => value === undefined ? [] : [value.known]);
  if (levels.every((level) => level === "always")) return "always";
  return shapeAlone || !levels.includes("no") ? "for a batch" : "no";
}
