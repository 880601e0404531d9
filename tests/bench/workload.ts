/**
 * The benchmark's work: which units, and the folder through which PyTorch is told the same.
 *
 * @module
 */
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { useBackend } from "../../lib/engine/mod.ts";
import { CIFAR10_COLOURS } from "../../lib/networks/mod.ts";
import { createTrainableResNet18, STEM_224 } from "../../lib/networks/resnet.ts";
import { encodeSafetensors, type WeightArray } from "../../lib/weights/safetensors.ts";
import { toWeightArray } from "../../lib/networks/tensors.ts";
import type { Weights } from "../../lib/weights/take_weight.ts";
import { findWeightSet } from "../../lib/weights/registry.ts";
import { createPlan, type Job } from "../../lib/jobs/plan.ts";
import { CALIBRATED_1, type Profile } from "../../lib/pipeline/profile.ts";
import { createRandom } from "../../lib/random.ts";
import type { LayerInfo, UnitId } from "../../lib/types.ts";
import { nextMovement } from "../../lib/visualize/transforms.ts";

/** How much work. */
export interface WorkloadOptions {
  /** Number of units, spread over the layers. */
  readonly units: number;
  /** Images of a unit. */
  readonly images: number;
  /** Steps of ascent. */
  readonly steps: number;
}

/**
 * How PyTorch keeps images in memory: as it does when nothing is said; the way that is faster on a CPU; and that way with
 * `torch.compile`.
 */
export const LAYOUTS = ["default", "channels-last", "compiled"] as const;
export type Layout = typeof LAYOUTS[number];

/** Layouts separated by commas, as an option gives them. */
export function layoutsOption(text: string): readonly Layout[] {
  return text.split(",").map((name) => {
    const layout = LAYOUTS.find((each) => each === name);
    if (layout === undefined) throw new InvalidArgumentError(`"${name}" is none of ${LAYOUTS.join(", ")}`);
    return layout;
  });
}

/** The same work for both sides. */
export interface Workload extends WorkloadOptions {
  readonly jobs: readonly Job[];
  readonly profile: Profile;
  readonly seed: number;
  /** Made-up weights of the 224 px ResNet-18; torchvision's names and layouts. */
  readonly resnet18: Weights;
}

/** Stages, in the order of the pipeline. */
export const STAGES = ["ascent", "lpips", "embedding", "clustering"] as const;
export type Stage = typeof STAGES[number];
export type StageSeconds = Readonly<Record<Stage, number>>;

/** Threads of PyTorch, and workers of ours, each on one thread. */
export const THREADS = 2;
const SEED = 0;

/** The calibrated profile's work on a sample of units. The engine must be ready. */
export function createWorkload(layers: readonly LayerInfo[], options: WorkloadOptions): Workload {
  const profile: Profile = {
    ...CALIBRATED_1,
    visualize: { ...CALIBRATED_1.visualize, steps: options.steps },
    embed: { embedder: "resnet18-imagenet" },
  };
  const jobs = createPlan(layers, sampleUnits(layers, options.units));
  return { ...options, jobs, profile, seed: SEED, resnet18: madeUpResNet18() };
}

/** So many units in the order of the network: each layer's share by largest remainder, evenly spaced within the layer. */
export function sampleUnits(layers: readonly LayerInfo[], count: number): UnitId[] {
  const total = layers.reduce((sum, { units }) => sum + units, 0);
  const shares = layers.map(({ units }) => units * Math.min(count, total) / total);
  const counts = shares.map(Math.floor);
  const byRemainder = shares.map((share, i) => ({ i, remainder: share - counts[i] }))
    .sort((a, b) => b.remainder - a.remainder);
  const missing = Math.min(count, total) - counts.reduce((sum, n) => sum + n, 0);
  for (const { i } of byRemainder.slice(0, missing)) counts[i]++;
  return layers.flatMap(({ name, units }, i) =>
    Array.from({ length: counts[i] }, (_, j) => ({ layer: name, unit: Math.floor((j + 0.5) * units / counts[i]) }))
  );
}

/**
 * He-initialized weights and moments that are not trivial: what a ResNet-18 computes takes as long with these as with
 * trained ones.
 */
export function madeUpResNet18(): Map<string, WeightArray> {
  const random = createRandom(SEED, "bench", "resnet18");
  const network = createTrainableResNet18(random, { stem: STEM_224, classes: 1000 });
  const weights = new Map(
    [...network.parameters, ...network.buffers].map(([name, tensor]) => [name, toWeightArray(tensor)] as const),
  );
  network.dispose();
  for (const [name, { shape, data }] of weights) {
    if (!/bn\d|downsample\.1/.test(name)) continue;
    const positive = name.endsWith("running_var") || name.endsWith("weight");
    weights.set(name, {
      shape,
      data: data.map(() => positive ? 0.75 + 0.5 * random.uniform() : 0.1 * random.normal()),
    });
  }
  return weights;
}

/** What our side hands over beside the work itself: the later stages of PyTorch start from our results. */
export interface HandedOver {
  /** Start images, [N, 32, 32, 3]. */
  readonly starts: Float32Array;
  /** Images made, [N, 32, 32, 3]. */
  readonly images: Float32Array;
  /** Centred and normalized embeddings, [N, 512]. */
  readonly points: Float32Array;
}

/** Writes the folder that `pytorch_stages.py` reads. */
export async function writeJob(folder: string, workload: Workload, data: HandedOver): Promise<void> {
  const { visualize, lpips, cluster } = workload.profile;
  const random = createRandom(workload.seed, "movements");
  const movements = Array.from({ length: workload.steps }, () => nextMovement(random, visualize));
  const resnet18 = join(folder, "resnet18.safetensors");
  await Deno.writeFile(resnet18, encodeSafetensors(workload.resnet18));
  for (const [name, array] of Object.entries(data)) {
    await Deno.writeFile(join(folder, `${name}.f32`), new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  const job = {
    threads: THREADS,
    layout: LAYOUTS[0],
    jobs: workload.jobs,
    images: workload.images,
    steps: workload.steps,
    size: 32,
    ...CIFAR10_COLOURS,
    learningRate: visualize.learningRate,
    fadeSteps: Math.round(visualize.startFade * workload.steps),
    movements: movements.map(({ dy, dx }) => [dy, dx]),
    lpipsSize: lpips.resize,
    kMax: greatestK(workload),
    restarts: cluster.restarts,
    seed: workload.seed,
    weights: {
      lenet5: (await findWeightSet("lenet5-cifar10")).files[0].path,
      lpips: (await findWeightSet("lpips-alex")).files[0].path,
      resnet18,
    },
  };
  await Deno.writeTextFile(join(folder, "job.json"), JSON.stringify(job));
}

/** Tells the script how PyTorch is to keep images, in a folder that `writeJob` has written. */
export async function setLayout(folder: string, layout: Layout): Promise<void> {
  const file = join(folder, "job.json");
  await Deno.writeTextFile(file, JSON.stringify({ ...JSON.parse(await Deno.readTextFile(file)), layout }));
}

/** The greatest K that the calibrated profile tries for so many images. */
function greatestK({ images, profile: { cluster } }: Workload): number {
  const cap = cluster.halfCap ? Math.max(1, Math.floor(images / 2)) : images - 1;
  return cluster.kMax === "I-1" ? cap : Math.min(cluster.kMax, cap);
}

/** Starts the engine on the CPU, one thread for each worker. To be called before anything touches a tensor. */
export async function startEngine(): Promise<void> {
  Deno.env.set("CUDA_VISIBLE_DEVICES", "-1");
  await useBackend("native", { threads: 1 });
}
