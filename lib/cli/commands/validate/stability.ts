/**
 * `polysem validate stability RUN`: what a run's scores depend on beside its units.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { InputError, messageOf } from "../../../errors.ts";
import type { KShares } from "../../../types.ts";
import type {
  Agreement,
  Difference,
  Foretold,
  FreshReport,
  FreshUnit,
  ImageCount,
  NullNetwork,
  StabilityPlan,
  StabilityReport,
  Tried,
} from "../../../validate/stability/mod.ts";
import { type DataOptions, withDataOption } from "../../options/data.ts";
import { integerOption } from "../../options/values.ts";
import {
  decimals,
  formatTable,
  globalOptions,
  printDetail,
  printNote,
  printResult,
  sharesText,
} from "../../console/output.ts";
import { createProgress } from "../../console/progress.ts";

const NULLS = ["random", "permuted", "shuffled"] as const satisfies readonly NullNetwork["kind"][];

interface StabilityOptions extends DataOptions {
  readonly layers?: string;
  readonly units?: string;
  readonly limit?: number;
  readonly seeds: number;
  readonly imagesSeeds: number;
  readonly null?: typeof NULLS[number];
  readonly nullWeights?: string;
  readonly workers?: number;
  readonly modelWeights?: string;
  readonly embedderWeights?: string;
}

/** Adds the command to `validate`. */
export function registerValidateStability(validate: Command): void {
  withDataOption(
    validate.command("stability")
      .description(
        "What a run's scores depend on: seeds, number of images, embedder, LPIPS network, starts of k-means; and what a " +
          "network that has learned nothing scores.",
      )
      .argument("<run>", "name under runs/, or path of a run")
      .option("--layers <names>", "layers, such as conv1,conv2 (default: all of the run)")
      .option("--units <list>", "units, such as conv2:0-7,fc1:3 (default: all of the run)")
      .option("--limit <n>", "at most so many units, the first ones", integerOption(1))
      .option("--seeds <n>", "seeds of clustering to compare", integerOption(2, 1000), 5)
      .option(
        "--images-seeds <n>",
        "score with fresh images from so many other seeds, and write fresh_images.csv into the run: each costs what scoring " +
          "costs",
        integerOption(0, 1000),
        0,
      )
      .addOption(
        new Option(
          "--null <kind>",
          "score a network that has learned nothing, and write null_scores.csv into the run: the model with random weights, " +
            "with its own in another order, or trained on shuffled labels",
        ).choices(NULLS),
      )
      .option(
        "--null-weights <file>",
        "its weights (default for random: the initialization, from the run's seed; for permuted: each tensor's own numbers, " +
          "permuted by it; for shuffled: as `train --shuffle-labels` makes them)",
      )
      .option(
        "--workers <n>",
        "jobs under way at a time when images are made (default: as score-all)",
        integerOption(1),
      )
      .option(
        "--model-weights <file>",
        "weights of the run's model, in place of the committed ones, or its .onnx or .ts file",
      )
      .option("--embedder-weights <file>", "weights of the run's embedder, in place of the default ones"),
  ).action(async (name: string, options: StabilityOptions, command: Command) => {
    const plan = planOf(options);
    const { readRun, runDirectory, writeFreshImages, writeNullScores } = await import("../../../store/mod.ts");
    const { studyStability } = await import("../../../validate/stability/mod.ts");
    const { quiet } = globalOptions(command);
    using run = readRun(runDirectory(name));
    const report = await studyStability(run, name, plan, {
      onBackend: (backend) => printDetail(command, `engine: ${JSON.stringify(backend)}`),
      onNote: (text) => printNote(command, text),
      onPart: (title, total) => createProgress({ title, total, unit: "units", quiet }),
    });
    const { fresh, null: against } = report;
    /** Writes a table; where that fails, what took so long is shown all the same. */
    const written = (write: () => string): string | null => {
      try {
        return write();
      } catch (error) {
        printNote(command, `note: ${messageOf(error)}`);
        return null;
      }
    };
    const files: Files = {
      fresh: fresh && written(() => writeFreshImages(run.directory, fresh.units)),
      null: against && written(() => writeNullScores(run.directory, against.kind, against.units)),
    };
    printResult(command, asJson(name, report, files), () => asText(name, report, options, files));
  });
}

/** The tables that were written. */
interface Files {
  readonly fresh: string | null;
  readonly null: string | null;
}

/** What the options ask for. */
function planOf(options: StabilityOptions): StabilityPlan {
  const { layers, units, limit, seeds, imagesSeeds, workers, modelWeights, embedderWeights, data } = options;
  if (options.nullWeights !== undefined && options.null === undefined) {
    throw new InputError(
      "--null-weights was given without --null; say what they are: --null random, --null permuted or --null shuffled",
    );
  }
  return {
    layers,
    units,
    limit,
    seeds,
    freshSeeds: imagesSeeds,
    null: options.null && { kind: options.null, weights: options.nullWeights },
    workers,
    modelWeights,
    embedderWeights,
    data: data || undefined,
  };
}

