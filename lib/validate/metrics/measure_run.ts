/**
 * The metrics of a run's units, and how they go together.
 *
 * @module
 */
import { firstImages } from "../../data/mod.ts";
import { type BackendReport, useBackend } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { column } from "../../matrix.ts";
import {
  joinContext,
  type LoadedContext,
  type PipelineContext,
  profileOf,
  reopenDataset,
  type ReopenedRun,
  reopenInstruments,
  type ReopenPlaces,
  reopenSubject,
} from "../../pipeline/mod.ts";
import { createRandom } from "../../random.ts";
import { unitName } from "../../run_data.ts";
import type { RunReader } from "../../store/mod.ts";
import type { ImageBatch, UnitId } from "../../types.ts";
import { correlateMetrics, FEWEST_CORRELATED, type MetricCorrelation } from "./correlate_metrics.ts";
import { embedDataset } from "./embed_dataset.ts";
import { layerActivations } from "./layer_activations.ts";
import { mostActivating } from "./most_activating.ts";
import type { UnitMetrics } from "./table.ts";
import { unitMetrics } from "./unit_metrics.ts";
import { unitSheet } from "./unit_sheet.ts";
import { agreementOfCounts, type CountAgreement, mostAtOdds } from "./ways_to_count.ts";

/** Where things lie, and how many images are looked at. */
export interface MeasureOptions extends ReopenPlaces {
  /** Only the first test images; all of them if absent. */
  readonly images?: number;
  /** Of how many units to make sheets, of those that are counted most differently; of none if absent. */
  readonly sheets?: number;
}

/** What a caller may watch. */
export interface MeasureEvents {
  readonly onBackend?: (backend: BackendReport) => void;
  /** Called with the number of test images that are embedded, out of how many. */
  readonly onEmbedded?: (done: number, images: number) => void;
  /** Called with the number of units that are measured, out of how many. */
  readonly onMeasured?: (done: number, units: number, layer: string) => void;
}

/** Correlations over the units of one layer. */
export interface LayerCorrelations {
  readonly layer: string;
  readonly units: number;
  /** None for fewer than three units. */
  readonly correlations: readonly MetricCorrelation[];
}

/** A unit on one page, to be looked at. */
export interface UnitSheet extends UnitId {
  /** The visualizations that count, each cluster from a new row on, and below them the most activating test images. */
  readonly sheet: ImageBatch;
}

/** What is measured of a run. */
export interface RunMetrics {
  /** Test images that were looked at. */
  readonly images: number;
  /** The committed units in the order of the plan, dead ones included. */
  readonly units: readonly UnitMetrics[];
  /** Over all units. */
  readonly correlations: readonly MetricCorrelation[];
  readonly layers: readonly LayerCorrelations[];
  /** How far the three counts of a unit's features agree, over all units. */
  readonly agreement: readonly CountAgreement[];
  /** Units on which those differ most, if sheets were asked for. */
  readonly sheets: readonly UnitSheet[];
}

/**
 * Measures the committed units of a run, on the test images of its dataset.
 *
 * @param name what the user calls the run, for errors.
 * @throws {InputError} when fewer than three units have a score, when the run was made without a dataset, or when something
 * that is loaded is missing or other than the run's.
 */
