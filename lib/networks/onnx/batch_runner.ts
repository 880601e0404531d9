/**
 * A graph on any number of images.
 *
 * @module
 */
import { readAll, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Graph } from "./graph.ts";
import type { ImageInput } from "./input.ts";
import type { Shapes } from "./layers.ts";
import { resolveReshapes } from "./passes/resolve_reshapes.ts";
import { GraphRunner } from "./run_graph.ts";
import { range, Value } from "./value.ts";

/** Largest difference, relative to the largest entry, by which images run together may differ from images run alone. */
const BATCH_TOLERANCE = 1e-3;

/** A graph on any number of images, whether or not its file fixes one. */
export class BatchRunner {
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

  /**
   * Values of images. Where their number cannot be changed, they run in groups of the file's own number.
   *
   * @param onValue as of `GraphRunner.run`; not called where images run in groups.
   */
  run(images: tf.Tensor4D, wanted: readonly string[], onValue?: (name: string, value: Value) => Value): Value[] {
    const { batch } = this.input;
    const count = images.shape[0];
    if (batch === null || batch === count || this.#together) {
      return this.#runAs(images, wanted, onValue);
    }
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
  async shapes(): Promise<Map<string, Shapes>> {
    const { batch } = this.input;
    const [firstCount, secondCount] = [batch ?? 1, (batch ?? 1) + 1];
    const first = await this.#probe(firstCount);
    if (batch !== null) this.#resolve(first.shapes);
    const second = await this.#probeMore(secondCount, first);
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

  #runAs(images: tf.Tensor4D, wanted: readonly string[], onValue?: (name: string, value: Value) => Value): Value[] {
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
  async #probe(count: number): Promise<Probe> {
    const { height, width } = this.input.size;
    const shapes = new Map<string, readonly number[]>();
    const outputs = await readAll(() => {
      const entries = Float32Array.from(
        { length: count * height * width * 3 },
        (_, i) => (i * 0.618034 + (i >> 7) * 0.37) % 1,
      );
      const images = tf.tensor4d(entries, [count, height, width, 3]);
      const ends = this.#ends();
      const values = this.#runAs(images, ends, (name, value) => {
        shapes.set(name, value.shape);
        return value;
      });
      // a value that nobody uses may be a constant, which has no more entries for more images
      return values.filter((_, i) => shapes.has(ends[i])).map((value) => value.plain());
    });
    return { count, shapes, outputs };
  }

  /** The same with more images; undefined where the file does not let its number of images change. */
  async #probeMore(count: number, first: Probe): Promise<Probe | undefined> {
    if (this.input.batch === null) return await this.#probe(count);
    try {
      const probe = await this.#probe(count);
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
