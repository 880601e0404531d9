/**
 * What the figures and the atlas need to know of a run, as plain data. The command line and the notebooks make it out of a
 * run file (`lib/cli/read_run_data.ts`); the report reads nothing itself.
 *
 * @module
 */
import type { ImageBatch, RunManifest, ScoreInterval, ScoreParts, StopReason, UnitId, UnitRecord } from "./types.ts";

/** A unit without what weighs: enough for tables, and for charts of many units. */
export interface UnitOverview extends UnitId {
  readonly stopReason: StopReason;
  readonly flags: readonly string[];
  /** Activation of each of the N images made, without transforms; the score counts the first I. */
  readonly activations: readonly number[];
  /** The score of the profile's stop and rule for K; null for a dead unit. */
  readonly score: ScoreParts | null;
  /** 90 % interval of S by scoring parts of the images; null for a dead unit, too few images, and in older runs. */
  readonly scoreInterval: ScoreInterval | null;
  /** The score at the literal stop with the literal rule for K; null for a dead unit. */
  readonly paper: ScoreParts | null;
  /** Mean pairwise angle of the I raw embeddings over pi; null with fewer than 2 images. */
  readonly meanAngle: number | null;
  /** Highest activation over the dataset's test images; null without a dataset. */
  readonly datasetMax: number | null;
}

/** All that is known of one unit. */
export interface UnitDetails extends UnitRecord {
  /** Mean pairwise LPIPS distance of the first 2, 3, ..., N images: N - 1 numbers, none for fewer than two images. */
  readonly meanDistances: readonly number[];
}

/** One layer of the run's plan, in the network's order. */
export interface LayerPlan {
  readonly name: string;
  /** Units that this run is to score, whether or not it has. */
  readonly planned: number;
  /** Seconds that its committed jobs took. */
  readonly seconds: number;
}

/** The images of a dataset that `datasetBest` points into. */
export interface DatasetImages {
  /** Number of images that were compared, such as 10000. */
  readonly count: number;
  /** The images of these indices, in their order. */
  images(indices: readonly number[]): ImageBatch;
}

/** A run, finished or not. */
export interface RunData {
  /** Name of the run, such as the last part of its folder: text from outside, to be escaped wherever it is shown. */
  readonly name: string;
  readonly manifest: RunManifest;
  /** The layers of this run's part of the plan; never empty. */
  readonly layers: readonly LayerPlan[];
  /** The committed units in the order of the layers, then of the unit. Fewer than planned in an unfinished run. */
  readonly units: readonly UnitOverview[];
  /** The dataset's images; null for a run without a dataset, or where it is not on this machine. */
  readonly dataset: DatasetImages | null;
  /**
   * All of one unit, read when asked for: a run of thousands does not fit into memory at once.
   *
   * @throws {RangeError} for a unit that is not among `units`.
   */
  unit(layer: string, unit: number): UnitDetails;
}

/** How many units the run is to score. */
export function plannedUnits(run: RunData): number {
  return run.layers.reduce((sum, { planned }) => sum + planned, 0);
}

/** Whether units of the plan are still missing. */
export function isPartial(run: RunData): boolean {
  return run.units.length < plannedUnits(run);
}
