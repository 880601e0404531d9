/**
 * The study of a run: what its scores depend on beside its units.
 *
 * @module
 */
import type { Dataset } from "../../data/mod.ts";
import { type BackendReport, useBackend } from "../../engine/mod.ts";
import { suggestWorkers, UNITS_PER_JOB } from "../../jobs/mod.ts";
import { describeModel } from "../../networks/mod.ts";
import {
  type ContextRef,
  isDatasetAtHand,
  meanEmbeddingOf,
  modelOf,
  profileOf,
  reopenDataset,
  type ReopenedRun,
  reopenEmbedder,
  reopenInstruments,
  type ReopenPlaces,
  reopenSubject,
} from "../../pipeline/mod.ts";
import { unitName } from "../../run_data.ts";
import type { RunReader } from "../../store/mod.ts";
import type { UnitId } from "../../types.ts";
import type { Agreement, ByLayer, Difference } from "./agreement.ts";
import { type Foretold, foretoldClusters } from "./foretold_clusters.ts";
import { agreementOfFreshImages, type FreshAgreement, type FreshUnit, freshUnits } from "./fresh_images.ts";
import { IMAGE_COUNTS, type ImageCount, scoresByImageCount } from "./image_counts.ts";
import type { LpipsDifference } from "./lpips.ts";
import { checkNull, type NullNetwork, type NullReport, studyNull } from "./null_network.ts";
import type { MaybeScored } from "./null_scores.ts";
import { type Tried, triedInstruments, tryEmbedders, tryLpips } from "./other_instruments.ts";
import { type ClusterSetting, rescore, type StoredUnit } from "./rescore.ts";
import { differenceByRestarts, RESTART_COUNTS } from "./restarts.ts";
import { scoreUnitsAgain } from "./score_units_again.ts";
import { agreementOfSeeds } from "./seeds.ts";
import { heldUnits, readStoredUnits, type UnitChoice } from "./stored_units.ts";

/** What to study, of which units, and where things lie. */
export interface StabilityPlan extends UnitChoice, ReopenPlaces {
  /** Seeds of clustering to compare, at least 2. */
  readonly seeds: number;
  /** How many other seeds the units are scored with again, images and all. */
  readonly freshSeeds: number;
  /** A network that has learned nothing, to be scored too; none if absent. */
  readonly null?: NullNetwork;
  /** Jobs under way at a time when images are made; by default as many as the machine is good for. */
  readonly workers?: number;
}

/** All that is reported. */
export interface StabilityReport {
  /** Units that have a score. */
  readonly units: number;
  /** Units that have none, and are left out. */
  readonly dead: number;
  /** Share of units whose S comes out as stored when it is computed again in the same way. */
  readonly reproduced: number;
  readonly seeds: { readonly count: number; readonly layers: readonly ByLayer<Agreement>[] };
  readonly fresh: FreshReport | null;
  readonly images: readonly ByLayer<ImageCount>[];
  readonly embedders: readonly Tried<Difference>[];
  readonly lpips: readonly Tried<LpipsDifference>[];
  readonly restarts: readonly (Difference & { readonly restarts: number })[];
  readonly null: NullReport | null;
}

/** A run against fresh images. */
export interface FreshReport {
  readonly seeds: readonly number[];
  readonly layers: readonly ByLayer<FreshAgreement>[];
  readonly foretold: Foretold;
  /** In the order of the network; without units that are dead for some seed. */
  readonly units: readonly FreshUnit[];
}

/** A part of the study that takes its time. */
export interface PartProgress {
  /** Called with the number of units done. */
  update(done: number, detail?: string): void;
  /** Called when the part is over. */
  stop(): void;
}

/** What a caller may watch. */
export interface StabilityEvents {
  readonly onBackend?: (backend: BackendReport) => void;
  /** Called with what a reader of the report should know. */
  readonly onNote?: (text: string) => void;
  /** Called when a part begins, with its name and the number of units that it goes through. */
  readonly onPart?: (part: string, units: number) => PartProgress;
}

/**
 * Repeats the scores of a run in other ways and tells how far they agree.
 *
 * @param name what the user calls the run, for errors and notes.
 * @throws {InputError} when there is nothing to repeat, or something that is loaded is missing or other than the run's.
 */
export async function studyStability(
  run: RunReader,
  name: string,
  plan: StabilityPlan,
  events: StabilityEvents = {},
): Promise<StabilityReport> {
  const reopened: ReopenedRun = { name, manifest: run.manifest };
  if (plan.null !== undefined) checkNull(run.manifest, plan.null);
  const scoresAgain = plan.freshSeeds > 0 || plan.null !== undefined;
  const engine = scoresAgain ? { threads: 1 } : {}; // the cores are for the workers
  const model = modelOf(reopened, plan);
  if (model.kind !== "shipped") await useBackend(undefined, engine); // an image goes through it to tell its layers
  const { layers } = await describeModel(model);
  const chosen = heldUnits(run, name, layers, plan);
  const stored = readStoredUnits(run, name, chosen);
  const pending = run.pendingJobs().length;
  if (pending > 0) events.onNote?.(`note: ${pending} jobs of run ${name} are not finished; only finished units count`);
  if (stored.length === 1) {
    events.onNote?.("note: with a single unit there is nothing to correlate; correlations need at least two");
  }
  const backend = await useBackend(undefined, engine);
  events.onBackend?.(backend);
  const dataset = await datasetAtHand(reopened, plan, scoresAgain);
  const { setting, context } = scoresAgain
    ? await reopenToScore(reopened, dataset, plan)
    : { setting: await reopenToCluster(reopened, dataset, plan), context: null };

  const rescored = await rescoreInEveryWay(reopened, stored, setting, dataset, plan.seeds, events);
  const again = scoreAgain(chosen, backend, plan, events);
  return {
    units: stored.length,
    dead: chosen.length - stored.length,
    ...rescored,
    fresh: plan.freshSeeds === 0 ? null : await studyFreshImages(stored, context!, plan.freshSeeds, again),
    null: plan.null === undefined
      ? null
      : await studyNull(run.manifest, withScores(chosen, stored), context!, plan.null, again),
  };
}

