/**
 * The benchmark's work in our pipeline's stages, job by job as a run does it.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions } from "../../lib/cluster/mod.ts";
import { clusteredSpace } from "../../lib/cluster/options.ts";
import { createEmbedder, meanRow } from "../../lib/embed/mod.ts";
import type { LabelledImages } from "../../lib/images/cifar10.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import type { Network } from "../../lib/networks/network.ts";
import type { Job } from "../../lib/pipeline/plan.ts";
import type { ImageBatch, Matrix } from "../../lib/types.ts";
import { imageRequests, type Visualizations, visualize } from "../../lib/visualize/mod.ts";
import type { HandedOver, Stage, StageSeconds, Workload } from "./workload.ts";

/** What a side computed, unit after unit, and how long it took. */
export interface StageResults {
  readonly seconds: StageSeconds;
  /** Mean activation over each unit's images. */
  readonly activations: readonly number[];
  /** Distances of image j to images 0 .. j - 1 of the same unit, for j = 1, 2, ... */
  readonly distances: Float32Array;
  /** Shape [N, 512]. */
  readonly embeddings: Float32Array;
  /** Inertia for K = 1, 2, ... of each unit. */
  readonly inertias: readonly (readonly number[])[];
}

/** Runs all stages, each after a little of it untimed. The engine must be ready. */
export async function runPolysemStages(
  workload: Workload,
  network: Network,
  train: LabelledImages,
): Promise<StageResults & { readonly handedOver: HandedOver }> {
  const { jobs, profile, seed, images: perUnit } = workload;
  const seconds: Partial<Record<Stage, number>> = {};
  const timed = <T>(stage: Stage, work: () => T): T => {
    const begin = performance.now();
    const result = work();
    seconds[stage] = (performance.now() - begin) / 1000;
    return result;
  };

  const ascend = (steps: number) =>
    jobs.map(({ layer, units }: Job): Visualizations =>
      visualize(network, layer, imageRequests(units, 0, perUnit), { ...profile.visualize, steps }, {
        seed,
        dataset: train,
      })
    );
  const starts = concatenate(ascend(0).map(({ images }) => images.data));
  ascend(1);
  const made = timed("ascent", () => ascend(workload.steps));
  const images = concatenate(made.map(({ images }) => images.data));
  const activations = concatenate(made.map(({ activations }) => activations));
  const perImage = network.inputSize ** 2 * 3;
  const units = images.length / perImage / perUnit;
  const batches = Array.from({ length: units }, (_, u): ImageBatch => ({
    count: perUnit,
    height: network.inputSize,
    width: network.inputSize,
    data: images.subarray(u * perUnit * perImage, (u + 1) * perUnit * perImage),
  }));

  const lpips = await loadLpips(profile.lpips.net, { resize: profile.lpips.resize });
  const measure = (some: readonly ImageBatch[]) =>
    some.map((batch) => {
      const sequence = lpips.createSequence();
      const distances = sequence.add(batch);
      sequence.dispose();
      return distances;
    });
  measure(batches.slice(0, 2));
  const distances = timed("lpips", () => measure(batches));
  lpips.dispose();

  const embedder = createEmbedder(profile.embed.embedder, workload.resnet18, "made-up ResNet-18");
  embedder.embed({ ...batches[0], count: 1, data: batches[0].data.subarray(0, perImage) });
  const embeddings = timed("embedding", () => batches.map((batch) => embedder.embed(batch)));
  embedder.dispose();

  const allEmbeddings = concatenate(embeddings.map(({ data }) => data as Float32Array));
  const whole: Matrix = { rows: units * perUnit, cols: embedder.dimensions, data: allEmbeddings };
  const options: ClusterOptions = { ...profile.cluster, seed, mean: meanRow(whole) };
  const cluster = (some: readonly Matrix[]) => some.map((matrix) => clusterEmbeddings(matrix, options));
  cluster(embeddings.slice(0, 1));
  const clusterings = timed("clustering", () => cluster(embeddings));

  return {
    seconds: seconds as StageSeconds,
    activations: Array.from({ length: units }, (_, u) => mean(activations.subarray(u * perUnit, (u + 1) * perUnit))),
    distances: Float32Array.from(distances.flat()),
    embeddings: allEmbeddings,
    inertias: clusterings.map(({ candidates }) => candidates.map(({ inertia }) => inertia)),
    handedOver: { starts, images, points: Float32Array.from(clusteredSpace(whole, options).flat()) },
  };
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
