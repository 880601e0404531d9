/**
 * `polysem validate trained`: is the score true of units that were trained towards known classes?
 *
 * @module
 */
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { cacheDirectory } from "../../../cache.ts";
import type { Dataset } from "../../../data/mod.ts";
import type { BackendReport } from "../../../engine/mod.ts";
import { InputError } from "../../../errors.ts";
import type { TaughtPlan } from "../../../training/mod.ts";
import type {
  TaughtEntry,
  TrainedGroup,
  TrainedSetting,
  TrainedStudy,
  TrainedSummary,
} from "../../../validate/trained/mod.ts";
import { between, percent, percents, signed } from "../../console/estimates.ts";
import {
  decimals,
  duration,
  formatTable,
  globalOptions,
  printDetail,
  printNote,
  printResult,
} from "../../console/output.ts";
import { makeFolder, writeFiles } from "../../console/study_files.ts";
import { createProgress } from "../../console/progress.ts";
import { cifar10Ref, type DataOptions, withCifar10Option } from "../../options/data.ts";
import { type EmbedderOptions, embedderRef, withEmbedderOptions } from "../../options/embedder.ts";
import { DEFAULT_PROFILES, instrumentsOf, readProfiles, referenceAmong } from "../../options/profiles.ts";
import { integerOption, seedOption } from "../../options/values.ts";

interface TrainedOptions extends DataOptions, EmbedderOptions {
  readonly profiles: string;
  readonly seed: number;
  readonly networks?: string;
  readonly only?: string;
  readonly train?: string;
  readonly seeds?: readonly number[];
  readonly trainOnly: boolean;
  readonly limit?: number;
  readonly workers?: number;
  readonly out?: string;
}

/** Adds the command to `validate`. */
export function registerValidateTrained(validate: Command): void {
  withCifar10Option(withEmbedderOptions(
    validate.command("trained")
      .description(
        "Score units that were trained towards known classes of CIFAR-10, by each profile, and say how often the score is " +
          "true; beside it the mean pairwise angle (control), mean LPIPS, what real images alone give, and what S would be if K " +
          "were known.",
      )
      .option("--profiles <list>", "profiles side by side: names or JSON files", DEFAULT_PROFILES)
      .option("--seed <n>", "seed of the scoring", seedOption, 0)
      .option("--networks <dir>", "folder of taught networks (default: the repository's models/taught-cifar10)")
      .option("--only <names>", "some of its networks, such as resnet-sets-101,vgg-sets-101 (default: all)")
      .option(
        "--train <list>",
        "first train the networks that the folder lacks: lenet5, resnet, vgg or vit, a hyphen, and labels or sets, such as " +
          "resnet-sets,lenet5-labels; goes on from checkpoints if it was cut",
      )
      .option("--seeds <list>", "seeds of the networks to train, such as 101,102", seedsOption)
      .option("--limit <n>", "at most so many units of each network, the first (default: all)", integerOption(1))
      .option("--train-only", "train, and score nothing", false)
      .option("--workers <n>", "jobs under way at a time, each on a core of its own", integerOption(1))
      .option("--out <dir>", "folder for trained.json, trained.csv (a line a unit), trained.svg and trained.png"),
    "the profile's",
  )).action(async (options: TrainedOptions, command: Command) => {
    const { OTHER_SETTINGS, chooseTaughtNetworks, summarizeTrained, TAUGHT_DIRECTORY, TAUGHT_K } = await import(
      "../../../validate/trained/mod.ts"
    );
    const plans = await plansOf(options); // before any work
    const folder = resolve(options.networks ?? TAUGHT_DIRECTORY);
    const profiles = await readProfiles(options.profiles, OTHER_SETTINGS);
    const reference = referenceAmong(profiles);
    const only = options.only?.split(",").map((name) => name.trim());
    if (plans.length === 0) await chooseTaughtNetworks(folder, only);
    if (options.out !== undefined) makeFolder(options.out);
    const embedder = await embedderRef(options, command);
    const { openDataset } = await import("../../../data/mod.ts");
    const { useBackend } = await import("../../../engine/mod.ts");
    const { suggestWorkers } = await import("../../../jobs/mod.ts");
    const engine = await useBackend(undefined, { threads: 1, readsAtOnce: true }); // the cores are for the workers
    if (plans.length > 0 && engine.backend !== "native") {
      throw new InputError(
        `training needs the native engine, and this is ${engine.backend}; see \`deno task polysem doctor\``,
      );
    }
    const dataset = await openDataset(cifar10Ref(options));
    const workers = options.workers ?? suggestWorkers(engine, Infinity);
    printDetail(command, `workers: ${workers}`);
    const trained = plans.length === 0 ? [] : await trainLacking(folder, plans, engine, dataset, workers, command);
    if (options.trainOnly) {
      printResult(command, { folder, trained }, () => [...trained.map(entryText), `networks: ${folder}`].join("\n"));
      return;
    }
    const networks = await chooseTaughtNetworks(folder, only);
    const instruments = await instrumentsOf(profiles, embedder, options.embedderWeights, dataset, command);
    const study = await runStudy(
      { folder, networks, profiles: instruments, reference, seed: options.seed, limit: options.limit },
      engine,
      dataset,
      workers,
      command,
    );
    const summary = summarizeTrained(study.results, Object.keys(profiles), options.seed);
    const document = {
      seed: options.seed,
      limit: options.limit ?? null,
      reference,
      embedders: Object.fromEntries(
        Object.entries(instruments).map(([name, { profile }]) => [name, profile.embed.embedder]),
      ),
      checked_networks: study.networks,
      refused_units: study.refused_units,
      ...summary,
    };
    const files = options.out === undefined ? [] : await writeStudy(options.out, document, summary, study);
    printResult(
      command,
      { ...document, files },
      () => [...studyText(summary, TAUGHT_K), ...refusedText(study), ...files].join("\n"),
    );
  });
}

