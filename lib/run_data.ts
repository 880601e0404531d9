/**
 * A run as plain data, and the sums that figures, atlas and tables share. The store reads it from
 * a run file (`lib/store/read_run_data.ts`); the figures and the atlas show it and read no file themselves.
 *
 * @module
 */
import { sampleStandardDeviation } from "simple-statistics";
import type {
  ClusterCandidate,
  DatasetRecord,
  ImageBatch,
  KShares,
  RunManifest,
  ScoreInterval,
  ScoreParts,
  StopReason,
  UnitId,
  UnitRecord,
} from "./types.ts";

/** How sure K is by fresh sets of images. */
export interface FreshShares extends KShares {
  /** How many sets. */
  readonly sets: number;
}

/** A unit without its images, distances and embeddings: enough for tables, and for charts of many units. */
export interface UnitOverview extends UnitId {
  readonly stopReason: StopReason;
  readonly flags: readonly string[];
  /** Activation of each of the N images made, without transforms; the score counts the first I. */
  readonly activations: readonly number[];
  /** The score of the profile's stop and rule for K; null for a unit without one, whose flags say why. */
  readonly score: ScoreParts | null;
  /** 90 % interval of S by scoring halves of the images; null without a score, for too few images, and in older runs. */
  readonly scoreInterval: ScoreInterval | null;
  /** K of the same halves; null where there is no interval, and in runs of schema 3 and older. */
  readonly kShares: KShares | null;
  /** K of fresh sets of images, where a study of stability has made some. */
  readonly freshShares?: FreshShares;
  /** The score at the literal stop with the literal rule for K; null without a score. */
  readonly paper: ScoreParts | null;
  /** Mean pairwise angle of the I raw embeddings over pi; null with fewer than 2 images. */
  readonly meanAngle: number | null;
  /** Highest activation over the dataset's test images; null without a dataset. */
  readonly datasetMax: number | null;
}

/** All that is known of one unit. */
export interface UnitDetails extends UnitRecord, DatasetRecord {
  /** Mean pairwise LPIPS distance of the first 2, 3, ..., N images: N - 1 numbers, none for fewer than two images. */
  readonly meanDistances: readonly number[];
}

/** One layer of a plan. */
export interface PlannedLayer {
  readonly name: string;
  /** Units that are to be scored, whether or not they have been. */
  readonly planned: number;
}

/** One layer of a run. */
export interface LayerPlan extends PlannedLayer {
  /** Seconds that its committed jobs took. */
  readonly seconds: number;
}

/** The committed units of one layer in sum, beside what is planned of it. */
export interface LayerSummary {
  readonly layer: string;
  readonly planned: number;
  /** Units committed. */
  readonly units: number;
  /** Units committed that are dead: no start has a gradient to follow. */
  readonly dead: number;
  /** Mean of S over the units that have one; null when none has. */
  readonly meanS: number | null;
  /** Sample standard deviation of S; null for fewer than two. */
  readonly spreadS: number | null;
  /** Units with one, two, and three or more clusters. */
  readonly K1: number;
  readonly K2: number;
  readonly K3: number;
  /** Mean shares of halves of a unit's images with so many clusters, over the units where they are known; null where of none. */
  readonly kShares: KShares | null;
  /** Units whose every counted image exceeds the dataset; null without a dataset. */
  readonly exceeding: number | null;
  /** Seconds that its committed jobs took. */
  readonly seconds: number;
}

