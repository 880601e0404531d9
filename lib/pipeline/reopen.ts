/**
 * Loads a run's model, dataset and instruments again, so that a study can use them. Refuses any file whose hash differs from
 * the manifest's: what would be measured would be of something else.
 *
 * @module
 */
import { type Dataset, type DatasetRef, locateDataset, openDataset } from "../data/mod.ts";
import { type EmbedderRef, type LoadedEmbedder, loadEmbedder } from "../embed/mod.ts";
import { InputError } from "../errors.ts";
import type { ModelRef } from "../networks/mod.ts";
import type { DatasetImages } from "../run_data.ts";
import type { RunManifest, Size } from "../types.ts";
import { type InstrumentsRef, type LoadedInstruments, loadInstruments } from "./instruments.ts";
import { PAPER, parseProfile, type Profile } from "./profile.ts";
import { type LoadedSubject, loadSubject } from "./subject.ts";

/** A run that is looked at. */
export interface ReopenedRun {
  /** What the user calls it, for errors. */
  readonly name: string;
  readonly manifest: RunManifest;
}

/** Where things lie, if not in their usual places. */
export interface ReopenPlaces {
  /** Weights of a shipped model in place of the committed ones, or the run's model itself, an .onnx or .ts file. */
  readonly modelWeights?: string;
  /** Weights of the run's embedder in place of the default ones, or its .onnx file. */
  readonly embedderWeights?: string;
  /** Folder of the run's dataset. */
  readonly data?: string;
}

/**
 * The profile of a run. Fields that are missing from an older run get the value of `paper`, which
 * turns the newer feature off.
 *
 * @throws {InputError} when the manifest holds none that this version knows.
 */
export function profileOf({ name, manifest }: ReopenedRun): Profile {
  const { embed } = manifest.profile as { embed?: Profile["embed"] };
  // an embedder from a file has a name that no document may give
  const fromFile = manifest.embedderFormat !== undefined && embed !== undefined;
  const profile = parseProfile(
    { extends: "paper", ...manifest.profile, ...(fromFile ? { embed: PAPER.embed } : {}) },
    `of run ${name}`,
  );
  return fromFile ? { ...profile, embed } : profile;
}

/**
 * The model of a run, as a reference.
 *
 * @throws {InputError} when it came from a file and `modelWeights` does not say where that is.
 */
export function modelOf({ name, manifest }: ReopenedRun, { modelWeights }: ReopenPlaces = {}): ModelRef {
  const { model, modelFormat, modelInput } = manifest;
  if (modelFormat === undefined) {
    const size = modelInput?.size as Size | undefined; // as a manifest states it
    return { kind: "shipped", name: model, weights: modelWeights, ...(size === undefined ? {} : { size }) };
  }
  if (modelWeights === undefined) {
    throw new InputError(
      modelFormat === "onnx"
        ? `run ${name} is of the model in ${model}.onnx; give --model-weights FILE to say where that is`
        : `run ${name} is of the model ${model} in TypeScript; give --model-weights FILE to say where its .ts file is`,
    );
  }
  if (modelFormat === "typescript") return { kind: "typescript", file: modelWeights };
  return { kind: "onnx", file: modelWeights, input: modelInput };
}

/**
 * The embedder of a run, as a reference.
 *
 * @throws {InputError} when it came from a file and `embedderWeights` does not say where that is.
 */
export function embedderOf(run: ReopenedRun, { embedderWeights }: ReopenPlaces = {}): EmbedderRef {
  const { embedder, embedderFormat, embedderInput } = run.manifest;
  if (embedderFormat === undefined) {
    return { kind: "shipped", name: profileOf(run).embed.embedder, weights: embedderWeights };
  }
  if (embedderWeights === undefined) {
    throw new InputError(
      `run ${run.name} was made with the embedder in ${embedder}.onnx; give --embedder-weights FILE to say where that is`,
    );
  }
  return { kind: "onnx", file: embedderWeights, options: embedderInput };
}

/**
 * The dataset of a run, as a reference; null where the run was made without one.
 *
 * @throws {InputError} when it was made with own images and `data` does not say where they are.
 */
export function datasetOf({ name, manifest }: ReopenedRun, { data }: ReopenPlaces = {}): DatasetRef | null {
  const { dataset } = manifest;
  if (dataset === null) return null;
  if (dataset.kind === undefined) return { kind: dataset.name as "cifar10", directory: data };
  if (data === undefined) {
    throw new InputError(
      `run ${name} was made with images of a folder named ${dataset.name}; give --data DIR to say where that is`,
    );
  }
  return { kind: dataset.kind, directory: data };
}