/**
 * The run's dataset. Images start from it, so scoring again cannot do without; clustering again can: it then does without
 * the mean embedding of an embedder that comes without one.
 */
async function datasetAtHand(run: ReopenedRun, places: ReopenPlaces, needed: boolean): Promise<Dataset | null> {
  return needed || isDatasetAtHand(run, places) ? await reopenDataset(run, places) : null;
}

/** What the run's clusters depend on beside the images. Of the networks, only the embedder is loaded. */
async function reopenToCluster(
  run: ReopenedRun,
  dataset: Dataset | null,
  places: ReopenPlaces,
): Promise<ClusterSetting> {
  const profile = profileOf(run);
  const embedder = await reopenEmbedder(run, places);
  try {
    const meanEmbedding = profile.cluster.center ? await meanEmbeddingOf(embedder, dataset?.train ?? null) : null;
    return { profile, seed: run.manifest.seed, meanEmbedding };
  } finally {
    embedder.dispose();
  }
}

/** The same, and all that the run was scored by, as a reference. Networks are loaded to see whether they are the run's. */
async function reopenToScore(
  run: ReopenedRun,
  dataset: Dataset | null,
  places: ReopenPlaces,
): Promise<{ readonly setting: ClusterSetting; readonly context: ContextRef }> {
  const instruments = await reopenInstruments(run, dataset, places);
  instruments.dispose();
  const subject = await reopenSubject(run, dataset, places);
  subject.dispose();
  const { seed } = run.manifest;
  const { profile, meanEmbedding } = instruments;
  return {
    setting: { profile, seed, meanEmbedding },
    context: { subject: subject.ref, instruments: instruments.ref, seed },
  };
}

/** Scores the stored images in every way that needs no new ones. */
async function rescoreInEveryWay(
  { manifest }: ReopenedRun,
  stored: readonly StoredUnit[],
  setting: ClusterSetting,
  dataset: Dataset | null,
  seeds: number,
  { onPart }: StabilityEvents,
): Promise<Omit<StabilityReport, "units" | "dead" | "fresh" | "null">> {
  const ways = 4 + triedInstruments(manifest.embedder); // as in the run, by seeds, numbers of images and starts; then by instruments
  const progress = onPart?.("rescoring", ways * stored.length);
  let done = 0;
  const next = (detail: string) => progress?.update(++done, detail);
  const tries = { onUnit: next, onMissing: () => progress?.update(done += stored.length) };
  try {
    const same = stored.filter((unit) => {
      next("as in the run");
      return isAsStored(unit, setting);
    });
    return {
      reproduced: same.length / stored.length,
      seeds: { count: seeds, layers: agreementOfSeeds(stored, setting, seeds, () => next("seeds")) },
      images: scoresByImageCount(stored, setting, IMAGE_COUNTS, () => next("images")),
      restarts: differenceByRestarts(stored, setting, RESTART_COUNTS, () => next("restarts")),
      embedders: await tryEmbedders(stored, setting, manifest.embedder, dataset, tries),
      lpips: await tryLpips(stored, setting, manifest.lpips, tries),
    };
  } finally {
    progress?.stop();
  }
}

/** Whether a unit has the same K and S when it is scored again in the same way. */
function isAsStored(unit: StoredUnit, setting: ClusterSetting): boolean {
  const { K, S } = rescore(unit, setting);
  return K === unit.score.K && Math.abs(S - unit.score.S) < 1e-9;
}

type ScoreAgain = (context: ContextRef, what: string) => Promise<MaybeScored[]>;

/** Takes the chosen units through the whole pipeline by a context, and tells of the progress. */
function scoreAgain(
  chosen: readonly UnitId[],
  backend: BackendReport,
  plan: StabilityPlan,
  { onPart }: StabilityEvents,
): ScoreAgain {
  const workers = plan.workers ?? suggestWorkers(backend, Math.ceil(chosen.length / UNITS_PER_JOB));
  return async (context, what) => {
    const progress = onPart?.(`scoring, ${what}`, chosen.length);
    try {
      return await scoreUnitsAgain(context, chosen, backend, workers, (done) => progress?.update(Math.floor(done)));
    } finally {
      progress?.stop();
    }
  };
}

/** Agreement of the run with scores of the seeds that follow its own. */
async function studyFreshImages(
  stored: readonly StoredUnit[],
  context: ContextRef,
  count: number,
  again: ScoreAgain,
): Promise<FreshReport> {
  const seeds = Array.from({ length: count }, (_, i) => (context.seed + 1 + i) >>> 0);
  const scores = [];
  for (const seed of seeds) {
    const scored = await again({ ...context, seed }, `seed ${seed}`);
    scores.push(new Map(scored.flatMap((unit) => unit.score === null ? [] : [[unitName(unit), unit.score] as const])));
  }
  const units = freshUnits(stored, scores);
  return { seeds, layers: agreementOfFreshImages(units), foretold: foretoldClusters(units), units };
}

/** The chosen units with their scores in the run; null for dead ones. */
function withScores(chosen: readonly UnitId[], stored: readonly StoredUnit[]): MaybeScored[] {
  const scores = new Map(stored.map((unit) => [unitName(unit), unit.score]));
  return chosen.map(({ layer, unit }) => ({ layer, unit, score: scores.get(unitName({ layer, unit })) ?? null }));
}
