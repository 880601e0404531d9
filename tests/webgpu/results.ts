/**
 * What a backend makes of made-up images: every layer of the engine, networks and their gradients, the metric, an embedder and
 * a network from an .onnx file. As a program it prints them as JSON, by the backend that it is told.
 */
import { join } from "node:path";
import { loadEmbedder } from "../../lib/embed/mod.ts";
import { type Backend, readData, tf, useBackend } from "../../lib/engine/mod.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import { loadNetwork, type ModelRef } from "../../lib/networks/mod.ts";
import { scoreAll } from "../../lib/jobs/mod.ts";
import { loadContext } from "../../lib/pipeline/mod.ts";
import { layerResultsSoon, signed } from "../engine/layer_cases.ts";
import { memoryStore } from "../jobs/memory_store.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { JOBS, RANGE, UNIT_CONTEXT } from "./unit.ts";

/** Numbers by what they are of. */
export type Results = Readonly<Record<string, readonly number[]>>;

function onnx(file: string): ModelRef {
  return { kind: "onnx", file: join(import.meta.dirname!, "..", "..", "fixtures", "onnx", file) };
}

/** Of each network the layer whose values and gradient are taken; null for the last. */
const NETWORKS: readonly (readonly [name: string, ref: ModelRef, layer: string | null])[] = [
  ["LeNet-5", { kind: "shipped", name: "lenet5-cifar10" }, "fc3"],
  // to the end of the first block that halves the map: its stem and three blocks, one with a shortcut of its own
  ["ResNet-18", { kind: "shipped", name: "resnet18-cifar10" }, "layer2.0"],
  ["ViT", { kind: "shipped", name: "vit-cifar10" }, "blocks.1"],
  ["MobileNet from a file", onnx("mobilenet.script.onnx"), null],
  ["ViT from a file", onnx("vit.dynamo.onnx"), null],
];

/** Operations on tensors of five axes, as attention has them, and their gradients. */
async function rankResults(): Promise<Results> {
  const operations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
    pad: (x) => tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 2], [0, 0]], 0.5),
    slice: (x) => tf.slice(x, [0, 1, 0, 1, 0], [2, 2, 2, 3, 3]),
    transpose: (x) => tf.transpose(x, [2, 0, 3, 1, 4]),
    unstack: (x) => tf.concat(tf.unstack(x, 2), 1),
    tile: (x) => tf.tile(x, [1, 2, 1, 1, 3]),
    broadcast: (x) => tf.mul(x, tf.slice(x, [0, 0, 0, 0, 0], [2, 1, 2, 1, 3])),
    sum: (x) => tf.sum(x, [1, 3]),
    max: (x) => tf.max(x, [2, 4]),
    softmax: (x) => tf.softmax(x),
    gather: (x) => tf.gather(x, [2, 0, 2], 1),
    strided: (x) => tf.stridedSlice(x, [0, 0, 0, 0, 0], [2, 3, 2, 4, 3], [1, 2, 1, 1, 2]),
  };
  const x = signed(20, [2, 3, 2, 4, 3]);
  const results: Record<string, readonly number[]> = {};
  for (const [name, operation] of Object.entries(operations)) {
    results[name] = [...await readData(() => operation(x))];
    if (name === "strided" || name === "tile") continue; // TensorFlow.js has no gradients of them
    results[`${name} gradient`] = [
      ...await readData(() => tf.grad((x) => tf.sum(tf.mul(operation(x), signed(21, operation(x).shape))))(x)),
    ];
  }
  x.dispose();
  return results;
}

async function networkResults(): Promise<Results> {
  const results: Record<string, readonly number[]> = {};
  for (const [name, ref, layer] of NETWORKS) {
    const { network } = await loadNetwork(ref);
    const { height, width } = network.input;
    const images = tf.tensor4d(madeUpImages(1, 2, height, width).data, [2, height, width, 3]);
    const run = (x: tf.Tensor) => network.activations(x as tf.Tensor4D, [layer ?? network.layers.at(-1)!.name])[0];
    results[name] = [...await readData(() => run(images))];
    results[`${name} gradient`] = [
      ...await readData(() => tf.grad((x) => tf.sum(tf.mul(run(x), signed(2, run(images).shape))))(images)),
    ];
    images.dispose();
    network.dispose();
  }
  return results;
}

async function instrumentResults(): Promise<Results> {
  const lpips = await loadLpips("alex", { resize: 32 });
  const sequence = lpips.createSequence();
  const distances = await sequence.add(madeUpImages(3, 3, 32));
  const pooled = sequence.pooledDistances();
  sequence.dispose();
  lpips.dispose();
  const embedder = await loadEmbedder("resnet18-cifar10");
  const { data } = await embedder.embed(madeUpImages(6, 1, 32));
  embedder.dispose();
  return { "LPIPS": distances, "pooled distances": pooled, "embedding": [...data] };
}

/** The jobs of a small run. Nothing may be read while the thread stands still: on WebGPU that cannot be. */
async function unitResults(): Promise<Results> {
  const { dataSync } = tf.Tensor.prototype;
  tf.Tensor.prototype.dataSync = () => {
    throw new Error("the thread stands still");
  };
  const context = await loadContext(UNIT_CONTEXT);
  try {
    const store = memoryStore(Object.keys(JOBS).map(Number), [RANGE]);
    await scoreAll(context, JOBS, store);
    const results: Record<string, readonly number[]> = {
      dataset: store.chunks.flatMap(({ chunk }) => chunk.layers.flatMap(({ activations }) => [...activations.data])),
    };
    for (const { layer, unit, activations, distances, score } of store.jobs.flatMap(({ records }) => records)) {
      const name = `${layer}:${unit}`;
      results[`${name} activations`] = activations;
      results[`${name} distances`] = distances;
      results[`${name} I, K, C, D, S`] = [score!.I, score!.K, score!.C, score!.D, score!.S].map((part) => part ?? -1);
    }
    return results;
  } finally {
    context.dispose();
    tf.Tensor.prototype.dataSync = dataSync;
  }
}

if (import.meta.main) {
  const { backend } = await useBackend(Deno.args[0] as Backend);
  const before = tf.memory().numTensors;
  const results: Record<string, Results> = {
    layers: await layerResultsSoon(),
    ranks: await rankResults(),
    networks: await networkResults(),
    instruments: await instrumentResults(),
    unit: await unitResults(),
  };
  console.log(JSON.stringify({ backend, results, tensorsLeft: tf.memory().numTensors - before }));
  Deno.exit(0);
}
