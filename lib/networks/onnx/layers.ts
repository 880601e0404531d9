/**
 * The layers of a graph: which values have units, where a unit's responses lie, and why some have none.
 *
 * @module
 */
import type { LayerInfo, Size } from "../../types.ts";
import { findMakers, findUsers, type Graph, type GraphNode } from "./graph.ts";
import { nameLayers, weightPath } from "./naming.ts";
import { product } from "./value.ts";

/** A layer of a network that came from a file. */
export interface OnnxLayer extends LayerInfo {
  /** Other names: that of the convolution into which the exporter folded a normalization. */
  readonly aliases: readonly string[];
  /** The operator that makes its values. */
  readonly operator: string;
  /** Shape of its values for one image, in the file's order of axes. */
  readonly shape: readonly number[];
  /** Whether its values are what a nonlinearity would be given: signed, before any. */
  readonly beforeNonlinearity: boolean;
  /** The nonlinearity that follows, if one does. */
  readonly nonlinearity: string | null;
  /** Why its units cannot be scored; null where they can. */
  readonly reason: string | null;
}

/** A layer and how its values become units. */
export interface FoundLayer {
  readonly layer: OnnxLayer;
  /** Name of the value in the graph. */
  readonly value: string;
  readonly view: UnitView | null;
}

/** How a value becomes [N, C], [N, T, C] or [N, H, W, C]. */
export interface UnitView {
  /** Axis of the units. */
  readonly unitAxis: number;
  /** Axis of the images. */
  readonly batchAxis: number;
  /** Where the units' responses lie. */
  readonly positions: LayerInfo["positions"];
}

/** Shapes of a value for two numbers of images; the second is undefined where only one number can be run. */
export interface Shapes {
  readonly first: readonly number[];
  readonly firstCount: number;
  readonly second: readonly number[] | undefined;
  readonly secondCount: number;
}

const ACTIVATIONS = [
  "Relu",
  "Sigmoid",
  "Tanh",
  "Gelu",
  "Elu",
  "Selu",
  "Celu",
  "LeakyRelu",
  "PRelu",
  "HardSwish",
  "HardSigmoid",
  "Softplus",
  "Softsign",
  "Mish",
  "Swish",
  "ThresholdedRelu",
  "Clip",
  "Softmax",
  "LogSoftmax",
  "Erf",
];
const POOLS = [
  "MaxPool",
  "AveragePool",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "LpPool",
  "GlobalLpPool",
  "ReduceMean",
  "ReduceMax",
];
/** Operators whose units are axis 1. */
const CHANNEL_LAYERS = [
  "Conv",
  "ConvTranspose",
  "BatchNormalization",
  "InstanceNormalization",
  "GroupNormalization",
  "Gemm",
];
/** Operators whose units are the last axis. */
const FEATURE_LAYERS = ["MatMul", "LayerNormalization", "RMSNormalization"];
/** Operators that keep every axis where it is. */
const KEEPS_AXES = [
  ...ACTIVATIONS,
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Sum",
  "Pad",
  "Slice",
  "Cast",
  "Pow",
  "Sqrt",
  "MaxPool",
  "AveragePool",
];
/** Operators that the list of layers shows though they cannot be scored. */
const SHOWN = [...ACTIVATIONS, ...POOLS, "Attention", "Concat", "Mul"];

/**
 * The layers of a graph in the order in which they are computed.
 *
 * @param shapes shapes of the values that depend on the images.
 * @param image size of the images.
 */
export function findLayers(graph: Graph, shapes: ReadonlyMap<string, Shapes>, image: Size): FoundLayer[] {
  const context = new Layout(graph, shapes, image);
  const nodes = graph.nodes.filter((node) => context.isListed(node));
  const entries = nodes.map((node) => ({ node, rank: context.rankOf(node), weight: context.weightOf(node) }));
  const names = nameLayers(entries);
  const taken = new Set(names);
  return nodes.map((node, i) => {
    const { weight } = entries[i];
    const aliases = weight === undefined || taken.has(weight) ? [] : [weight];
    if (weight !== undefined) taken.add(weight);
    return context.describe(node, names[i], aliases);
  });
}

/** Operators that only split and join axes. */
const RESHAPES = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"];

/** Where an axis is after a reshape: as far from the first entry as before, and as long; undefined where there is none. */
function sameAxis(from: readonly number[], axis: number, to: readonly number[]): number | undefined {
  const before = product(from.slice(0, axis));
  const found = to.findIndex((n, i) => n === from[axis] && product(to.slice(0, i)) === before);
  return found < 0 ? undefined : found;
}

/** Where an axis is after one entry of another axis was taken. */
function axisAfterGather(node: GraphNode, axis: number, rank: number, rankAfter: number): number | undefined {
  const given = node.attributes.get("axis") ?? 0;
  const taken = typeof given !== "number" ? axis : given < 0 ? given + rank : given;
  if (taken === axis || rankAfter > rank) return undefined;
  return rankAfter === rank || axis < taken ? axis : axis - 1;
}