export async function measureRun(
  run: RunReader,
  name: string,
  options: MeasureOptions = {},
  events: MeasureEvents = {},
): Promise<RunMetrics> {
  const { manifest } = run;
  const scored = run.units().filter(({ score }) => score !== null).length;
  if (scored < FEWEST_CORRELATED) {
    throw new InputError(
      `run ${name} has ${scored} scored units, and rank correlations need at least ${FEWEST_CORRELATED}; score more`,
    );
  }
  const context = await reopenContext({ name, manifest }, options, events);
  try {
    const { images, units, shown } = await measureUnits(run, context, options, events);
    const layers = [...new Set(units.map(({ layer }) => layer))].map((layer): LayerCorrelations => {
      const here = units.filter((unit) => unit.layer === layer);
      return {
        layer,
        units: here.length,
        correlations: here.length < FEWEST_CORRELATED
          ? []
          : correlateMetrics(here, createRandom(manifest.seed, "metrics", layer)),
      };
    });
    return {
      images,
      units,
      correlations: correlateMetrics(units, createRandom(manifest.seed, "metrics")),
      layers,
      agreement: agreementOfCounts(units),
      sheets: await sheetsOf(run, context, mostAtOdds(units, options.sheets ?? 0), shown),
    };
  } finally {
    context.dispose();
  }
}

/** All that the run was made with. */
async function reopenContext(
  run: ReopenedRun,
  places: ReopenPlaces,
  { onBackend }: MeasureEvents,
): Promise<LoadedContext> {
  profileOf(run); // before anything is read
  const dataset = await reopenDataset(run, places);
  if (dataset === null) {
    throw new InputError(
      `run ${run.name} was made without a dataset, and these metrics compare with one; score again with one, into another ` +
        "run (`deno task setup` fetches it)",
    );
  }
  onBackend?.(await useBackend());
  const subject = await reopenSubject(run, dataset, places);
  try {
    return joinContext(subject, await reopenInstruments(run, dataset, places), run.manifest.seed);
  } catch (error) {
    subject.dispose();
    throw error;
  }
}

/** Most activating test images on a unit's sheet. */
const SHOWN = 32;

/** What is measured of units, and which test images activate each most. */
interface Measured extends Pick<RunMetrics, "images" | "units"> {
  /** By layer and unit, best first; a unit that all images activate alike is missing. */
  readonly shown: ReadonlyMap<string, readonly number[]>;
}

/**
 * The metrics of all committed units, layer by layer. What all test images do to the units is taken from the run where it is
 * stored there, and computed elsewhere.
 *
 * @param context of the run, with its dataset.
 * @throws {RangeError} when the context has no dataset.
 */
export async function measureUnits(
  run: RunReader,
  context: PipelineContext,
  { images: most = Infinity }: Pick<MeasureOptions, "images"> = {},
  { onEmbedded, onMeasured }: MeasureEvents = {},
): Promise<Measured> {
  if (context.dataset === null) throw new RangeError("there are no test images to measure units on");
  const { test } = context.dataset;
  const images = firstImages(test, most);
  const embeddings = await embedDataset(context.embedder, images, (done) => onEmbedded?.(done, images.count));
  const committed = run.units();
  const units: UnitMetrics[] = [];
  const shown = new Map<string, number[]>();
  for (const layer of new Set(committed.map((unit) => unit.layer))) {
    const records = committed.filter((unit) => unit.layer === layer).map(({ unit }) => run.unit(layer, unit)!);
    const stored = images.count === test.count ? run.datasetActivations(layer) : null;
    const known = stored ?? await layerActivations(context, layer, images);
    units.push(...await unitMetrics(context, { images, embeddings }, layer, records, known));
    for (const { unit } of records) {
      const best = mostActivating(column(known.activations, known.units.indexOf(unit)), SHOWN);
      if (best !== null) shown.set(unitName({ layer, unit }), best);
    }
    onMeasured?.(units.length, committed.length, layer);
  }
  return { images: images.count, units, shown };
}

async function sheetsOf(
  run: RunReader,
  { dataset }: PipelineContext,
  units: readonly UnitId[],
  shown: Measured["shown"],
): Promise<UnitSheet[]> {
  const sheets: UnitSheet[] = [];
  for (const { layer, unit } of units) {
    const { images, score } = run.unit(layer, unit)!;
    const real = await dataset!.test.images(shown.get(unitName({ layer, unit }))!);
    sheets.push({ layer, unit, sheet: unitSheet(images, score!.assignments, real) });
  }
  return sheets;
}
