/**
 * Run as a program by `run.ts`: scores units of LeNet-5 in so many workers on the device that there is, and writes what came of
 * it into a file. Arguments: the file, and the work as JSON.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { DEFAULT_DATASET, locateDataset, openDataset } from "../../../lib/data/mod.ts";
import { kernelsInUse, readData, tf, useBackend } from "../../../lib/engine/mod.ts";
import { createPlan, type JobStore, planForDevice, scoreAll, scoreAllInWorkers } from "../../../lib/jobs/mod.ts";
import { CALIBRATED, loadContext, parseProfile } from "../../../lib/pipeline/mod.ts";
import type { UnitRecord } from "../../../lib/types.ts";
import type { PartResult, PartWork } from "./results.ts";

const [file, argument] = Deno.args;
const { units, workers, deterministic, quick } = JSON.parse(argument) as PartWork;

const backend = await useBackend(undefined, { threads: 1, deterministic });
const hasData = locateDataset(DEFAULT_DATASET).present;
const context = await loadContext({
  subject: {
    model: { kind: "shipped", name: "lenet5-cifar10" },
    dataset: hasData ? (await openDataset(DEFAULT_DATASET)).ref : null,
  },
  instruments: {
    profile: quick
      ? parseProfile({
        extends: "calibrated",
        visualize: { steps: 2 },
        lpips: { resize: 32 },
        elbow: { minImages: 4, maxImages: 4 },
        embed: { embedder: "alexnet-imagenet" },
        cluster: { restarts: 1 },
      }, "dry")
      : CALIBRATED,
  },
  seed: 0,
});
const layers = context.network.layers;
// spread over the layers, as far as each has units
const chosen = layers.flatMap(({ name, units: all }) =>
  Array.from({ length: Math.min(all, Math.ceil(units / layers.length)) }, (_, unit) => ({ layer: name, unit }))
).slice(0, units);
const jobs = createPlan(layers, chosen);
const records: UnitRecord[] = [];
const store: JobStore = {
  pendingJobs: () => jobs.map((_, job) => job),
  commitJob: (_job, own) => void records.push(...own),
  pendingChunks: () => [],
  commitChunk: () => {},
};
const notes: string[] = [];
const events = { onNote: (text: string) => notes.push(text) };
const started = performance.now();
const plan = await planForDevice(context, backend, { jobs, pending: store.pendingJobs(), workers, deterministic });
if (plan.workers === 1) await scoreAll(context, jobs, store, events, plan.groups);
else await scoreAllInWorkers(context.ref, backend, plan.workers, jobs, store, events, plan);
const seconds = (performance.now() - started) / 1000;

/** Seconds of one gradient of conv2 by its input, the median of five after two, by the number of images. */
async function timeSteps(sizes: readonly number[]): Promise<PartResult["steps"]> {
  const { network } = context;
  const gradient = tf.grad((images: tf.Tensor) =>
    network.activations(images as tf.Tensor4D, ["conv2"])[0].mean([1, 2]).sum()
  );
  const steps: { images: number; seconds: number }[] = [];
  for (const count of sizes) {
    const images = tf.randomUniform([count, network.input.height, network.input.width, 3], 0, 1, "float32", 0);
    const times: number[] = [];
    for (let i = 0; i < 7; i++) {
      const began = performance.now();
      await readData(() => gradient(images).max()); // a single number waits for all
      times.push((performance.now() - began) / 1000);
    }
    images.dispose();
    steps.push({ images: count, seconds: times.slice(2).sort((a, b) => a - b)[2] });
  }
  return steps;
}

const steps = workers === 1 ? await timeSteps(quick ? [2, 4] : [32, 256, 1024, 4096]).catch(() => []) : [];

records.sort((a, b) => a.layer < b.layer ? -1 : a.layer > b.layer ? 1 : a.unit - b.unit);
const hash = createHash("sha256");
for (const { images, distances, embeddings } of records) {
  for (const data of [images.data, Float64Array.from(distances), embeddings.data]) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
const result: PartResult = {
  engine: backend,
  kernels: kernelsInUse(backend),
  workers: plan.workers,
  tasks: plan.groups?.length ?? jobs.length,
  units: records.length,
  withData: hasData,
  seconds,
  notes,
  steps,
  sha256: hash.digest("hex"),
  scores: records.map(({ layer, unit, score, meanAngle, distances }) => ({
    unit: `${layer}:${unit}`,
    K: score?.K ?? null,
    S: score?.S ?? null,
    meanAngle,
    distances: [...distances],
  })),
};
await Deno.writeTextFile(file, JSON.stringify(result));
Deno.exit(0);