/** Whether a run's dataset is where it is looked for; a place that is named is taken at its word. */
export function isDatasetAtHand(run: ReopenedRun, places: ReopenPlaces = {}): boolean {
  const { dataset } = run.manifest;
  if (dataset === null) return false;
  if (places.data !== undefined) return true;
  return dataset.kind === undefined && locateDataset(datasetOf(run)!).present;
}

/**
 * Opens a run's dataset.
 *
 * @returns null where the run was made without one.
 * @throws {InputError} when it is missing, altered or another than the run's.
 */
export async function reopenDataset(run: ReopenedRun, places: ReopenPlaces = {}): Promise<Dataset | null> {
  const ref = datasetOf(run, places);
  if (ref === null) return null;
  const dataset = await openDataset(ref);
  const remedy = ref.kind === "cifar10" ? "there is no other here" : "give --data the folder as it was then";
  refuseOther(run, "dataset", dataset.name, run.manifest.dataset!.sha256, dataset.sha256, remedy);
  return dataset;
}

/**
 * Opens the test images of a run's dataset, to be shown, with the names of its classes.
 *
 * @returns null where the run was made without a dataset, and where it is not in its usual place.
 * @throws {InputError} when it is altered or another than the run's, or missing from the folder that is named.
 */
export async function reopenTestImages(run: ReopenedRun, places: ReopenPlaces = {}): Promise<DatasetImages | null> {
  if (!isDatasetAtHand(run, places)) return null;
  const { test, classes } = (await reopenDataset(run, places))!;
  return { ...test, classes };
}

/**
 * Loads a run's model, with its dataset where that is wanted. The backend must be ready (`useBackend`).
 *
 * @param dataset as `reopenDataset` gave it; null to do without.
 * @throws {InputError} when its weights are missing, altered or other than the run's.
 */
export async function reopenSubject(
  run: ReopenedRun,
  dataset: Dataset | null,
  places: ReopenPlaces = {},
): Promise<LoadedSubject> {
  const { model, modelSha256 } = run.manifest;
  const subject = await loadSubject({ model: modelOf(run, places), dataset: dataset?.ref ?? null });
  try {
    refuseOther(run, "model", model, modelSha256, subject.modelSha256, "give --model-weights FILE");
    return subject;
  } catch (error) {
    subject.dispose();
    throw error;
  }
}

/**
 * Loads a run's metric and embedder. The backend must be ready (`useBackend`).
 *
 * @param dataset gives the mean embedding where the embedder comes without one; null to do without.
 * @throws {InputError} when weights are missing, altered or other than the run's.
 */
export async function reopenInstruments(
  run: ReopenedRun,
  dataset: Dataset | null,
  { embedderWeights }: ReopenPlaces = {},
): Promise<LoadedInstruments> {
  const { lpips, lpipsSha256 } = run.manifest;
  const ref: InstrumentsRef = { profile: profileOf(run), embedder: embedderOf(run, { embedderWeights }) };
  const loaded = await loadInstruments(ref, dataset);
  try {
    refuseOtherEmbedder(run, loaded.embedder);
    refuseOther(run, "LPIPS network", lpips, lpipsSha256, loaded.lpips.sha256, "restore its weights");
    return loaded;
  } catch (error) {
    loaded.dispose();
    throw error;
  }
}

/**
 * Loads a run's embedder alone. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when its weights are missing, altered or other than the run's.
 */
export async function reopenEmbedder(
  run: ReopenedRun,
  { embedderWeights }: ReopenPlaces = {},
): Promise<LoadedEmbedder> {
  const loaded = await loadEmbedder(embedderOf(run, { embedderWeights }));
  try {
    refuseOtherEmbedder(run, loaded);
    return loaded;
  } catch (error) {
    loaded.dispose();
    throw error;
  }
}

function refuseOtherEmbedder(run: ReopenedRun, { sha256 }: LoadedEmbedder): void {
  const { embedder, embedderSha256 } = run.manifest;
  refuseOther(run, "embedder", embedder, embedderSha256, sha256, "give --embedder-weights FILE");
}

function refuseOther(
  { name }: ReopenedRun,
  what: string,
  called: string,
  stored: string,
  found: string,
  remedy: string,
): void {
  if (stored === found) return;
  throw new InputError(
    `run ${name} was made with another ${what} ${called} (sha256 ${stored.slice(0, 12)}...) than the one at hand ` +
      `(${found.slice(0, 12)}...); ${remedy}, or score again into another run`,
  );
}
