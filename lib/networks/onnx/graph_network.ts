/**
 * A network from an .onnx file whose units can be scored.
 *
 * @module
 */
import { tf, useBackend } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Size } from "../../types.ts";
import type { Network } from "../network.ts";
import { basename } from "node:path";
import type { Graph } from "./graph.ts";
import { findImageInput, type ImageInput, type OnnxInputOptions, prepareImages } from "./input.ts";
import { findLayers, type FoundLayer, type OnnxLayer, type Shapes, type UnitView } from "./layers.ts";
import { refuseUnsupported } from "./operators/table.ts";
import { simplify } from "./passes/pass.ts";
import { resolveReshapes } from "./passes/resolve_reshapes.ts";
import { inOneLine, readOnnx } from "./reading/read_onnx.ts";
import { GraphRunner } from "./run_graph.ts";
import { range, Value } from "./value.ts";

/** A network from a file, all of its layers, and the hash of its files. */
export interface OnnxNetwork extends Network {
  /** All layers, those that cannot be scored among them. */
  readonly allLayers: readonly OnnxLayer[];
  /** Sha256 of the file and of those that hold its tensors, in hexadecimal. */
  readonly sha256: string;
}

/** What a network is, without the network. */
export interface OnnxDescription {
  readonly name: string;
  readonly input: Size;
  /** 3 for colours, 1 for grey. */
  readonly channels: 1 | 3;
  /** All layers, those that cannot be scored among them. */
  readonly layers: readonly OnnxLayer[];
  readonly sha256: string;
}

/** Largest difference, relative to the largest entry, by which images run together may differ from images run alone. */
const BATCH_TOLERANCE = 1e-3;

/**
 * Loads a network. The backend must be ready (`useBackend`).
 *
 * @param file path of an .onnx file of one image input.
 * @throws {InputError} when the file is not intact, or has what is not supported.
 */
export function createOnnxNetwork(file: string, options: OnnxInputOptions = {}): Promise<OnnxNetwork> {
  return Promise.try(() => inOneLine(() => load(file, options)));
}

/** A network and how many channels its images have. */
type LoadedNetwork = OnnxNetwork & { readonly channels: 1 | 3 };

function load(file: string, options: OnnxInputOptions): LoadedNetwork {
  const { graph: stored, sha256 } = readOnnx(file);
  refuseUnsupported(stored);
  const input = findImageInput(stored, options);
  const { prepare, dispose } = prepareImages(input, options, file);
  const runner = new BatchRunner(simplify(stored).graph, input, prepare);
  try {
    const layers = findLayers(stored, runner.shapes(), input.size);
    return toNetwork(basename(file, ".onnx"), runner, layers, sha256, dispose);
  } catch (error) {
    runner.dispose();
    dispose();
    throw error;
  }
}

/**
 * Describes a network: some images run through it to tell the sizes of its layers. Starts the backend.
 *
 * @throws {InputError} when the file is not intact, or has what is not supported.
 */
export async function describeOnnx(file: string, options: OnnxInputOptions = {}): Promise<OnnxDescription> {
  await useBackend();
  const network = inOneLine(() => load(file, options));
  try {
    const { name, input, allLayers, sha256, channels } = network;
    return { name, input, channels, layers: allLayers, sha256 };
  } finally {
    network.dispose();
  }
}

function toNetwork(
  name: string,
  runner: BatchRunner,
  found: readonly FoundLayer[],
  sha256: string,
  dispose: () => void,
): LoadedNetwork {
  const scorable = found.filter(({ view }) => view !== null);
  const byName = new Map(
    scorable.flatMap((each) => [each.layer.name, ...each.layer.aliases].map((key) => [key, each])),
  );
  const layers = scorable.map(({ layer }) => layer);
  return {
    name,
    input: runner.input.size,
    channels: runner.input.channels,
    layers,
    allLayers: found.map(({ layer }) => layer),
    sha256,
    activations: (images, wanted) => {
      const asked = wanted.map((layer) => {
        const each = byName.get(layer);
        if (each === undefined) throw new RangeError(`${name} has no layer ${layer} that can be scored`);
        return each;
      });
      const count = images.shape[0];
      return tf.tidy(() =>
        runner.run(images, asked.map(({ value }) => value)).map((value, i) => {
          const tensor = unitsLast(value, asked[i].view!, count);
          return tensor === value.tensor ? tensor.clone() : tensor;
        })
      );
    },
    dispose: () => {
      runner.dispose();
      dispose();
    },
  };
}

/** [N, C], [N, T, C] or [N, H, W, C] of a value: images first, units last, and what lies between as positions. */
function unitsLast(value: Value, { unitAxis, batchAxis, positions }: UnitView, count: number): tf.Tensor {
  const rest = range(value.rank).filter((axis) => axis !== unitAxis && axis !== batchAxis);
  const tensor = value.inOrder([batchAxis, ...rest, unitAxis]);
  const units = value.shape[unitAxis];
  if (positions !== "tokens" || (value.rank === 3 && value.shape[batchAxis] === count)) return tensor;
  // tokens of an image may follow each other along the axis of images, or lie in windows
  return tensor.reshape([count, tensor.size / count / units, units]);
}

