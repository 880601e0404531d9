/**
 * The dataset's part of a run: which stretches of test images there are, and which images of them are a unit's best.
 *
 * @module
 */
import { column } from "../matrix.ts";
import type { DatasetChunk, DatasetImage, Matrix, RunManifest } from "../types.ts";
import { BEST_IMAGES, CHUNK_IMAGES } from "./schema.ts";

/** A stretch of the dataset's test images. */
export interface ChunkRange {
  /** Index of the first image. */
  readonly from: number;
  /** One more than the index of the last image. */
  readonly to: number;
}

/** The stretches of a run's dataset; none without a dataset. */
export function datasetChunks({ dataset }: Pick<RunManifest, "dataset">): ChunkRange[] {
  const count = dataset?.images ?? 0;
  return Array.from({ length: Math.ceil(count / CHUNK_IMAGES) }, (_, i) => ({
    from: i * CHUNK_IMAGES,
    to: Math.min(count, (i + 1) * CHUNK_IMAGES),
  }));
}

/** The planned units of each layer, ascending, layers in the order of the plan. */
export function plannedUnits(
  jobs: RunManifest["jobs"],
): { readonly layer: string; readonly units: readonly number[] }[] {
  const planned = new Map<string, Set<number>>();
  for (const { layer, units } of jobs) {
    const known = planned.get(layer) ?? new Set();
    units.forEach((unit) => known.add(unit));
    planned.set(layer, known);
  }
  return [...planned].map(([layer, units]) => ({ layer, units: [...units].sort((a, b) => a - b) }));
}

/**
 * A chunk's matrices one under the other.
 *
 * @param parts of as many columns, at least one.
 */
export function stacked(parts: readonly Matrix[]): Matrix {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const { cols } = parts[0];
  const data = new Float32Array(rows * cols);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { rows, cols, data };
}

/**
 * The images that activate a unit most, best first; ties go to the lower index. One whose activation is no finite number, as
 * of a unit that overflows, is none of them.
 *
 * @param activations of all N images, a row each.
 * @param place column of the unit.
 */
export function bestImages(activations: Matrix, place: number): DatasetImage[] {
  const own = column(activations, place);
  const best: DatasetImage[] = [];
  for (let index = 0; index < own.length; index++) {
    const activation = own[index];
    if (!Number.isFinite(activation)) continue;
    if (best.length === BEST_IMAGES && !(activation > best[BEST_IMAGES - 1].activation)) continue;
    let at = best.length;
    while (at > 0 && activation > best[at - 1].activation) at--;
    best.splice(at, 0, { index, activation });
    if (best.length > BEST_IMAGES) best.pop();
  }
  return best;
}

/**
 * Checks that a chunk is one of the run's and holds what the plan asks for.
 *
 * @throws {RangeError} saying what does not fit.
 */
export function checkChunk(manifest: RunManifest, { from, to, layers }: DatasetChunk): void {
  if (!datasetChunks(manifest).some((chunk) => chunk.from === from && chunk.to === to)) {
    throw new RangeError(`images ${from} to ${to} are no chunk of the run's dataset`);
  }
  const planned = plannedUnits(manifest.jobs);
  if (layers.map(({ layer }) => layer).join("\n") !== planned.map(({ layer }) => layer).join("\n")) {
    throw new RangeError(`a chunk of the layers ${layers.map(({ layer }) => layer).join(", ")} is not of this plan`);
  }
  for (const [i, { layer, activations, responses }] of layers.entries()) {
    for (const matrix of responses === null ? [activations] : [activations, responses]) {
      const { rows, cols, data } = matrix;
      if (rows !== to - from || cols !== planned[i].units.length || data.length !== rows * cols) {
        throw new RangeError(
          `${layer} has activations of ${rows} x ${cols}, not of ${to - from} images and ${
            planned[i].units.length
          } units`,
        );
      }
    }
  }
}
