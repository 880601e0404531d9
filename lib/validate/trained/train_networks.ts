/**
 * Training the taught networks that a folder lacks.
 *
 * @module
 */
import { join } from "node:path";
import type { DatasetRef } from "../../data/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { createWorkerPool } from "../../jobs/mod.ts";
import { checkHead, TAUGHT_ARCHITECTURES } from "../../networks/mod.ts";
import { type EpochRecord, taughtClasses, taughtHead, taughtName, type TaughtPlan } from "../../training/mod.ts";
import { listTaughtNetworks, recordTaughtNetwork, type TaughtEntry } from "./networks.ts";
import type { TrainedNetwork, TrainInit } from "./train_worker.ts";

const KINDS = ["labels", "sets"] as const;

/**
 * The networks that a list such as `resnet-sets,lenet5-labels` names, each with each seed.
 *
 * @throws {InputError} when a word is no architecture with what it is taught, or the architecture cannot be taught that.
 */
export function parseTaughtPlans(text: string, seeds: readonly number[]): TaughtPlan[] {
  const words = text.split(",").map((word) => word.trim());
  const plans = words.flatMap((word) => {
    const architecture = TAUGHT_ARCHITECTURES.find((each) => word.startsWith(`${each}-`));
    const kind = KINDS.find((each) => word === `${architecture}-${each}`);
    if (architecture === undefined || kind === undefined) {
      throw new InputError(
        `there is no taught network "${word}" to train; write an architecture (${
          TAUGHT_ARCHITECTURES.join(", ")
        }), a ` +
          "hyphen, and labels or sets, such as resnet-sets",
      );
    }
    checkHead(architecture, taughtHead({ architecture, kind, seed: 0 }));
    return seeds.map((seed): TaughtPlan => ({ architecture, kind, seed }));
  });
  const names = plans.map(taughtName);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`${twice} would be trained twice; name each network once`);
  return plans;
}

/** What training watches and sets. */
export interface TrainNetworksOptions {
  /** Folder of checkpoints. */
  readonly checkpoints: string;
  /** The command line that trains a network alone, for the list. */
  readonly commandOf: (plan: TaughtPlan) => string;
  /** Networks trained at a time, each on a core of its own. */
  readonly workers: number;
  /** Called with the share of all networks that is done, and the name of one. */
  readonly onProgress?: (share: number, name: string) => void;
  /** Called when a network is done. */
  readonly onNetwork?: (entry: TaughtEntry, history: readonly EpochRecord[]) => void;
}

/**
 * Trains the networks that a folder lacks, each in a worker of one thread, and enters them into its list as they are done.
 * Training that was cut goes on from its checkpoint. The weights do not depend on the number of workers.
 *
 * @param backend as `useBackend` reported it, called with `threads: 1`.
 * @returns those that were trained.
 * @throws {InputError} when a checkpoint is of another run, or the folder's list is no such list.
 */
export async function trainTaughtNetworks(
  folder: string,
  plans: readonly TaughtPlan[],
  { backend }: Pick<BackendReport, "backend">,
  dataset: DatasetRef,
  { checkpoints, commandOf, workers, onProgress = () => {}, onNetwork = () => {} }: TrainNetworksOptions,
): Promise<TaughtEntry[]> {
  const there = new Set((await listTaughtNetworks(folder)).map(({ name }) => name));
  const lacking = plans.filter((plan) => !there.has(taughtName(plan)));
  if (lacking.length === 0) return [];
  const init: TrainInit = { backend, dataset, checkpoints };
  const pool = await createWorkerPool<TrainInit, TaughtPlan, TrainedNetwork>(
    new URL("./train_worker.ts", import.meta.url),
    Math.min(workers, lacking.length),
    init,
  );
  const shares = lacking.map(() => 0);
  const entries: TaughtEntry[] = [];
  let written: Promise<unknown> = Promise.resolve();
  const report = (index: number, share: number) => {
    shares[index] = share;
    onProgress(shares.reduce((sum, each) => sum + each, 0) / lacking.length, taughtName(lacking[index]));
  };
  try {
    await pool.run(lacking, {
      onProgress: report,
      onResult: (index, { bytes, parameters, history, accuracy }) => {
        const plan = lacking[index];
        // one after the other: each reads the list that the one before has written
        written = written.then(async () => {
          const entry = await recordTaughtNetwork(folder, plan, {
            bytes,
            classes: taughtClasses(plan),
            parameters,
            test_accuracy: accuracy,
            command: commandOf(plan),
          });
          entries.push(entry);
          report(index, 1);
          onNetwork(entry, history);
        });
        written.catch(() => {}); // it is thrown below
      },
    });
  } finally {
    pool.close();
    await written;
  }
  return entries;
}

/** The checkpoint of a network in training. */
export function checkpointOf(folder: string, plan: TaughtPlan): string {
  return join(folder, `${taughtName(plan)}.safetensors`);
}