function asJson(run: string, report: StabilityReport, files: Files): unknown {
  const ofAgreement = ({ icc, kAgreement }: Agreement) => ({ icc, k_agreement: kAgreement });
  const ofDifference = ({ units, spearman, meanDifference, sameK }: Difference) => ({
    units,
    spearman,
    mean_difference: meanDifference,
    same_K: sameK,
  });
  const ofTried = <T>({ name, own, result, missing }: Tried<T>, numbers: (result: T) => Record<string, unknown>) => ({
    name,
    own,
    available: result !== null,
    ...(result === null ? { missing } : numbers(result)),
  });
  const { units, dead, reproduced, seeds, fresh, images, embedders, lpips, restarts, null: against } = report;
  return {
    run,
    units,
    dead,
    reproduced,
    seeds: {
      count: seeds.count,
      layers: seeds.layers.map((each) => ({ layer: each.layer, units: each.units, ...ofAgreement(each) })),
    },
    fresh: fresh && {
      seeds: fresh.seeds,
      layers: fresh.layers.map((each) => ({
        layer: each.layer,
        units: each.units,
        ...ofAgreement(each),
        within_interval: each.withinInterval,
        within_interval_where_several: each.withinIntervalWhereSeveral,
        halves_K: sharesForJson(each.halvesK),
        fresh_K: sharesForJson(each.freshK),
      })),
      foretold: foretoldForJson(fresh.foretold),
      units: fresh.units.map(freshUnitForJson),
      file: files.fresh,
    },
    images: images.map(({ meanS, meanK, spearman, ...each }) => ({ ...each, mean_S: meanS, mean_K: meanK, spearman })),
    embedders: embedders.map((each) => ofTried(each, ofDifference)),
    lpips: lpips.map((each) =>
      ofTried(each, (result) => ({ ...ofDifference(result), mean_I: result.meanI, cut: result.cut }))
    ),
    restarts: restarts.map((each) => ({ restarts: each.restarts, ...ofDifference(each) })),
    null: against && {
      kind: against.kind,
      weights_sha256: against.weightsSha256,
      layers: against.layers.map((each) => ({
        layer: each.layer,
        units: each.units,
        null_units: each.nullUnits,
        null_dead: each.nullDead,
        mean_S: each.meanS,
        null_mean_S: each.nullMeanS,
        null_quartiles: each.nullQuartiles,
        null_K: each.nullK,
        auroc: each.auroc,
        auroc_low: each.aurocLow,
        auroc_high: each.aurocHigh,
      })),
      units: against.units.map(({ nullK, nullS, ...each }) => ({ ...each, null_K: nullK, null_S: nullS })),
      file: files.null,
    },
  };
}

/** Shares of K = 1, 2, and 3 or more. */
function sharesForJson(shares: KShares | null): number[] | null {
  return shares && [shares.K1, shares.K2, shares.K3];
}

function foretoldForJson({ units, correlation, error, errorOfOwnK, bins }: Foretold) {
  return { units, correlation, error, error_of_K: errorOfOwnK, bins };
}

function freshUnitForJson({ layer, unit, own, interval, kShares, fresh, freshKShares }: FreshUnit) {
  return {
    layer,
    unit,
    K: own.K,
    S: own.S,
    S_low: interval?.low ?? null,
    S_high: interval?.high ?? null,
    halves_K: sharesForJson(kShares),
    fresh_K: sharesForJson(freshKShares),
    fresh: fresh.map(({ K, S }) => ({ K, S })),
  };
}

function asText(run: string, report: StabilityReport, options: StabilityOptions, files: Files): string {
  const { seeds, fresh, images, embedders, lpips, restarts } = report;
  const percent = (share: number | null) => share === null ? null : `${(100 * share).toFixed(0)} %`;
  const sections = [
    `${report.units} unit${report.units === 1 ? "" : "s"} of run ${run}` +
    (report.dead === 0 ? "" : `, and ${report.dead} without a score (dead or exploded) that are left out`) +
    `; scored again in the same way, S is as stored for ${percent(report.reproduced)}.`,
    `Clustering with ${seeds.count} other seeds:\n` + formatTable(
      ["layer", "units", "ICC of S", "same K"],
      seeds.layers.map(({ layer, units, icc, kAgreement }) => [layer, units, decimals(icc), percent(kAgreement)]),
    ),
    ...(fresh === null ? [] : freshText(fresh, files.fresh, percent)),
    "The first I images (rho: rank correlation with the run's S):\n" + imagesTable(images),
    "By embedder, LPIPS network and starts of k-means, against the run's S:\n" + formatTable(
      ["", "units", "rho", "mean |difference|", "same K", "mean I", "elbow beyond the images"],
      [
        ...embedders.map(({ name, own, result }) => [
          own ? `${name} (the run's)` : name,
          ...differenceCells(result, percent),
          null,
          null,
        ]),
        ...lpips.map(({ name, own, result }) => [
          `LPIPS ${name}${own ? " (the run's)" : ""}`,
          ...differenceCells(result, percent),
          decimals(result?.meanI ?? null, 1),
          result?.cut ?? null,
        ]),
        ...restarts.map((each) => [
          `${each.restarts} start${each.restarts === 1 ? "" : "s"}, another seed`,
          ...differenceCells(each, percent),
          null,
          null,
        ]),
      ],
    ),
    ...[...embedders, ...lpips].flatMap(({ name, missing }) => missing === null ? [] : [`Without ${name}: ${missing}`]),
    ...nullText(report, options, files.null),
  ];
  return sections.join("\n");
}

