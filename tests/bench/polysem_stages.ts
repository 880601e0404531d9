/**
 * The benchmark's work in our pipeline's stages, job by job in workers as a run does it.
 *
 * @module
 */
import type { ClusterOptions } from "../../lib/cluster/mod.ts";
import { clusteredSpace } from "../../lib/cluster/options.ts";
import type { Dataset } from "../../lib/data/mod.ts";
import { meanRow } from "../../lib/matrix.ts";
import type { ImageBatch, Matrix } from "../../lib/types.ts";
import type { Visualizations } from "../../lib/visualize/mod.ts";
import { createWorkerPool } from "../../lib/jobs/worker_pool.ts";
import type { StageInit, StageResult, StageTask } from "./stage_worker.ts";
import { type HandedOver, type Stage, type StageSeconds, THREADS, type Workload } from "./workload.ts";

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

/**
 * Runs all stages in as many workers as PyTorch gets threads, each stage after a little of it untimed in every worker. The
 * engine must be ready.
 */
export async function runPolysemStages(
  workload: Workload,
  model: string,
  dataset: Dataset,
): Promise<StageResults & { readonly handedOver: HandedOver }> {
  const { jobs, profile, seed, images: perUnit } = workload;
  const init: StageInit = { model, workload, dataset: dataset.ref };
  const pool = await createWorkerPool<StageInit, StageTask, StageResult>(
    new URL("./stage_worker.ts", import.meta.url),
    THREADS,
    init,
  );
  const seconds: Partial<Record<Stage, number>> = {};
  /** The results of tasks, in their order. */
  const perform = async <T extends StageResult>(tasks: readonly StageTask[]): Promise<T[]> => {
    const results = new Array<T>(tasks.length);
    await pool.run(tasks, { onResult: (index, result) => results[index] = result as T });
    return results;
  };
  /** As `perform`, timed, after the `little` task once in each worker. */
  const timed = async <T extends StageResult>(tasks: readonly StageTask[], little: StageTask): Promise<T[]> => {
    await perform(Array.from({ length: THREADS }, () => little));
    const begin = performance.now();
    const results = await perform<T>(tasks);
    seconds[tasks[0].stage] = (performance.now() - begin) / 1000;
    return results;
  };

  try {
    const ascents = (steps: number) => jobs.map((job): StageTask => ({ stage: "ascent", job, steps }));
    const starts = concatenate((await perform<Visualizations>(ascents(0))).map(({ images }) => images.data));
    const made = await timed<Visualizations>(ascents(workload.steps), { stage: "ascent", job: jobs[0], steps: 1 });
    const units = made.map(({ images }) => split(images, perUnit));
    const [first, second] = units.flat();
    const distances = await timed<number[][]>(
      units.map((units): StageTask => ({ stage: "lpips", units })),
      { stage: "lpips", units: second === undefined ? [first] : [first, second] },
    );
    const embeddings = await timed<Matrix[]>(
      units.map((units): StageTask => ({ stage: "embedding", units })),
      { stage: "embedding", units: [first] }, // at 32 images, one forward pass
    );
    const allEmbeddings = concatenate(embeddings.flat().map(({ data }) => data as Float32Array));
    const { cols } = embeddings[0][0];
    const whole: Matrix = { rows: allEmbeddings.length / cols, cols, data: allEmbeddings };
    const options: ClusterOptions = { ...profile.cluster, seed, mean: meanRow(whole) };
    const clustering = (units: readonly Matrix[]): StageTask => ({ stage: "clustering", units, options });
    const inertias = await timed<number[][]>(embeddings.map(clustering), clustering(embeddings[0].slice(0, 1)));

    const activations = concatenate(made.map(({ activations }) => activations));
    return {
      seconds: seconds as StageSeconds,
      activations: Array.from(
        { length: activations.length / perUnit },
        (_, u) => mean(activations.subarray(u * perUnit, (u + 1) * perUnit)),
      ),
      distances: Float32Array.from(distances.flat(2)),
      embeddings: allEmbeddings,
      inertias: inertias.flat(),
      handedOver: {
        starts,
        images: concatenate(made.map(({ images }) => images.data)),
        points: Float32Array.from(clusteredSpace(whole, options).flat()),
      },
    };
  } finally {
    pool.close();
  }
}

function pixelsOf({ height, width }: ImageBatch): number {
  return height * width * 3;
}

/** Images unit by unit. */
function split(images: ImageBatch, perUnit: number): ImageBatch[] {
  const length = perUnit * pixelsOf(images);
  return Array.from({ length: images.count / perUnit }, (_, u) => ({
    ...images,
    count: perUnit,
    data: images.data.slice(u * length, (u + 1) * length), // its own memory, or a worker would be sent the whole of it
  }));
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
