/** Run as a program with two of TensorFlow's processor devices in place of two cards: scores in two workers, and alone. */
import { useBackend } from "../../lib/engine/mod.ts";
import { type Job, scoreAll, scoreAllInWorkers } from "../../lib/jobs/mod.ts";
import { type ContextRef, loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { memoryStore } from "./memory_store.ts";

const backend = await useBackend("native", { threads: 1 });
const context: ContextRef = {
  subject: { model: { kind: "shipped", name: "lenet5-cifar10" }, dataset: null },
  instruments: {
    profile: parseProfile({
      extends: "calibrated",
      visualize: { steps: 2 },
      lpips: { resize: 32 },
      elbow: { minImages: 4, maxImages: 4 },
      embed: { embedder: "alexnet-imagenet" },
      cluster: { restarts: 1 },
    }, "test"),
  },
  seed: 3,
};
const jobs: readonly Job[] = [{ layer: "conv2", units: [0, 1] }, { layer: "fc1", units: [2, 3] }];
const loaded = await loadContext(context);
const [alone, shared] = [memoryStore([0, 1]), memoryStore([0, 1])];
await scoreAll(loaded, jobs, alone);
await scoreAllInWorkers(loaded.ref, backend, 2, jobs, shared, {}, { card: { type: "CPU", cards: 2, limits: null } });
const digest = ({ jobs }: typeof alone) =>
  jobs.toSorted((a, b) => a.job - b.job).flatMap(({ records }) =>
    records.map(({ unit, images, distances, embeddings, score }) => [
      unit,
      [...images.data],
      distances,
      [...embeddings.data],
      score?.S,
    ])
  );
console.log(
  JSON.stringify({
    units: digest(alone).length,
    equal: JSON.stringify(digest(alone)) === JSON.stringify(digest(shared)),
  }),
);
Deno.exit(0);
