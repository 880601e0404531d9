/**
 * A probe as files in its run: a table, a document and two figures.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import { sampleGridSheet } from "../../report/charts/mod.ts";
import { renderPng, renderSvg } from "../../report/mod.ts";
import type { SelectivityCorrelation } from "./correlate_selectivity.ts";
import { probeCsv, type ProbeRow, probeRow } from "./probe_row.ts";
import type { ProbedRun } from "./probe_run.ts";
import { selectivityChart } from "./selectivity_chart.ts";
import { writeWhole } from "../../whole_file.ts";

/** A probe as one plain document. */
export interface ProbeDocument {
  readonly run: string;
  readonly model: string;
  readonly generator: string;
  /** Number of images. */
  readonly images: number;
  /** Names of the shapes. */
  readonly shapes: readonly string[];
  /** Names of the masks. */
  readonly masks: readonly string[];
  /** Images of each label and mask. */
  readonly latents: number;
  readonly seed: number;
  /** Paths of the files. */
  readonly files: { readonly csv: string; readonly json: string; readonly scatter: string; readonly grid: string };
  readonly correlations: readonly SelectivityCorrelation[];
  readonly readings: readonly string[];
  readonly units: readonly ProbeRow[];
}

/**
 * Makes the folder of the figures of a run.
 *
 * @throws {InputError} when it cannot be made.
 */
export async function createFiguresFolder(runDirectory: string): Promise<void> {
  const folder = figuresFolder(runDirectory);
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`${folder} cannot be made: ${messageOf(error)}; probe a run in a folder that can be written`);
  }
}

/**
 * Writes `probe.csv`, `probe.json` (the document, with each unit's mean activation by label and mask),
 * `figures/probe.svg` and `figures/probe_grid.png`.
 *
 * @param runDirectory has a folder of figures, see {@linkcode createFiguresFolder}.
 */
export async function writeProbe(runDirectory: string, probed: ProbedRun): Promise<ProbeDocument> {
  const { run, model, generator, design, images, probes, units, correlations, readings, samples } = probed;
  const { masks, latents, seed } = design;
  const figures = figuresFolder(runDirectory);
  const files = {
    csv: join(runDirectory, "probe.csv"),
    json: join(runDirectory, "probe.json"),
    scatter: join(figures, "probe.svg"),
    grid: join(figures, "probe_grid.png"),
  };
  const rows = probes.map((probe, i) => probeRow(probe, units[i]));
  const shapes = [...new Set(masks.map(({ shape }) => shape))];
  const names = masks.map(({ name }) => name);
  const origin = { run, model, generator, images };
  const about = { ...origin, shapes, masks: names, latents, seed, files, correlations, readings };
  writeWhole(files.csv, probeCsv(rows));
  const withCells = rows.map((row, i) => ({ ...row, cell_means: probes[i].cellMeans }));
  writeWhole(files.json, `${JSON.stringify({ ...about, units: withCells })}\n`);
  writeWhole(files.scatter, await renderSvg(selectivityChart(units, correlations, origin)));
  const sheet = sampleGridSheet(samples, {
    text: "What the units were shown",
    subtitle: [`one latent under every label and mask · generator ${generator} · seed ${seed}`],
  });
  writeWhole(files.grid, await renderPng(await renderSvg(sheet)));
  return { ...about, units: rows };
}

function figuresFolder(runDirectory: string): string {
  return join(runDirectory, "figures");
}
