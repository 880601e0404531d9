/**
 * Reads a run file as the plain data from which figures and the atlas are made.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import { runningMeanDistances } from "../elbow/mod.ts";
import { InputError } from "../errors.ts";
import { type DatasetImages, plannedLayers, type RunData, unitName } from "../run_data.ts";
import { isInShard } from "../shards.ts";
import type { RunManifest } from "../types.ts";
import { readFreshShares } from "./fresh_images.ts";
import { runDirectory } from "../run_directory.ts";
import { readRun } from "./run_reader.ts";

/** A run opened for reading; its units are read while it is open. */
export interface OpenRunData extends RunData, Disposable {
  /** Folder of the run. */
  readonly directory: string;
}

/**
 * Opens a run, finished or in progress.
 *
 * @param run name under `runs/`, or path of a run's folder.
 * @param testImages opens the test images of the run's dataset; gives null where they are not at hand. It is not called for
 *   a run without a dataset.
 * @throws {InputError} when there is no run, it is damaged or of a newer schema, nothing is committed yet, or the table of
 *   its fresh images is damaged.
 */
export async function readRunData(
  run: string,
  testImages: (manifest: RunManifest) => Promise<DatasetImages | null>,
): Promise<OpenRunData> {
  const reader = readRun(runDirectory(run));
  try {
    const { manifest, directory } = reader;
    const fresh = readFreshShares(directory);
    const units = reader.units().map((unit) => {
      const freshShares = fresh.get(unitName(unit));
      return freshShares === undefined ? unit : { ...unit, freshShares };
    });
    const seconds = reader.layerSeconds();
    const layers = plannedLayers(manifest.jobs, (job) => isInShard(job, manifest.shard))
      .filter(({ planned }) => planned > 0)
      .map((layer) => ({ ...layer, seconds: seconds.get(layer.name) ?? 0 }));
    if (units.length === 0) {
      const total = layers.reduce((sum, layer) => sum + layer.planned, 0);
      throw new InputError(
        `run ${directory} has none of its ${total} units yet: there is nothing to show; let score-all commit some first`,
      );
    }
    return {
      name: basename(resolve(directory)),
      directory,
      manifest,
      layers,
      units,
      dataset: manifest.dataset === null ? null : await testImages(manifest),
      unit(layer, unit) {
        const record = reader.unit(layer, unit);
        if (record === null) throw new RangeError(`unit ${layer}:${unit} is not in run ${directory}`);
        return { ...record, meanDistances: runningMeanDistances(record.distances) };
      },
      [Symbol.dispose]: () => reader.close(),
    };
  } catch (error) {
    reader.close();
    throw error;
  }
}
