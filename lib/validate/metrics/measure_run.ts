/**
 * The metrics of a run's units, and how they go together.
 *
 * @module
 */
import { firstImages } from "../../data/mod.ts";
import { type BackendReport, useBackend } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
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
import type { RunReader } from "../../store/mod.ts";
import { correlateMetrics, FEWEST_CORRELATED, type MetricCorrelation } from "./correlate_metrics.ts";
import { embedDataset } from "./embed_dataset.ts";
import type { UnitMetrics } from "./table.ts";
import { unitMetrics } from "./unit_metrics.ts";

/** Where things lie, and how many images are looked at. */
export interface MeasureOptions extends ReopenPlaces {
  /** Only the first test images; all of them if absent. */
  readonly images?: number;
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

/** What is measured of a run. */
export interface RunMetrics {
  /** Test images that were looked at. */
  readonly images: number;
  /** The committed units in the order of the plan, dead ones included. */
  readonly units: readonly UnitMetrics[];
  /** Over all units. */
  readonly correlations: readonly MetricCorrelation[];
  readonly layers: readonly LayerCorrelations[];
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
    const { images, units } = await measureUnits(run, context, options, events);
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
    return { images, units, correlations: correlateMetrics(units, createRandom(manifest.seed, "metrics")), layers };
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
): Promise<Pick<RunMetrics, "images" | "units">> {
  if (context.dataset === null) throw new RangeError("there are no test images to measure units on");
  const { test } = context.dataset;
  const images = firstImages(test, most);
  const embeddings = await embedDataset(context.embedder, images, (done) => onEmbedded?.(done, images.count));
  const committed = run.units();
  const units: UnitMetrics[] = [];
  for (const layer of new Set(committed.map((unit) => unit.layer))) {
    const records = committed.filter((unit) => unit.layer === layer).map(({ unit }) => run.unit(layer, unit)!);
    const stored = images.count === test.count ? run.datasetActivations(layer) : null;
    units.push(...await unitMetrics(context, { images, embeddings }, layer, records, stored));
    onMeasured?.(units.length, committed.length, layer);
  }
  return { images: images.count, units };
}