/** Reads `1,2,3`. */
function seedsOption(text: string): number[] {
  const seeds = text.split(",").map(seedOption);
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError("Give each seed once.");
  return seeds;
}

/** The networks that are to be there, trained if they are not; none without `--train`. */
async function plansOf({ train, seeds, trainOnly }: TrainedOptions): Promise<TaughtPlan[]> {
  const { parseTaughtPlans } = await import("../../../validate/trained/mod.ts");
  if (train === undefined) {
    const idle = seeds !== undefined ? "--seeds is" : trainOnly ? "--train-only is" : null;
    if (idle !== null) throw new InputError(`${idle} for --train; leave it out, or say what to train`);
    return [];
  }
  if (seeds === undefined) throw new InputError("--train needs the seeds of the networks; add --seeds 101,102");
  return parseTaughtPlans(train, seeds);
}

async function trainLacking(
  folder: string,
  plans: readonly TaughtPlan[],
  engine: BackendReport,
  dataset: Dataset,
  workers: number,
  command: Command,
): Promise<TaughtEntry[]> {
  const { trainTaughtNetworks } = await import("../../../validate/trained/mod.ts");
  const progress = createProgress({ title: "training", total: 100, unit: "%", quiet: globalOptions(command).quiet });
  try {
    return await trainTaughtNetworks(folder, plans, engine, dataset.ref, {
      checkpoints: join(cacheDirectory(), "checkpoints"),
      commandOf: ({ architecture, kind, seed }) =>
        `deno task polysem validate trained --train ${architecture}-${kind} --seeds ${seed} --train-only`,
      workers,
      onProgress: (share, name) => progress.update(Math.round(1000 * share) / 10, name),
      onNetwork: (entry, history) => {
        for (const { epoch, loss, trainAccuracy, testAccuracy, seconds } of history) {
          const test = testAccuracy === null ? "" : `, test ${(100 * testAccuracy).toFixed(2)} %`;
          printNote(
            command,
            `${entry.name}, epoch ${epoch}: loss ${loss.toFixed(4)}, train ${
              (100 * trainAccuracy).toFixed(2)
            } %${test}, ` +
              duration(seconds),
          );
        }
        printNote(command, entryText(entry));
      },
    });
  } finally {
    progress.stop();
  }
}

function entryText({ name, test_accuracy, sha256 }: TaughtEntry): string {
  return `${name}: ${(100 * test_accuracy).toFixed(2)} % of the test images, sha256 ${sha256}`;
}

async function runStudy(
  plan: Parameters<typeof import("../../../validate/trained/mod.ts").runTrainedStudy>[0],
  engine: BackendReport,
  dataset: Dataset,
  workers: number,
  command: Command,
): Promise<TrainedStudy> {
  const { runTrainedStudy } = await import("../../../validate/trained/mod.ts");
  const progress = createProgress({
    title: "trained units",
    total: 100,
    unit: "%",
    quiet: globalOptions(command).quiet,
  });
  try {
    return await runTrainedStudy(plan, engine, dataset.ref, workers, (share, detail) => {
      progress.update(Math.round(1000 * share) / 10, detail);
    });
  } finally {
    progress.stop();
  }
}

async function writeStudy(
  folder: string,
  document: unknown,
  summary: TrainedSummary,
  { results }: TrainedStudy,
): Promise<string[]> {
  const { toCsv } = await import("../../../csv.ts");
  const { trainedSettings } = await import("../../../report/charts/mod.ts");
  const { renderPng, renderSvg } = await import("../../../report/mod.ts");
  const [all] = summary.groups;
  const svg = await renderSvg(trainedSettings(all.settings, summary));
  return writeFiles(folder, [
    ["trained.json", `${JSON.stringify(document, null, 2)}\n`],
    ["trained.csv", toCsv(...unitsTable(all.settings.map(({ name }) => name), results))],
    ["trained.svg", svg],
    ["trained.png", await renderPng(svg)],
  ]);
}

