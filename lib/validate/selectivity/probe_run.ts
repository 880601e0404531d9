/**
 * Probes the units of a run with generated images, and sets what they say beside the units' scores.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import { useBackend } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { type ImageGenerator, LABELS } from "../../gan/network/mod.ts";
import { type ProbeDesign, probeSize, probeUnits, type UnitProbe } from "../../gan/probe/mod.ts";
import { type SampleGrid, sampleGrid } from "../../gan/training/mod.ts";
import { profileOf, reopenSubject } from "../../pipeline/mod.ts";
import { createRandom } from "../../random.ts";
import type { RunReader } from "../../store/mod.ts";
import { correlateSelectivity, type SelectivityCorrelation } from "./correlate_selectivity.ts";
import { readCorrelations } from "./read_correlations.ts";
import { type ProbedUnit, SCORES, withScores } from "./selectivities.ts";

/** What a probe of a run needs beside the run and the design. */
export interface ProbeRunOptions {
  /** Weights of the run's model in place of the committed ones. */
  readonly modelWeights?: string;
  /** Loads the generator, after the model has been found to be the run's. */
  readonly loadGenerator: () => Promise<ImageGenerator>;
  /** Called with the number of images done. */
  readonly onImages?: (done: number) => void;
}

/** A run that was probed. */
export interface ProbedRun {
  /** Names of the run, its model and the generator. */
  readonly run: string;
  readonly model: string;
  readonly generator: string;
  readonly design: ProbeDesign;
  /** Number of images. */
  readonly images: number;
  /** What the probe says of each finished unit. */
  readonly probes: readonly UnitProbe[];
  /** The same units with their scores. */
  readonly units: readonly ProbedUnit[];
  readonly correlations: readonly SelectivityCorrelation[];
  /** What the correlations say, in sentences. */
  readonly readings: readonly string[];
  /** Images of one latent, under every label and mask. */
  readonly samples: SampleGrid;
}

/**
 * Probes the finished units of a run.
 *
 * @param name what the user calls the run, for errors.
 * @throws {InputError} when the run has no finished unit, when the model is not the run's, or when it does not take
 *   images of the size that the generator makes.
 */
export async function probeRun(
  run: RunReader,
  name: string,
  design: ProbeDesign,
  { modelWeights, loadGenerator, onImages }: ProbeRunOptions,
): Promise<ProbedRun> {
  const { manifest } = run;
  const scored = run.units();
  if (scored.length === 0) {
    throw new InputError(`run ${name} has no finished units; let score-all commit some first`);
  }
  const { activation } = profileOf({ name, manifest }).visualize;
  await useBackend(undefined, { readsAtOnce: true });
  const subject = await reopenSubject({ name, manifest }, null, { modelWeights });
  try {
    const generator = await loadGenerator();
    try {
      const ids = scored.map(({ layer, unit }) => ({ layer, unit }));
      const probes = await probeUnits(generator, subject.network, ids, design, activation, onImages);
      const units = withScores(probes, scored);
      const correlations = correlateSelectivity(units, (...parts) => createRandom(design.seed, ...parts));
      const labels = Array.from({ length: LABELS }, (_, label) => label);
      const columns = design.masks.map(({ name, mask }) => ({ name, mask, latent: 0 }));
      return {
        run: basename(resolve(run.directory)),
        model: manifest.model,
        generator: generator.name,
        design,
        images: probeSize(design),
        probes,
        units,
        correlations,
        readings: SCORES.flatMap((score) => readCorrelations(units, correlations, score)),
        samples: sampleGrid(generator, labels, columns, design.seed),
      };
    } finally {
      generator.dispose();
    }
  } finally {
    subject.dispose();
  }
}
