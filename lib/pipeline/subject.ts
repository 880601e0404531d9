/**
 * The subject: a network whose units are scored, and the dataset whose images ascent starts from and is compared with.
 *
 * @module
 */
import { type Dataset, type DatasetRef, openDataset } from "../data/mod.ts";
import { loadNetwork, type ModelRef, type Network } from "../networks/mod.ts";

/** A network and its dataset. */
export interface Subject {
  readonly network: Network;
  /** Images to start from and to compare with; null to do without. */
  readonly dataset: Dataset | null;
}

/** A subject as plain data: crosses threads, and hosts without the dataset's shared memory. */
export interface SubjectRef {
  readonly model: ModelRef;
  readonly dataset: DatasetRef | null;
}

/** A loaded subject and the hash of the network's weights. */
export interface LoadedSubject extends Subject {
  readonly modelSha256: string;
  /** What another thread loads the same by. */
  readonly ref: SubjectRef;
  /** Frees the network. */
  dispose(): void;
}

/**
 * Loads a subject. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when model or dataset are unknown, or files of theirs are missing or altered.
 */
export async function loadSubject({ model, dataset: datasetRef }: SubjectRef): Promise<LoadedSubject> {
  const dataset = datasetRef === null ? null : await openDataset(datasetRef);
  const { network, sha256 } = await loadNetwork(model);
  return {
    network,
    dataset,
    modelSha256: sha256,
    ref: { model, dataset: dataset?.ref ?? null },
    dispose: () => network.dispose(),
  };
}
