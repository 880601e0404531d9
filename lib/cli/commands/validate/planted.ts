/**
 * `polysem validate planted`: is the score true of units whose number of features is known?
 *
 * @module
 */
import type { Command } from "commander";
import type { Profile } from "../../../pipeline/mod.ts";
import type {
  AskedPhotographs,
  FoolingSummary,
  PlantedResult,
  RandomUnit,
  RandomWeightsSummary,
  StudySummary,
  SumSummary,
} from "../../../validate/planted/mod.ts";
import { between, percent, percents, signed } from "../../console/estimates.ts";
import { decimals, formatTable, printResult } from "../../console/output.ts";
import { makeFolder, writeFiles } from "../../console/study_files.ts";
import type { EmbedderRef } from "../../../embed/mod.ts";
import { embedderRef, pricedProfile } from "../../options/embedder.ts";
import { type PlantedOptions, runStudy, withPlantedOptions } from "../../options/planted.ts";
import { DEFAULT_PROFILES, readProfiles, referenceAmong } from "../../options/profiles.ts";

interface StudyOptions extends PlantedOptions {
  readonly profiles: string;
  readonly metrics: boolean;
  readonly out?: string;
}

/** Test images on which other metrics are measured. */
const METRIC_IMAGES = 2000;

/** Seeds that nothing was chosen on. */
const SEEDS = [1];

/** Adds the command to `validate`. */
export function registerValidatePlanted(validate: Command): void {
  withPlantedOptions(
    validate.command("planted")
      .description(
        "Score planted units, whose number of features is known, by each profile, and say how often the score is true; " +
          "beside it the mean pairwise angle (control) and what knowing the features reached would give (oracle). Apart from " +
          "the table: weighted sums, fooling units and random weights.",
      )
      .option("--profiles <list>", "profiles side by side: names or JSON files", DEFAULT_PROFILES)
      .option(
        "--metrics",
        `other metrics of the same units too, on ${METRIC_IMAGES} test images: which of them tell?`,
        false,
      )
      .option(
        "--out <dir>",
        "folder for planted.json, planted.csv and random_weights.csv (a line a unit), planted.svg and planted.png",
      ),
    SEEDS,
  ).action(async (options: StudyOptions, command: Command) => {
    const { CONTROL, ORACLE, summarizeRandomWeights, summarizeStudy } = await import(
      "../../../validate/planted/mod.ts"
    );
    const { METRICS } = await import("../../../validate/metrics/mod.ts");
    const profiles = await readProfiles(options.profiles, [CONTROL, ORACLE]);
    if (options.out !== undefined) makeFolder(options.out);
    const embedder = await embedderRef(options, command);
    if (embedder !== null) await useEmbedder(profiles, embedder, command);
    const names = Object.keys(profiles);
    const reference = referenceAmong(profiles);
    const metricImages = options.metrics ? METRIC_IMAGES : 0;
    const { results, random } = await runStudy(
      options,
      embedder,
      { profiles, reference, metricImages, controls: true },
      command,
    );
    const known = [...names, CONTROL, ORACLE];
    const metrics = METRICS.map(({ key }) => key).filter((key) => results.some(({ scores }) => key in scores));
    const summary = summarizeStudy(results, known, CONTROL, options.seeds[0], metrics);
    const random_weights = summarizeRandomWeights(random, names);
    const document = { seed: options.seeds[0], seeds: options.seeds, ...summary, random_weights };
    const files = options.out === undefined ? [] : await writeStudy(options.out, document, summary, results, random);
    printResult(command, { ...document, files }, () =>
      [
        ...studyText(summary),
        ...sumsText(summary.sums),
        ...foolingText(summary.fooling, reference),
        ...randomText(random_weights),
        ...files,
      ].join("\n"));
  });
}

/** Gives all profiles an embedder, and the price that was found for it. */
async function useEmbedder(profiles: Record<string, Profile>, ref: EmbedderRef, command: Command): Promise<void> {
  const { withEmbedder } = await import("../../../pipeline/mod.ts");
  const { loadEmbedder } = await import("../../../embed/mod.ts");
  const { useBackend } = await import("../../../engine/mod.ts");
  await useBackend(undefined, { threads: 1 });
  const { sha256, dispose } = await loadEmbedder(ref);
  dispose();
  for (const [name, profile] of Object.entries(profiles)) {
    profiles[name] = (await pricedProfile(withEmbedder(profile, ref), ref, sha256, command)).profile;
  }
}

