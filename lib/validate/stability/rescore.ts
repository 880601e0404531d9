/**
 * A stored unit scored again, from what the run holds of it.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import {
  chooseFirstImages,
  clusterAndScore,
  clusterOptions,
  type ImageDistances,
  type PipelineContext,
} from "../../pipeline/mod.ts";
import type { ImageBatch, KShares, Matrix, ScoreInterval, ScoreParts, UnitId, UnitRecord } from "../../types.ts";

/** A scored unit of a run. */
export interface StoredUnit extends UnitId {
  /** Its score in the run, of its first I images. */
  readonly score: ScoreParts & { readonly S: number };
  readonly interval: ScoreInterval | null;
  /** K of halves of its images; null where the run does not know it. */
  readonly kShares: KShares | null;
  /** Embeddings of all N images made, N at least I. */
  readonly embeddings: Matrix;
  /** Distances of all N images. */
  readonly between: ImageDistances;
  /** Its images, read when asked for. */
  readonly images: () => ImageBatch;
}

/** What clusters depend on beside the images. */
export type ClusterSetting = Pick<PipelineContext, "profile" | "seed" | "meanEmbedding">;

/** What is compared of a score. */
export interface Repeat {
  readonly K: number;
  readonly S: number;
}

/** What may be other than in the run. */
export interface RescoreChanges {
  /** Number of images counted, the first ones; those of the run's score if absent. */
  readonly I?: number;
  /** Starts of k-means for each K; the profile's if absent. */
  readonly restarts?: number;
  /** Embeddings in place of the stored ones. */
  readonly embeddings?: Matrix;
  /** Distances of all N images in place of the stored ones. */
  readonly between?: ImageDistances;
}

/**
 * Takes a unit out of a run's records.
 *
 * @param images reads its images again: they are too many to be held for all units.
 * @returns null for a unit without a score: a dead one, or one of a single image.
 * @throws {InputError} when the run does not hold the embeddings of its images.
 */
export function storedUnit(record: UnitRecord, images: () => ImageBatch): StoredUnit | null {
  const { layer, unit, score, scoreInterval, kShares, embeddings, distances, pooledDistances, attributions } = record;
  if (score === null || score.S === null) return null;
  if (embeddings.rows < score.I) {
    throw new InputError(
      `unit ${layer}:${unit} has ${embeddings.rows} embeddings for the ${score.I} images of its score; ` +
        "score it again into another run, which keeps them",
    );
  }
  return {
    layer,
    unit,
    score: { ...score, S: score.S },
    interval: scoreInterval,
    kShares,
    embeddings,
    between: { distances, pooledDistances, attributions },
    images,
  };
}

/**
 * Clusters and scores a stored unit again.
 *
 * @param setting the run's; the starts of k-means come from its seed.
 * @throws {RangeError} when I is less than 2 or more than there are images.
 */
export function rescore(unit: StoredUnit, setting: ClusterSetting, changes: RescoreChanges = {}): Repeat {
  const { I = unit.score.I, restarts, embeddings = unit.embeddings, between = unit.between } = changes;
  if (!(Number.isInteger(I) && I >= 2)) throw new RangeError(`I must be an integer of at least 2, got ${I}`);
  const options = clusterOptions(setting, unit.layer, unit.unit, between);
  const input = chooseFirstImages(embeddings, options, I);
  const { K, S } = clusterAndScore({
    ...input,
    options: restarts === undefined ? input.options : { ...input.options, restarts },
  });
  return { K, S: S! };
}