/** Agreement with fresh images by layer, and what halves of the run's images foretell of them. */
function freshText(
  { seeds, layers, foretold }: FreshReport,
  file: string | null,
  percent: (share: number | null) => string | null,
): string[] {
  const { units, correlation, error, errorOfOwnK, bins } = foretold;
  return [
    `The run and fresh images from ${seeds.length} other seed${seeds.length === 1 ? "" : "s"}:\n` +
    formatTable(
      [
        "layer",
        "units",
        "ICC of S",
        "same K",
        "S within the run's interval",
        "where some S > 0",
        "K = 1 / 2 / 3+ in halves",
        "in fresh images",
      ],
      layers.map((each) => [
        each.layer,
        each.units,
        decimals(each.icc),
        percent(each.kAgreement),
        percent(each.withinInterval),
        percent(each.withinIntervalWhereSeveral),
        sharesText(each.halvesK),
        sharesText(each.freshK),
      ]),
    ),
    ...(units === 0 ? [] : [
      `Do halves of the run's images foretell K of 2 or more? Over ${units} unit${
        units === 1 ? "" : "s"
      } correlation ` +
      `${decimals(correlation)}, mean squared error ${decimals(error)}; that of the run's K alone ` +
      `${decimals(errorOfOwnK)}:\n` +
      formatTable(
        ["share of halves", "units", "K of 2 or more in halves", "in fresh images"],
        bins.filter((bin) => bin.units > 0).map((bin) => [
          bin.to === 0 ? "0 %" : `above ${percent(bin.from)} to ${percent(bin.to)}`,
          bin.units,
          percent(bin.halves),
          percent(bin.fresh),
        ]),
      ),
    ]),
    ...(file === null ? [] : [`Every unit: ${file}`]),
  ];
}

/** A row a layer and quantity, a column an I. */
function imagesTable(images: StabilityReport["images"]): string {
  const counts = [...new Set(images.map(({ I }) => I))];
  const rows = [...Map.groupBy(images, ({ layer }) => layer)].flatMap(([layer, here]) => {
    const at = (pick: (count: ImageCount) => string) =>
      counts.map((I) => {
        const found = here.find((each) => each.I === I);
        return found && found.units > 0 ? pick(found) : null;
      });
    return [
      [layer, "units", ...at(({ units }) => String(units))],
      [layer, "mean S", ...at(({ meanS }) => decimals(meanS))],
      [layer, "mean K", ...at(({ meanK }) => decimals(meanK, 2))],
      [layer, "rho", ...at(({ spearman }) => decimals(spearman))],
    ];
  });
  return formatTable(["layer", "", ...counts.map((I) => `I = ${I}`)], rows);
}

function differenceCells(result: Difference | null, percent: (share: number | null) => string | null) {
  return result === null
    ? [null, null, null, null]
    : [result.units, decimals(result.spearman), decimals(result.meanDifference), percent(result.sameK)];
}

const NULL_WEIGHTS: Readonly<Record<NullNetwork["kind"], string>> = {
  random: "random weights",
  permuted: "its weights in another order",
  shuffled: "training on shuffled labels",
};

function nullText(
  { null: against }: StabilityReport,
  { nullWeights }: StabilityOptions,
  file: string | null,
): string[] {
  if (against === null) return [];
  const list = (values: readonly number[] | null, digits: number) =>
    values?.map((v) => v.toFixed(digits)).join(" ") ?? null;
  const what = NULL_WEIGHTS[against.kind];
  const hardly = against.units.filter(({ share }) => share !== null && share > 0.05).length;
  return [
    `Against the same network with ${what}${nullWeights === undefined ? "" : ` (${nullWeights})`}:\n` + formatTable(
      [
        "layer",
        "units",
        "mean S",
        "null",
        "dead",
        "mean S, null",
        "quartiles of S, null",
        "K = 1, 2, 3+",
        "AUROC",
        "95 %",
      ],
      against.layers.map((each) => [
        each.layer,
        each.units,
        decimals(each.meanS),
        each.nullUnits,
        each.nullDead,
        decimals(each.nullMeanS),
        list(each.nullQuartiles, 3),
        list(each.nullK, 2),
        decimals(each.auroc),
        each.aurocLow === null ? null : `${decimals(each.aurocLow)} to ${decimals(each.aurocHigh)}`,
      ]),
    ),
    `${hardly} of ${against.units.length} units have an S that more than 5 % of their layer's null units reach (--json has each).`,
    ...(file === null ? [] : [`Every unit beside its null: ${file}`]),
  ];
}
