/**
 * Every layer of the engine on fixed made-up inputs: its values and its gradients, on the backend in use. Run as a script
 * with the name of a backend, it prints them as JSON, or the reason why that backend cannot be had.
 *
 * @module
 */
import {
  type Backend,
  batchNormTrain,
  convolveConstant,
  convolveFused,
  depthToSpace,
  maxOfGroups,
  normalizeLast,
  relu,
  sigmoid,
  spaceToDepth,
  tf,
  useBackend,
  warp,
} from "../../lib/engine/mod.ts";
import { madeUp } from "../lpips/made_up.ts";

/** Results by name, row-major. */
export type LayerResults = Readonly<Record<string, readonly number[]>>;

/** Numbers in [-1, 1), a function of the stream. */
export function signed(stream: number, shape: readonly number[]): tf.Tensor {
  const count = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(madeUp(stream, count).map((value) => 2 * value - 1), [...shape]);
}

/** Maps that turn and stretch each of two images differently, about somewhere inside. */
export const TURNS: Float32Array = Float32Array.of(0.9, -0.2, 1.3, 0.2, 0.9, -0.4, 1.1, 0.3, -1.2, -0.3, 1.1, 0.7);
/** Two shifts by whole pixels: right 2 and up 1 for the first image, left 3 for the second. */
export const SHIFTS: Float32Array = Float32Array.of(1, 0, -2, 0, 1, 1, 1, 0, 3, 0, 1, 0);

/** Values and gradients of all layers, read at once. */
export function layerResults(): LayerResults {
  const tensors = layerTensors();
  const results = Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())] as const);
  tf.dispose(tensors);
  return Object.fromEntries(results);
}

/** The same, waited for, which a graphics card by WebGPU asks for. */
export async function layerResultsSoon(): Promise<LayerResults> {
  const tensors = layerTensors();
  const results = await Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [name, Array.from(await tensor.data())] as const),
  );
  tf.dispose(tensors);
  return Object.fromEntries(results);
}

/** Values and gradients of all layers, the caller's to free. */
function layerTensors(): Readonly<Record<string, tf.Tensor>> {
  const results: Record<string, tf.Tensor> = {};
  const keep = (name: string, tensor: tf.Tensor) => {
    results[name]?.dispose(); // as in the same pass before
    results[name] = tf.keep(tensor.clone());
  };
  const run = (name: string, input: tf.Tensor, layer: (x: tf.Tensor4D) => tf.Tensor) => {
    const value = layer(input as tf.Tensor4D);
    keep(name, value);
    const weights = signed(90, value.shape); // dy: different in every place
    keep(`${name} gradient`, tf.grad((x) => layer(x as tf.Tensor4D).mul(weights).sum())(input));
  };
  tf.tidy(() => {
    run("relu", signed(1, [2, 3, 5, 7]), (x) => relu(x));
    run("spaceToDepth", signed(2, [2, 4, 6, 3]), spaceToDepth);
    run("depthToSpace", signed(3, [2, 2, 3, 12]), depthToSpace);
    run("maxOfGroups", signed(4, [2, 3, 2, 20]), maxOfGroups);
    run("maxOfGroups of ties", signed(5, [2, 3, 2, 20]).mul(1.5).round(), maxOfGroups);
    run("sigmoid", signed(13, [2, 3, 5, 7]).mul(6), (x) => sigmoid(x));
    run("normalizeLast", signed(14, [2, 3, 2, 20]).mul(3).add(1), (x) => normalizeLast(x, 1e-5));
    const filter = signed(7, [3, 3, 4, 8]) as tf.Tensor4D;
    run("convolveConstant", signed(6, [2, 6, 5, 4]), (x) => convolveConstant(x, filter));
    const bias = signed(10, [8]) as tf.Tensor1D;
    for (const [stride, padding, activation] of [[1, 1, "relu"], [2, 1, "linear"], [2, 0, "relu"]] as const) {
      run(
        `convolveFused ${stride} ${padding} ${activation}`,
        signed(6, [2, 6, 5, 4]),
        (x) => convolveFused(x, { filter, bias, stride, padding, activation }),
      );
    }
    run("warp by shifts", signed(8, [2, 6, 5, 3]), (x) => warp(x, SHIFTS, 0.5, "nearest"));
    run("warp by turns", signed(9, [2, 6, 5, 3]), (x) => warp(x, TURNS, 0.5, "bilinear"));
    const [x, scale, offset] = batchNormInputs();
    const normalize = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
      batchNormTrain(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, 1e-3, ({ mean, variance }) => {
        keep("batchNormTrain mean", mean);
        keep("batchNormTrain variance", variance);
      });
    const value = normalize(x, scale, offset);
    keep("batchNormTrain", value);
    const dy = signed(90, value.shape);
    const gradients = tf.grads((a, b, c) => normalize(a, b, c).mul(dy).sum())([x, scale, offset]);
    keep("batchNormTrain gradient", gradients[0]);
    keep("batchNormTrain gradient of scale", gradients[1]);
    keep("batchNormTrain gradient of offset", gradients[2]);
  });
  return results;
}

/** x [3, 2, 4, 5] with a mean and spread that differ by channel, scale [5], offset [5]. */
export function batchNormInputs(): [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D] {
  const x = signed(10, [3, 2, 4, 5]).mul([1, 2, 0.5, 3, 1]).add([0, 1, -2, 0.5, 4]) as tf.Tensor4D;
  return [x, signed(11, [5]).add(1.5) as tf.Tensor1D, signed(12, [5]) as tf.Tensor1D];
}

if (import.meta.main) {
  const wanted = Deno.args[0] as Backend;
  try {
    const { backend } = await useBackend(wanted);
    console.log(
      JSON.stringify(
        backend === wanted ? { results: await layerResultsSoon() } : { reason: `${backend} was taken instead` },
      ),
    );
  } catch (error) {
    console.log(JSON.stringify({ reason: error instanceof Error ? error.message : String(error) }));
  }
}
