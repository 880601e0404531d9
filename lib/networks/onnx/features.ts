/**
 * A network from an .onnx file as a function from images to one row of numbers each: an embedder of one's own.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Size } from "../../types.ts";
import { basename } from "node:path";
import { BatchRunner } from "./batch_runner.ts";
import { findMakers, type Graph } from "./graph.ts";
import { findImageInput, type OnnxInputOptions, prepareImages } from "./input.ts";
import { findLayers, type FoundLayer } from "./layers.ts";
import { refuseUnsupported } from "./operators/table.ts";
import { simplify } from "./passes/pass.ts";
import { readOnnx } from "./reading/read_onnx.ts";
import { unitsLast } from "./units_last.ts";
import { range, type Value } from "./value.ts";

/** How what lies at several places of an image becomes one row. */
export type FeaturePool = "mean" | "class-token";

/** Which numbers of a network are features, and how it takes its images. */
export interface OnnxFeatureOptions extends OnnxInputOptions {
  /** A layer's name as `polysem layers` lists it, or that of any value of the graph; its only output where it is left out. */
  readonly tensor?: string;
  /** Over positions or tokens: their mean, or the first token, which is the class token of a transformer. Their mean by default. */
  readonly pool?: FeaturePool;
}

/** A network as a function from images to features. */
export interface OnnxFeatures {
  readonly name: string;
  /** Size of the images that it takes. */
  readonly input: Size;
  /** Length D of a row of features. */
  readonly dimensions: number;
  /** Sha256 of the file and of those that hold its tensors, in hexadecimal. */
  readonly sha256: string;
  /**
   * Features of images.
   *
   * @param images pixels in [0, 1], shape [N, input.height, input.width, 3].
   * @returns shape [N, D].
   */
  features(images: tf.Tensor4D): tf.Tensor2D;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Loads a network. The backend must be ready (`useBackend`). Of a file of several inputs, as of an image and of a text, only
 * the part is used that the features need.
 *
 * @param file path of an .onnx file.
 * @throws {InputError} when the file is not intact, has what is not supported, or no such value.
 */
export function createOnnxFeatures(file: string, options: OnnxFeatureOptions = {}): Promise<OnnxFeatures> {
  return load(file, options);
}

async function load(
  file: string,
  { tensor, pool = "mean", ...inputOptions }: OnnxFeatureOptions,
): Promise<OnnxFeatures> {
  const { graph: whole, sha256 } = readOnnx(file);
  const value = await findValue(whole, tensor, inputOptions);
  const stored = leadingTo(whole, value);
  refuseUnsupported(stored);
  const input = findImageInput(stored, inputOptions);
  const { prepare, dispose: disposeInput } = prepareImages(input, inputOptions, file);
  const runner = new BatchRunner(simplify(stored).graph, input, prepare);
  const dispose = () => {
    runner.dispose();
    disposeInput();
  };
  try {
    const shapes = await runner.shapes();
    const view = findLayers(stored, shapes, input.size).find((each) => each.value === value)?.view ?? null;
    const features = (images: tf.Tensor4D) =>
      tf.tidy(() => {
        const [found] = runner.run(images, [value]);
        const row = toRows(found, view, images.shape[0], pool, `${file}: ${value}`);
        return row === found.tensor ? row.clone() : row;
      });
    const { height, width } = input.size;
    const dimensions = tf.tidy(() => features(tf.zeros([1, height, width, 3])).shape[1]);
    return { name: basename(file, ".onnx"), input: input.size, dimensions, sha256, features, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The name of the value that is wanted. */
async function findValue(graph: Graph, wanted: string | undefined, options: OnnxInputOptions): Promise<string> {
  const { file, outputs } = graph;
  if (wanted === undefined) {
    if (outputs.length === 1) return outputs[0];
    throw new InputError(
      `${file} has ${outputs.length} outputs (${listed(outputs)}); name the one that is the embedding, as by ` +
        `--embedder-tensor ${outputs[0]}`,
    );
  }
  if (graph.nodes.some((node) => node.outputs.includes(wanted))) return wanted;
  const layers = await layersOf(graph, options);
  const layer = layers.find(({ layer }) => layer.name === wanted || layer.aliases.includes(wanted));
  if (layer !== undefined) return layer.value;
  throw new InputError(
    `${file} has no layer and no value ${wanted}; its outputs are ${listed(outputs)}, and \`deno task polysem layers ` +
      `${file}\` lists its layers`,
  );
}

function listed(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ", ..." : "");
}

/** The layers of a whole graph, which one run of it tells. */
async function layersOf(graph: Graph, options: OnnxInputOptions): Promise<FoundLayer[]> {
  refuseUnsupported(graph);
  const input = findImageInput(graph, options);
  const { prepare, dispose } = prepareImages(input, options, graph.file);
  const runner = new BatchRunner(simplify(graph).graph, input, prepare);
  try {
    return findLayers(graph, await runner.shapes(), input.size);
  } finally {
    runner.dispose();
    dispose();
  }
}

/** The part of a graph that a value needs, with that value as its only output. */
function leadingTo(graph: Graph, value: string): Graph {
  const makers = findMakers(graph.nodes);
  const needed = new Set<string>();
  const waiting = [value];
  while (waiting.length > 0) {
    const name = waiting.pop()!;
    if (needed.has(name)) continue;
    needed.add(name);
    waiting.push(...makers.get(name)?.inputs ?? []);
  }
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: [value],
    nodes: graph.nodes.filter(({ outputs }) => outputs.some((name) => needed.has(name))),
  };
}

/** One row for each image. */
function toRows(
  value: Value,
  view: FoundLayer["view"],
  count: number,
  pool: FeaturePool,
  source: string,
): tf.Tensor2D {
  const unitAxis = value.rank === 4 ? 1 : value.rank - 1;
  const others = range(value.rank).slice(1).filter((axis) => axis !== unitAxis);
  const x = view === null ? value.inOrder([0, ...others, unitAxis]) : unitsLast(value, view, count);
  if (x.rank < 2 || x.rank > 4 || x.shape[0] !== count) {
    throw new InputError(
      `${source} has the shape [${
        value.shape.join(", ")
      }] for ${count} images; an embedding has a row for each image, ` +
        "at one place, at tokens or on a grid",
    );
  }
  if (x.rank === 2) return x as tf.Tensor2D;
  if (pool === "mean") return tf.mean(x, range(x.rank - 2, 1));
  if (x.rank === 4) {
    throw new InputError(`${source} lies on a grid, which has no class token; take the mean over its positions`);
  }
  return tf.reshape(tf.slice(x, [0, 0, 0], [count, 1, -1]), [count, -1]);
}