/** What is known of the values of a graph. */
class Layout {
  readonly #makers: ReadonlyMap<string, GraphNode>;
  readonly #users: ReadonlyMap<string, readonly GraphNode[]>;
  readonly #unitAxes = new Map<string, number>();
  /** Names of the layers that can be scored, by their values; filled in order. */
  readonly #scorable = new Map<string, string>();

  constructor(readonly graph: Graph, readonly shapes: ReadonlyMap<string, Shapes>, readonly image: Size) {
    this.#makers = findMakers(graph.nodes);
    this.#users = findUsers(graph.nodes);
    for (const node of graph.nodes) {
      const axis = this.#axisOf(node);
      if (axis !== undefined) this.#unitAxes.set(node.outputs[0], axis);
    }
  }

  /** Whether a node shows among the layers: it depends on the images, and is more than a rearrangement. */
  isListed(node: GraphNode): boolean {
    if (!this.shapes.has(node.outputs[0])) return false;
    if (this.holdsWeights(node) || node.operator === "MatMul" || SHOWN.includes(node.operator)) {
      return !this.#isStep(node);
    }
    return ["Add", "Sum"].includes(node.operator) && this.#fromImages(node).length > 1;
  }

  /** Whether a node applies weights of its own. */
  holdsWeights(node: GraphNode): boolean {
    if (node.operator === "MatMul") return this.#fromImages(node).length === 1;
    return CHANNEL_LAYERS.includes(node.operator) || FEATURE_LAYERS.includes(node.operator);
  }

  /** 0 where a node applies weights, 1 where it adds what others give, 2 otherwise. */
  rankOf(node: GraphNode): number {
    return this.holdsWeights(node) ? 0 : ["Add", "Sum"].includes(node.operator) ? 1 : 2;
  }

  /** The path of the module whose weights a node uses, its bias's where a MatMul's own have lost their name. */
  weightOf(node: GraphNode): string | undefined {
    if (!this.holdsWeights(node)) return undefined;
    const bias = this.#makers.get(this.#withBias(node));
    return weightPath([...node.inputs.slice(1), ...bias === node ? [] : bias?.inputs ?? []]);
  }

  describe(node: GraphNode, name: string, aliases: readonly string[]): FoundLayer {
    const value = this.#withBias(node);
    const { first, firstCount } = this.shapes.get(value)!;
    const shape = [...first];
    const view = this.#viewOf(value);
    const reason = this.#reasonAgainst(node, view, first.length);
    if (view !== null) shape[view.batchAxis] /= firstCount;
    const units = view === null ? 0 : first[view.unitAxis];
    // without the axis of images, where that is the first
    const isBatched = view === null
      ? shape.length > 1 && shape[0] === firstCount
      : view.batchAxis === 0 && shape[0] === 1;
    const layer: OnnxLayer = {
      name,
      aliases,
      positions: view?.positions ?? "none",
      units,
      operator: node.operator,
      shape: isBatched ? shape.slice(1) : shape,
      beforeNonlinearity: this.rankOf(node) < 2,
      nonlinearity: this.#nonlinearityAfter(value),
      reason,
    };
    if (reason === null) this.#scorable.set(value, name);
    return { layer, value, view: reason === null ? view : null };
  }

