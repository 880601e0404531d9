/**
 * A worker that trains taught networks.
 *
 * @module
 */
import { type DatasetRef, openDataset, readPixels } from "../../data/mod.ts";
import { type Backend, useBackend } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { serveTasks } from "../../jobs/mod.ts";
import { type EpochRecord, taughtClasses, taughtName, type TaughtPlan, trainTaught } from "../../training/mod.ts";
import { decodeSafetensors, findWeightSet, readWeights } from "../../weights/mod.ts";
import { taughtNetwork } from "./networks.ts";
import { checkpointOf } from "./train_networks.ts";
import { truthOf } from "./truth.ts";

/** What a worker begins with. */
export interface TrainInit {
  readonly backend: Backend;
  readonly dataset: DatasetRef;
  /** Folder of checkpoints. */
  readonly checkpoints: string;
}

/** A network, trained. */
export interface TrainedNetwork {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly parameters: number;
  readonly history: readonly EpochRecord[];
  /** Share of the test images classified right by the weights as stored. */
  readonly accuracy: number;
}

/** The trained weights that the vision transformer goes on from. */
const PRETRAINED = "vit-cifar10";

serveTasks<TrainInit, TaughtPlan, TrainedNetwork>(async ({ backend, dataset: ref, checkpoints }) => {
  await useBackend(backend);
  const dataset = await openDataset(ref);
  const data = { train: await readPixels(dataset.train), test: await readPixels(dataset.test) };
  return async (plan, onProgress) => {
    const pretrained = plan.architecture === "vit"
      ? (await readWeights((await findWeightSet(PRETRAINED)).files[0], PRETRAINED)).tensors
      : null;
    const trained = await trainTaught(plan, data, pretrained, {
      checkpoint: checkpointOf(checkpoints, plan),
      onStep: (step, total) => onProgress(step / total),
    });
    const name = taughtName(plan);
    if (trained === null) {
      throw new InputError(`${dataset.title} has ${data.train.count} training images, too few to train ${name} on`);
    }
    const { bytes, parameters, history } = trained;
    const taught = taughtNetwork(
      { ...plan, name, classes: taughtClasses(plan) },
      decodeSafetensors(bytes, name).tensors,
      name,
    );
    try {
      return { bytes, parameters, history, accuracy: (await truthOf(taught, dataset.test)).accuracy };
    } finally {
      taught.network.dispose();
    }
  };
});