async function writeStudy(
  folder: string,
  document: unknown,
  summary: StudySummary,
  results: readonly PlantedResult[],
  random: readonly RandomUnit[],
): Promise<string[]> {
  const { toCsv } = await import("../../../csv.ts");
  const { plantedSettings } = await import("../../../report/charts/mod.ts");
  const { renderPng, renderSvg } = await import("../../../report/mod.ts");
  const tables = [unitsTable(summary, results), randomTable(random)];
  const svg = await renderSvg(plantedSettings(summary.settings, summary.units));
  return writeFiles(folder, [
    ["planted.json", `${JSON.stringify(document, null, 2)}\n`],
    ["planted.csv", toCsv(...tables[0])],
    ["random_weights.csv", toCsv(...tables[1])],
    ["planted.svg", svg],
    ["planted.png", await renderPng(svg)],
  ]);
}

type Table = [columns: string[], rows: Record<string, string | number | null>[]];

/** A line for each planted unit. */
function unitsTable(summary: StudySummary, results: readonly PlantedResult[]): Table {
  const names = [...summary.settings, ...summary.metrics].map(({ name }) => name);
  const settings = summary.settings.map(({ name }) => name);
  const columns = [
    "seed",
    "family",
    "kind",
    "k",
    "unit",
    ...names.flatMap((name) => [`I_${name}`, `K_${name}`, `S_${name}`]),
    ...settings.flatMap((name) => [`reached_${name}`, `active_${name}`, `fooled_${name}`]),
    "photograph_features",
    "photograph_exceeds",
    "photograph_likeness",
    "photograph_pixel_likeness",
  ];
  const prefixed = (prefix: string, values: Readonly<Record<string, number>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value]));
  const rows = results.map(({ seed, family, kind, k, unit, scores, reached, active, fooled, photographs }) => ({
    seed,
    family,
    kind,
    k,
    unit,
    ...Object.fromEntries(
      Object.entries(scores).flatMap(([name, { I, K, S }]) => [[`I_${name}`, I], [`K_${name}`, K], [`S_${name}`, S]]),
    ),
    ...prefixed("reached", reached),
    ...prefixed("active", active),
    ...prefixed("fooled", fooled),
    photograph_features: photographs?.features ?? null,
    photograph_exceeds: photographs === undefined ? null : Number(photographs.exceeds),
    photograph_likeness: photographs?.likeness ?? null,
    photograph_pixel_likeness: photographs?.pixel_likeness ?? null,
  }));
  return [columns, rows];
}

/** A line for each unit of random weights; a dead one has no scores. */
function randomTable(units: readonly RandomUnit[]): Table {
  const names = [...new Set(units.flatMap(({ scores }) => Object.keys(scores)))];
  const columns = ["seed", "model", "layer", "unit", ...names.flatMap((name) => [`K_${name}`, `S_${name}`])];
  const rows = units.map(({ seed, model, layer, unit, scores }) => ({
    seed,
    model,
    layer,
    unit,
    ...Object.fromEntries(
      Object.entries(scores).flatMap(([name, score]) => [
        [`K_${name}`, score?.K ?? null],
        [`S_${name}`, score?.S ?? null],
      ]),
    ),
  }));
  return [columns, rows];
}