  #fromImages(node: GraphNode): string[] {
    return node.inputs.filter((name) => this.shapes.has(name));
  }

  /** Multiplications by constants and the steps of a larger formula are not shown. */
  #isStep(node: GraphNode): boolean {
    if (node.operator === "Mul") return this.#fromImages(node).length < 2;
    if (node.operator === "Erf" || node.operator === "Concat") {
      return node.operator === "Erf" || this.#fromImages(node).length < 2;
    }
    return false;
  }

  /** The sum with a stored bias that follows a MatMul, else the value itself. */
  #withBias(node: GraphNode): string {
    const [value] = node.outputs;
    if (node.operator === "InstanceNormalization") return this.#afterGroups(value);
    if (node.operator !== "MatMul" || this.graph.outputs.includes(value)) return value;
    const users = this.#users.get(value) ?? [];
    if (users.length !== 1 || users[0].operator !== "Add") return value;
    const bias = users[0].inputs.find((name) => name !== value) ?? "";
    const stored = this.graph.constants.get(bias);
    return stored !== undefined && stored.shape.length <= 1 ? users[0].outputs[0] : value;
  }

  /** Older opsets write a GroupNorm as an InstanceNormalization between reshapes, then a scale and a shift. */
  #afterGroups(value: string): string {
    let name = value;
    for (const operator of ["Reshape", "Mul", "Add"]) {
      const users = this.#users.get(name) ?? [];
      if (users.length !== 1 || users[0].operator !== operator) return value;
      name = users[0].outputs[0];
    }
    return name;
  }

  /** Which axis of a node's output holds units, where that can be told. */
  #axisOf(node: GraphNode): number | undefined {
    const shape = this.shapes.get(node.outputs[0])?.first;
    if (shape === undefined) return undefined;
    if (CHANNEL_LAYERS.includes(node.operator)) return 1;
    if (node.operator === "Reshape" && this.#makers.get(node.inputs[0])?.operator === "InstanceNormalization") return 1;
    if (FEATURE_LAYERS.includes(node.operator)) return this.holdsWeights(node) ? shape.length - 1 : undefined;
    const known = node.inputs.flatMap((name) => {
      const axis = this.#unitAxes.get(name);
      const rank = this.shapes.get(name)?.first.length;
      return axis === undefined || rank === undefined ? [] : [{ axis, rank }];
    });
    if (known.length === 0) return undefined;
    const [{ axis, rank }] = known;
    if (node.operator === "Transpose") {
      const permutation = node.attributes.get("perm");
      return Array.isArray(permutation) ? permutation.indexOf(axis) : undefined;
    }
    if (RESHAPES.includes(node.operator)) return sameAxis(this.shapes.get(node.inputs[0])!.first, axis, shape);
    if (node.operator === "Gather") return axisAfterGather(node, axis, rank, shape.length);
    const sameAxes = KEEPS_AXES.includes(node.operator) && rank === shape.length || node.operator === "Concat";
    return sameAxes && known.every((each) => each.axis === axis) ? axis : undefined;
  }

  #viewOf(value: string): UnitView | null {
    const unitAxis = this.#unitAxes.get(value) ?? -1;
    const { first, firstCount, second, secondCount } = this.shapes.get(value)!;
    if (unitAxis < 0) return null;
    const changed = second === undefined ? [] : first.flatMap((n, axis) => n === second[axis] ? [] : [axis]);
    const batchAxis = second === undefined && first[0] % firstCount === 0 ? 0 : changed[0] ?? -1;
    if (batchAxis < 0 || batchAxis === unitAxis || changed.length > 1) return null;
    if (second !== undefined && first[batchAxis] * secondCount !== second[batchAxis] * firstCount) return null;
    return { unitAxis, batchAxis, positions: this.#positionsOf(first, unitAxis, first[batchAxis] / firstCount) };
  }

  /**
   * Where responses lie: by the number of axes, but for windows of tokens, which have as many axes as a grid and another
   * shape than the image.
   *
   * @param each places along the axis of the images for each of them.
   */
  #positionsOf(shape: readonly number[], unitAxis: number, each: number): LayerInfo["positions"] {
    if (shape.length === 2 && each === 1) return "none";
    if (shape.length !== 4 || each !== 1) return "tokens";
    const [down, across] = unitAxis === 1 ? shape.slice(2) : shape.slice(1, 3);
    const { height, width } = this.image;
    // rounding at each stride may change the ratio a little
    const isLikeImage = Math.abs(down * width - across * height) <= Math.max(height, width);
    return unitAxis === 1 || isLikeImage ? "grid" : "tokens";
  }

  #reasonAgainst(node: GraphNode, view: UnitView | null, rank: number): string | null {
    const source = this.#sourceOf(node);
    if (ACTIVATIONS.includes(node.operator)) return `its values are after a nonlinearity${source}`;
    if (POOLS.includes(node.operator)) return `a pool has no units of its own${source}`;
    if (node.operator === "Concat") return `it joins layers${source}`;
    if (
      node.operator === "Mul" || node.operator === "Attention" || node.operator === "MatMul" && !this.holdsWeights(node)
    ) {
      return "a product of activations has no units of its own";
    }
    if (view === null) return "which of its axes holds units cannot be told";
    return rank >= 2 && rank <= 4
      ? null
      : `its values have ${rank} axes; units lie at one place, on a grid or at tokens`;
  }

  /** The nearest layer before a node that can be scored, as a remark. */
  #sourceOf(node: GraphNode): string {
    let current: GraphNode | undefined = node;
    for (let steps = 0; steps < 8 && current !== undefined; steps++) {
      const before: string | undefined = current.inputs.find((name) => this.shapes.has(name));
      const found = before === undefined ? undefined : this.#scorable.get(before);
      if (found !== undefined) return `; score ${found}`;
      current = before === undefined ? undefined : this.#makers.get(before);
    }
    return "";
  }

  /** The first nonlinearity after a value, beyond what only scales and moves it. */
  #nonlinearityAfter(value: string): string | null {
    let name = value;
    for (let steps = 0; steps < 4; steps++) {
      const users = this.#users.get(name) ?? [];
      const direct = users.find(({ operator }) => ACTIVATIONS.includes(operator));
      if (direct !== undefined) return direct.operator;
      const passing = users.length === 1 &&
        ["BatchNormalization", "Add", "Transpose", "Reshape"].includes(users[0].operator);
      if (!passing) return null;
      name = users[0].outputs[0];
    }
    return null;
  }
}