/** A line for each unit. */
function unitsTable(
  names: readonly string[],
  results: TrainedStudy["results"],
): [columns: string[], rows: Record<string, string | number | null>[]] {
  const columnsOf = (name: string) => ["I", "K", "S"].map((part) => `${part}_${name.replaceAll(" ", "_")}`);
  const columns = ["network", "architecture", "kind", "seed", "unit", "k", "classes", ...names.flatMap(columnsOf)];
  const rows = results.map(({ scores, classes, ...unit }) => ({
    ...unit,
    classes: classes.join(" "),
    ...Object.fromEntries(
      Object.entries(scores).flatMap(([name, { I, K, S }]) => {
        const [i, k, s] = columnsOf(name);
        return [[i, I], [k, K], [s, S]];
      }),
    ),
  }));
  return [columns, rows];
}

const HEAD = [
  "setting",
  "AUROC",
  "Spearman(S, k)",
  "Spearman(K, k)",
  "exact K",
  "one called several",
  "several called one",
  "mean K, k = 1..4",
  "exact, k = 1..4",
];

function settingLine(each: TrainedSetting): (string | null)[] {
  const list = (values: readonly (number | null)[], text: (value: number) => string) =>
    values.every((value) => value === null)
      ? null
      : values.map((value) => value === null ? "-" : text(value)).join(" / ");
  return [
    each.name,
    between(each.auroc, each.auroc_low, each.auroc_high, 2),
    between(each.spearman, each.spearman_low, each.spearman_high, 2),
    between(each.spearman_k, each.spearman_k_low, each.spearman_k_high, 2),
    percents(each.exact_k, each.exact_k_low, each.exact_k_high),
    percents(each.mono_called_poly, each.mono_called_poly_low, each.mono_called_poly_high),
    percents(each.poly_called_mono, each.poly_called_mono_low, each.poly_called_mono_high),
    list(each.mean_k_by_k, (mean) => mean.toFixed(1)),
    list(each.exact_by_k, (share) => (100 * share).toFixed(0)),
  ];
}

function studyText({ networks, units, groups, unscored }: TrainedSummary, ks: readonly number[]): string[] {
  const isArchitecture = ({ name }: TrainedGroup) => name !== "all" && name !== "strong";
  const architectures = groups.filter(isArchitecture);
  const wide = groups.filter((group) => !isArchitecture(group));
  const [all] = groups;
  const left = Object.entries(unscored).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  return [
    `${units} units of ${networks} networks, trained towards known classes; in brackets 95 % bootstrap intervals over networks ` +
    "and units.",
    ...wide.flatMap((group) => [
      ...(group.name === "strong" ? [`All but LeNet-5: ${group.units} units of ${group.networks} networks.`] : []),
      formatTable(HEAD, group.settings.map(settingLine)),
      ...pairedText(group),
    ]),
    formatTable(
      ["architecture", "networks", "units", ...HEAD.slice(0, -1)],
      architectures.flatMap((group) =>
        group.settings.map((each) => [group.name, group.networks, group.units, ...settingLine(each).slice(0, -1)])
      ),
    ),
    formatTable(
      ["k", "setting", "units", "exact K", "mean K", "mean S"],
      ks.flatMap((k, i) =>
        all.settings.filter(({ units_by_k }) => units_by_k[i] > 0).map((each) => [
          k,
          each.name,
          each.units_by_k[i],
          percent(each.exact_by_k[i]),
          decimals(each.mean_k_by_k[i], 1),
          decimals(each.mean_s_by_k[i]),
        ])
      ),
    ),
    ...(left.length === 0 ? [] : [`Units that could not be scored, and are left out: ${left.join(", ")}.`]),
  ];
}

function pairedText({ paired }: TrainedGroup): string[] {
  return paired.map(({ name, against, auroc, spearman }) =>
    `${name} less ${against}: AUROC ${signed(auroc)}, Spearman ${signed(spearman)}`
  );
}

function refusedText({ networks, refused_units }: TrainedStudy): string[] {
  const low = networks.filter(({ refused }) => refused).map(({ name, test_accuracy, floor }) =>
    `${name} ${(100 * test_accuracy).toFixed(1)} % (${percent(floor)} asked for)`
  );
  const strays = refused_units.map(({ network, unit, classes, separations }) =>
    `${network}:${unit} (classes ${classes.join(" ")}: ${separations.map((area) => area.toFixed(2)).join(" ")})`
  );
  return [
    ...(low.length === 0 ? [] : [`Networks refused as truth for their test accuracy: ${low.join(", ")}.`]),
    ...(strays.length === 0
      ? []
      : [`Units left out, since they do not answer to each class they were taught (AUROC): ${strays.join(", ")}.`]),
  ];
}