function studyText(
  { settings, by_family, metrics, paired, coverage, unscored, unreached, units }: StudySummary,
): string[] {
  const head = [
    "setting",
    "AUROC",
    "Spearman(S, k)",
    "exact K",
    "one called several",
    "near-duplicates",
    "several called one",
    "exact, k = 1..5",
  ];
  const line = (label: string, each: StudySummary["settings"][number]) => [
    label,
    between(each.auroc, each.auroc_low, each.auroc_high, 2),
    between(each.spearman, each.spearman_low, each.spearman_high, 2),
    percents(each.exact_k, each.exact_k_low, each.exact_k_high),
    percents(each.mono_called_poly, each.mono_called_poly_low, each.mono_called_poly_high),
    percents(
      each.near_duplicate_called_poly,
      each.near_duplicate_called_poly_low,
      each.near_duplicate_called_poly_high,
    ),
    percents(each.poly_called_mono, each.poly_called_mono_low, each.poly_called_mono_high),
    each.exact_by_k.every((share) => share === null)
      ? null
      : each.exact_by_k.map((share) => share === null ? "-" : (100 * share).toFixed(0)).join(" / "),
  ];
  return [
    `${units} planted units (sums and controls apart); 95 % bootstrap intervals in brackets.`,
    formatTable(head, settings.map((each) => line(each.name, each))),
    formatTable(
      ["family", ...head.slice(1, -1)],
      by_family.map((each) => line(`${each.family}: ${each.name}`, each).slice(0, -1)),
    ),
    ...(metrics.length === 0 ? [] : [formatTable(
      ["metric", "AUROC", "Spearman with k"],
      metrics.map((each) => line(each.name, each).slice(0, 3)),
    )]),
    ...paired.map(({ name, against, auroc, spearman }) =>
      `${name} less ${against}: AUROC ${signed(auroc)}, Spearman ${signed(spearman)}`
    ),
    `Planted features reached: ${
      Object.entries(coverage).map(([name, share]) => `${name} ${percent(share)}`).join(", ")
    }.`,
    ...listed("Units that could not be scored, without a gradient from any start, and are left out", unscored),
    ...listed("Units whose images reached none of their features twice", unreached),
  ];
}

function sumsText(sums: readonly SumSummary[]): string[] {
  if (sums.length === 0) return ["Weighted sums: none planted."];
  return [
    "Weighted sums of rectified features, which an image may show together:",
    formatTable(
      ["setting", "sums", "called one", "mean K, k = 2 / 3 / 4", "features reached", "active in an image"],
      sums.map((each) => [
        each.name,
        each.units,
        percent(each.called_mono),
        each.mean_k_by_k.map((mean) => decimals(mean, 1)).join(" / "),
        percent(each.features_reached),
        decimals(each.features_active, 1),
      ]),
    ),
  ];
}

function foolingText(summary: FoolingSummary, reference: string): string[] {
  const { settings, fooling, others, likeness_auroc, pixel_likeness_auroc } = summary;
  if (settings.length === 0) return ["Fooling units: none planted."];
  const asked = (label: string, each: AskedPhotographs) => [
    label,
    each.units,
    decimals(each.features, 1),
    percent(each.exceeds),
    decimals(each.likeness, 2),
    decimals(each.pixel_likeness, 2),
  ];
  return [
    "Fooling units, which answer photographs by two features and visualizations by a third:",
    formatTable(
      ["setting", "units", "K = 1", "K = 2", "mean K", "K is not what photographs show", "images of the third"],
      settings.map((each) => [
        each.name,
        each.units,
        percent(each.called_mono),
        percent(each.called_two),
        decimals(each.mean_k, 1),
        percent(each.disagrees),
        percent(each.images_fooled),
      ]),
    ),
    `Photographs against the images of ${reference}; likeness is the chance that a photograph which excites the unit is more ` +
    "like its images than another:",
    formatTable(
      ["units", "number", "features in the best 16 photographs", "all images beat the best", "likeness", "by pixels"],
      [asked("fooling", fooling), asked("others of their families", others)],
    ),
    `Likeness gives fooling units away by AUROC ${decimals(likeness_auroc, 2)}, that of pixels by ${
      decimals(pixel_likeness_auroc, 2)
    }.`,
  ];
}

function randomText(settings: readonly RandomWeightsSummary[]): string[] {
  if (settings.length === 0) return [];
  return [
    `Random weights, of ${settings[0].model} before training:`,
    formatTable(
      ["profile", "units", "K = 1", "mean K", "mean S", "dead"],
      settings.map(({ name, units, one, mean_k, mean_s, dead }) => [
        name,
        units,
        `${one} of ${units}`,
        decimals(mean_k, 1),
        decimals(mean_s),
        dead,
      ]),
    ),
  ];
}

function listed(what: string, counts: Readonly<Record<string, number>>): string[] {
  const some = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  return some.length === 0 ? [] : [`${what}: ${some.join(", ")}.`];
}