/** The images of a dataset that `datasetBest` points into. */
export interface DatasetImages {
  /** Number of images that were compared, such as 10000. */
  readonly count: number;
  /** Class of each image, 0 .. number of classes - 1; null or missing where images have none. */
  readonly labels?: ArrayLike<number> | null;
  /** Names of the classes in the order of the labels. */
  readonly classes?: readonly string[];
  /** The images of these indices, in their order. */
  images(indices: readonly number[]): Promise<ImageBatch>;
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

/** `conv2:3`: the name of a unit. No two units of a network share one, whatever is in the names of its layers. */
export function unitName({ layer, unit }: UnitId): string {
  return `${layer}:${unit}`;
}

/**
 * How many of the images that a unit's score counts have an activation above the dataset's maximum: whether all of them, and
 * which share of them. Null where the unit has no score, or the run no dataset.
 */
export function exceedance(
  { score, activations, datasetMax }: Pick<UnitOverview, "score" | "activations" | "datasetMax">,
): { readonly all: boolean; readonly share: number } | null {
  if (datasetMax === null || score === null) return null;
  const above = activations.slice(0, score.I).filter((activation) => activation > datasetMax).length;
  return { all: above === score.I, share: above / score.I };
}

/** What a unit's flags say once the dataset is known: `dataset_higher` where some counted image falls short of its best. */
export function withDatasetFlag(
  flags: readonly string[],
  unit: Pick<UnitOverview, "score" | "activations" | "datasetMax">,
): readonly string[] {
  return exceedance(unit)?.all === false ? [...flags, DATASET_HIGHER] : flags;
}

/** The flag of a unit of which some counted image excites it no more than the dataset's best. */
export const DATASET_HIGHER = "dataset_higher";

/**
 * The layers of a plan, in its order.
 *
 * @param jobs the whole plan.
 * @param counts whether the units of a job are counted, by its index; a layer without such a job has 0 of them.
 */
export function plannedLayers(
  jobs: RunManifest["jobs"],
  counts: (job: number) => boolean = () => true,
): PlannedLayer[] {
  const planned = new Map<string, number>();
  for (const [job, { layer, units }] of jobs.entries()) {
    planned.set(layer, (planned.get(layer) ?? 0) + (counts(job) ? units.length : 0));
  }
  return [...planned].map(([name, planned]) => ({ name, planned }));
}

/**
 * A run in sum, layer by layer, in the order of the layers.
 *
 * @param units the committed units of all layers.
 * @param hasDataset whether the run compared its units with a dataset.
 */
export function summarizeLayers(
  layers: readonly LayerPlan[],
  units: readonly UnitOverview[],
  hasDataset: boolean,
): LayerSummary[] {
  return layers.map(({ name, planned, seconds }) => {
    const here = units.filter(({ layer }) => layer === name);
    const scores = here.flatMap(({ score }) => score ?? []);
    const S = scores.flatMap(({ S }) => S ?? []);
    return {
      layer: name,
      planned,
      units: here.length,
      dead: here.filter(({ stopReason }) => stopReason === "dead").length,
      meanS: S.length === 0 ? null : S.reduce((sum, value) => sum + value, 0) / S.length,
      spreadS: S.length < 2 ? null : sampleStandardDeviation(S),
      K1: scores.filter(({ K }) => K === 1).length,
      K2: scores.filter(({ K }) => K === 2).length,
      K3: scores.filter(({ K }) => K >= 3).length,
      kShares: meanKShares(here.flatMap(({ kShares }) => kShares ?? [])),
      exceeding: hasDataset ? here.filter((unit) => exceedance(unit)?.all).length : null,
      seconds,
    };
  });
}

/** Shares of one, two, and three or more clusters among some numbers of clusters; null of none. */
export function kSharesOf(counts: readonly number[]): KShares | null {
  if (counts.length === 0) return null;
  const share = (fits: (K: number) => boolean) => counts.filter(fits).length / counts.length;
  return { K1: share((K) => K === 1), K2: share((K) => K === 2), K3: share((K) => K >= 3) };
}

/** The mean of shares; null of none. */
export function meanKShares(shares: readonly KShares[]): KShares | null {
  if (shares.length === 0) return null;
  const mean = (part: keyof KShares) => shares.reduce((sum, each) => sum + each[part], 0) / shares.length;
  return { K1: mean("K1"), K2: mean("K2"), K3: mean("K3") };
}

/** The candidates of a clustering as JSON gives them: with the former name of `criterion`, `bic`, which stays for a release. */
export function candidatesForJson(
  candidates: readonly ClusterCandidate[],
): (ClusterCandidate & { readonly bic: number })[] {
  return candidates.map((candidate) => ({ ...candidate, bic: candidate.criterion }));
}

/** How many units the run is to score. */
export function plannedUnits(run: RunData): number {
  return run.layers.reduce((sum, { planned }) => sum + planned, 0);
}

/** Why a unit has no score, for the end of a sentence; null for one that has. */
export function whyUnscored(
  { score, stopReason, flags }: { score: unknown; stopReason: StopReason; flags: readonly string[] },
): string | null {
  if (score !== null) return null;
  if (stopReason === "dead") return "it is dead: no start has a gradient to follow";
  if (flags.includes("exploded")) {
    return "it exploded: its activation or gradient is too large for a float32 number, or is none";
  }
  if (flags.includes("embedding_not_finite")) return "an image of it is embedded as numbers that are not finite";
  if (flags.includes("zero_embedding")) return "a cluster of its images is embedded as zeros, which have no direction";
  return `of its flags: ${flags.join(", ")}`;
}

/** Whether units of the plan are still missing. */
export function isPartial(run: RunData): boolean {
  return run.units.length < plannedUnits(run);
}