/** A graph on any number of images, whether or not its file fixes one. */
class BatchRunner {
  #runner: GraphRunner;
  /** Whether images may run together though the file fixes another number of them; found out at the first try. */
  #together = true;

  constructor(
    readonly graph: Graph,
    readonly input: ImageInput,
    readonly prepare: (images: tf.Tensor4D) => Value,
  ) {
    this.#runner = new GraphRunner(graph);
  }

  /** Values of images. Where their number cannot be changed, they run in groups of the file's own number. */
  run(images: tf.Tensor4D, wanted: readonly string[]): Value[] {
    const { batch } = this.input;
    const count = images.shape[0];
    if (batch === null || batch === count || this.#together) return this.#runAs(images, wanted);
    const groups = range(Math.ceil(count / batch)).map((i) => {
      const start = Math.min(i * batch, count);
      const part = images.slice([start, 0, 0, 0], [Math.min(batch, count - start), -1, -1, -1]);
      const lack = batch - part.shape[0];
      const filled = lack === 0 ? part : tf.concat(
        [part, tf.zeros<tf.Rank.R4>([lack, ...part.shape.slice(1)] as [number, number, number, number])],
        0,
      );
      return { values: this.#runAs(filled, wanted), share: part.shape[0] / batch };
    });
    return wanted.map((_, i) => {
      const parts = groups.map(({ values, share }) => {
        const { order, tensor, shape } = values[i];
        const place = order.indexOf(0);
        return tensor.slice(
          tensor.shape.map(() => 0),
          tensor.shape.map((n, at) => at === place ? shape[0] * share : n),
        );
      });
      const { order } = groups[0].values[i];
      return new Value(parts.length === 1 ? parts[0] : tf.concat(parts, order.indexOf(0)), order);
    });
  }

  /** Shapes of all values that depend on the images, for two numbers of images. */
  shapes(): Map<string, Shapes> {
    const { batch } = this.input;
    const [firstCount, secondCount] = [batch ?? 1, (batch ?? 1) + 1];
    const first = this.#probe(firstCount);
    if (batch !== null) this.#resolve(first.shapes);
    const second = this.#probeMore(secondCount, first);
    this.#together = second !== undefined;
    return new Map(
      [...first.shapes].map(([name, shape]) => [
        name,
        { first: shape, firstCount, second: second?.shapes.get(name), secondCount },
      ]),
    );
  }

  dispose(): void {
    this.#runner.dispose();
  }

  #runAs(images: tf.Tensor4D, wanted: readonly string[], onValue?: (name: string, value: Value) => void): Value[] {
    const { name, batch } = this.input;
    const rebatched = batch !== null && batch !== images.shape[0];
    return this.#runner.run(new Map([[name, this.prepare(images)]]), wanted, rebatched, onValue);
  }

  /** Writes out the shapes that the file fixes, for runs of another number of images. */
  #resolve(shapes: ReadonlyMap<string, readonly number[]>): void {
    const { graph, changed } = resolveReshapes(this.graph, shapes);
    if (!changed) return;
    this.#runner.dispose();
    this.#runner = new GraphRunner(graph);
  }

  /** Runs made-up images, each another one and none flat; the first of them are the same for any number. */
  #probe(count: number): Probe {
    const { height, width } = this.input.size;
    const shapes = new Map<string, readonly number[]>();
    const outputs: Float32Array[] = [];
    tf.tidy(() => {
      const entries = Float32Array.from(
        { length: count * height * width * 3 },
        (_, i) => (i * 0.618034 + (i >> 7) * 0.37) % 1,
      );
      const images = tf.tensor4d(entries, [count, height, width, 3]);
      const values = this.#runAs(images, this.#ends(), (name, value) => shapes.set(name, value.shape));
      for (const value of values) outputs.push(value.plain().dataSync() as Float32Array);
    });
    return { count, shapes, outputs };
  }

  /** The same with more images; undefined where the file does not let its number of images change. */
  #probeMore(count: number, first: Probe): Probe | undefined {
    if (this.input.batch === null) return this.#probe(count);
    try {
      const probe = this.#probe(count);
      return probe.outputs.every((output, i) => beginsWith(output, first.outputs[i], count / first.count))
        ? probe
        : undefined;
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** Outputs, and values that nobody uses: together they need every node. */
  #ends(): string[] {
    const used = new Set(this.graph.nodes.flatMap(({ inputs }) => inputs));
    const unused = this.graph.nodes.map(({ outputs }) => outputs[0]).filter((name) => !used.has(name));
    return [...new Set([...this.graph.outputs, ...unused])];
  }
}

/** What a run of made-up images tells. */
interface Probe {
  readonly count: number;
  /** Shapes of the values that depend on the images. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Entries of the graph's outputs. */
  readonly outputs: readonly Float32Array[];
}

/** Whether entries are so many times as many as others, and begin with them up to rounding. */
function beginsWith(entries: Float32Array, others: Float32Array, times: number): boolean {
  if (entries.length !== others.length * times) return false;
  const scale = others.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return others.every((value, i) => Math.abs(value - entries[i]) <= BATCH_TOLERANCE * scale);
}
