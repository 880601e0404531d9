/**
 * A run for the figures of a notebook.
 *
 * @module
 */
import { reopenTestImages } from "../pipeline/mod.ts";
import { type OpenRunData, readRunData } from "../store/mod.ts";

/**
 * Opens a run, with the images of its dataset where they are at hand.
 *
 * @param run name under `runs/`, or path of a run's folder.
 * @throws {InputError} when there is no run, it is damaged or of a newer schema, or nothing is committed yet.
 */
export async function openRunData(run: string): Promise<OpenRunData> {
  return await readRunData(run, (manifest) => reopenTestImages({ name: run, manifest }));
}
