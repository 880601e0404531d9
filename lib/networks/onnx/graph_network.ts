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
import { readOnnx } from "./reading/read_onnx.ts";
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
  return Promise.try(() => {
    const { graph: stored, sha256 } = readOnnx(file);
    refuseUnsupported(stored);
    const input = findImageInput(stored, options);
    const { prepare, dispose } = prepareImages(input, options, file);
    const runner = new BatchRunner(simplify(stored).graph, input, prepare);
    try {
      const layers = findLayers(stored, runner.shapes());
      return toNetwork(basename(file, ".onnx"), runner, layers, sha256, dispose);
    } catch (error) {
      runner.dispose();
      dispose();
      throw error;
    }
  });
}

/**
 * Describes a network: one image runs through it to tell the sizes of its layers. Starts the backend.
 *
 * @throws {InputError} when the file is not intact, or has what is not supported.
 */
export async function describeOnnx(file: string, options: OnnxInputOptions = {}): Promise<OnnxDescription> {
  await useBackend();
  const network = await createOnnxNetwork(file, options);
  try {
    const { name, input, allLayers, sha256, channels } = network as OnnxNetwork & { readonly channels: 1 | 3 };
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
): OnnxNetwork & { readonly channels: 1 | 3 } {
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
function unitsLast(value: Value, { unitAxis, batchAxis }: UnitView, count: number): tf.Tensor {
  const rest = range(value.rank).filter((axis) => axis !== unitAxis && axis !== batchAxis);
  const tensor = value.inOrder([batchAxis, ...rest, unitAxis]);
  const units = value.shape[unitAxis];
  // several tokens of an image may follow each other along the axis of images
  const tokens = value.shape[batchAxis] / count;
  if (tokens === 1) return tensor;
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
    const firstCount = batch ?? 1;
    const secondCount = firstCount + 1;
    const names = this.graph.nodes.map(({ outputs }) => outputs[0]);
    const first = this.#shapesOf(firstCount, names);
    if (batch !== null) {
      const resolved = resolveReshapes(this.graph, first);
      if (resolved.changed) {
        this.#runner.dispose();
        this.#runner = new GraphRunner(resolved.graph);
      }
    }
    if (batch !== null) this.#together = this.#runsTogether(firstCount, secondCount);
    const second = this.#together ? this.#shapesOf(secondCount, names) : undefined;
    return new Map(
      [...first].map(([name, shape]) => [name, { first: shape, firstCount, second: second?.get(name), secondCount }]),
    );
  }

  dispose(): void {
    this.#runner.dispose();
  }

  #runAs(images: tf.Tensor4D, wanted: readonly string[]): Value[] {
    const { name, batch } = this.input;
    const rebatched = batch !== null && batch !== images.shape[0];
    return this.#runner.run(new Map([[name, this.prepare(images)]]), wanted, rebatched);
  }

  #images(count: number): tf.Tensor4D {
    const { height, width } = this.input.size;
    // every image another one, none of them flat
    const entries = Float32Array.from(
      { length: count * height * width * 3 },
      (_, i) => (i * 0.618034 + (i >> 7) * 0.37) % 1,
    );
    return tf.tensor4d(entries, [count, height, width, 3]);
  }

  #shapesOf(count: number, names: readonly string[]): Map<string, readonly number[]> {
    const shapes = new Map<string, readonly number[]>();
    tf.tidy(() => {
      const values = this.#runAs(this.#images(count), names);
      values.forEach((value, i) => value.known === "no" && shapes.set(names[i], value.shape));
    });
    return shapes;
  }

  /** Whether the outputs of images are the same when one more runs beside them. */
  #runsTogether(own: number, other: number): boolean {
    const { outputs } = this.graph;
    try {
      return tf.tidy(() => {
        const images = this.#images(other);
        const alone = this.#runAs(images.slice([0, 0, 0, 0], [own, -1, -1, -1]), outputs);
        const beside = this.#runAs(images, outputs);
        return alone.every((value, i) => {
          const [a, b] = [value.plain(), beside[i].plain()];
          if (b.shape[0]! * own !== a.shape[0]! * other) return false;
          const difference = tf.max(tf.abs(tf.sub(a, b.slice([0], [a.shape[0]!])))).dataSync()[0];
          return difference <= BATCH_TOLERANCE * Math.max(1e-6, tf.max(tf.abs(a)).dataSync()[0]);
        });
      });
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  }
}
