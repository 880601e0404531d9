/**
 * `polysem validate planted`: is the score true of units whose number of features is known?
 *
 * @module
 */
import { join } from "node:path";
import type { Command } from "commander";
import { InputError, messageOf } from "../../../errors.ts";
import type { Profile } from "../../../pipeline/mod.ts";
import type { PlantedResult, StudySummary } from "../../../validate/planted/mod.ts";
import { decimals, formatTable, printResult } from "../../console/output.ts";
import type { EmbedderRef } from "../../../embed/mod.ts";
import { embedderRef, pricedProfile } from "../../options/embedder.ts";
import { type PlantedOptions, runStudy, withPlantedOptions } from "../../options/planted.ts";

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
          "beside it the mean pairwise angle (control) and what knowing the features reached would give (oracle).",
      )
      .option("--profiles <list>", "profiles side by side: names or JSON files", "calibrated,paper")
      .option(
        "--metrics",
        `other metrics of the same units too, on ${METRIC_IMAGES} test images: which of them tell?`,
        false,
      )
      .option("--out <dir>", "folder for planted.json, planted.csv (a line a unit), planted.svg and planted.png"),
    SEEDS,
  ).action(async (options: StudyOptions, command: Command) => {
    const { loadProfile } = await import("../../../pipeline/mod.ts");
    const { CONTROL, ORACLE, summarizeStudy } = await import("../../../validate/planted/mod.ts");
    const { METRICS } = await import("../../../validate/metrics/mod.ts");
    const profiles: Record<string, Profile> = {};
    for (const word of options.profiles.split(",")) {
      const { name, profile } = await loadProfile(word.trim());
      if (name in profiles || name === CONTROL || name === ORACLE) {
        throw new InputError(`two settings would be called "${name}"; rename the profile's file`);
      }
      profiles[name] = profile;
    }
    if (options.out !== undefined) makeFolder(options.out);
    const embedder = await embedderRef(options, command);
    if (embedder !== null) await useEmbedder(profiles, embedder, command);
    const names = Object.keys(profiles);
    const reference = names.includes("calibrated") ? "calibrated" : names[0];
    const metricImages = options.metrics ? METRIC_IMAGES : 0;
    const { results } = await runStudy(options, embedder, { profiles, reference, metricImages }, command);
    const known = [...names, CONTROL, ORACLE];
    const metrics = METRICS.map(({ key }) => key).filter((key) => results.some(({ scores }) => key in scores));
    const summary = summarizeStudy(results, known, CONTROL, options.seeds[0], metrics);
    const document = { seed: options.seeds[0], seeds: options.seeds, ...summary };
    const files = options.out === undefined ? [] : await writeStudy(options.out, document, summary, results);
    printResult(command, { ...document, files }, () => [...studyText(summary), ...files].join("\n"));
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

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`${folder} cannot be made: ${messageOf(error)}; choose another folder with --out`);
  }
}

async function writeStudy(
  folder: string,
  document: unknown,
  summary: StudySummary,
  results: readonly PlantedResult[],
): Promise<string[]> {
  const { writeWhole } = await import("../../../store/mod.ts");
  const { toCsv } = await import("../../../csv.ts");
  const { plantedSettings } = await import("../../../report/charts/mod.ts");
  const { renderPng, renderSvg } = await import("../../../report/mod.ts");
  const names = [...summary.settings, ...summary.metrics].map(({ name }) => name);
  const columns = [
    "seed",
    "family",
    "kind",
    "k",
    "unit",
    ...names.flatMap((name) => [`I_${name}`, `K_${name}`, `S_${name}`]),
  ];
  const rows = results.map(({ seed, family, kind, k, unit, scores }) => ({
    seed,
    family,
    kind,
    k,
    unit,
    ...Object.fromEntries(
      Object.entries(scores).flatMap(([name, { I, K, S }]) => [[`I_${name}`, I], [`K_${name}`, K], [`S_${name}`, S]]),
    ),
  }));
  const svg = await renderSvg(plantedSettings(summary.settings, summary.units));
  const contents: readonly [string, string | Uint8Array][] = [
    ["planted.json", `${JSON.stringify(document, null, 2)}\n`],
    ["planted.csv", toCsv(columns, rows)],
    ["planted.svg", svg],
    ["planted.png", await renderPng(svg)],
  ];
  return contents.map(([name, content]) => {
    const file = join(folder, name);
    writeWhole(file, content);
    return file;
  });
}

function studyText(
  { settings, by_family, metrics, paired, coverage, unscored, unreached, sums_called_mono, units }: StudySummary,
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
    `${units} planted units (sums apart); 95 % bootstrap intervals in brackets.`,
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
    `Sums called one (all features are in every image): ${
      Object.entries(sums_called_mono).filter(([, share]) => share !== null)
        .map(([name, share]) => `${name} ${percent(share)}`).join(", ") || "none planted"
    }.`,
  ];
}

function listed(what: string, counts: Readonly<Record<string, number>>): string[] {
  const some = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  return some.length === 0 ? [] : [`${what}: ${some.join(", ")}.`];
}

function between(value: number | null, low: number | null, high: number | null, digits: number): string {
  if (value === null) return "-";
  return low === null
    ? value.toFixed(digits)
    : `${value.toFixed(digits)} [${low.toFixed(digits)}, ${decimals(high, digits)}]`;
}

function percents(value: number | null, low: number | null, high: number | null): string {
  if (value === null) return "-";
  const whole = (share: number) => (100 * share).toFixed(0);
  return low === null || high === null ? percent(value) : `${percent(value)} [${whole(low)}, ${whole(high)}]`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(0)} %`;
}

function signed({ value, low, high }: StudySummary["paired"][number]["auroc"]): string {
  const plus = (number: number | null) => number === null ? "-" : `${number < 0 ? "" : "+"}${number.toFixed(3)}`;
  return `${plus(value)} [${plus(low)}, ${plus(high)}]`;
}
