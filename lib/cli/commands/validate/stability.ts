/**
 * `polysem validate stability RUN`: what a run's scores depend on beside its units.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { InputError } from "../../../errors.ts";
import type { BackendReport } from "../../../engine/mod.ts";
import type { Cifar10 } from "../../../data/mod.ts";
import type { ContextOptions, LoadedContext } from "../../../pipeline/mod.ts";
import type { RunReader } from "../../../store/mod.ts";
import type { RunManifest } from "../../../types.ts";
import type {
  Agreement,
  ByLayer,
  ClusterSetting,
  Difference,
  FreshAgreement,
  ImageCount,
  LpipsDifference,
  MaybeScored,
  NullScores,
  StoredUnit,
  UnitAgainstNull,
} from "../../../validate/stability/mod.ts";
import { type DataOptions, withDataOption } from "../../options/data.ts";
import { integerOption } from "../../options/values.ts";
import { decimals, formatTable, globalOptions, printDetail, printNote, printResult } from "../../console/output.ts";
import { createProgress } from "../../console/progress.ts";

const NULLS = ["random", "shuffled"] as const;

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

/** A way of scoring that was tried, or why it could not be. */
type Tried<T> =
  & { readonly name: string; readonly own: boolean }
  & ({ readonly result: T; readonly missing: null } | { readonly result: null; readonly missing: string });

/** All that is reported. */
interface StabilityReport {
  readonly run: string;
  readonly units: number;
  readonly dead: number;
  /** Share of units whose S comes out as stored when it is computed again in the same way. */
  readonly reproduced: number;
  readonly seeds: { readonly count: number; readonly layers: readonly ByLayer<Agreement>[] };
  readonly fresh: { readonly seeds: readonly number[]; readonly layers: readonly ByLayer<FreshAgreement>[] } | null;
  readonly images: readonly ByLayer<ImageCount>[];
  readonly embedders: readonly Tried<Difference>[];
  readonly lpips: readonly Tried<LpipsDifference>[];
  readonly restarts: readonly (Difference & { readonly restarts: number })[];
  readonly null: {
    readonly kind: string;
    readonly weightsSha256: string;
    readonly layers: readonly ByLayer<NullScores>[];
    readonly units: readonly UnitAgainstNull[];
  } | null;
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
        "score with fresh images from so many other seeds: each costs what scoring costs",
        integerOption(0, 1000),
        0,
      )
      .addOption(
        new Option(
          "--null <kind>",
          "score a network that has learned nothing: the model with random weights, or trained on shuffled labels",
        ).choices(NULLS),
      )
      .option(
        "--null-weights <file>",
        "its weights (default for random: the initialization, from the run's seed; for shuffled: as `train --shuffle-labels` " +
          "makes them)",
      )
      .option(
        "--workers <n>",
        "jobs under way at a time when images are made (default: as score-all)",
        integerOption(1),
      )
      .option("--model-weights <file>", "weights of the run's model, in place of the committed ones")
      .option("--embedder-weights <file>", "weights of the run's embedder, in place of the default ones"),
  ).action(async (name: string, options: StabilityOptions, command: Command) => {
    if (options.nullWeights !== undefined && options.null === undefined) {
      throw new InputError(
        "--null-weights was given without --null; say what they are, --null random or --null shuffled",
      );
    }
    if (options.null === "shuffled" && options.nullWeights === undefined) {
      throw new InputError(
        "--null shuffled needs the weights of a network trained on shuffled labels: make them with " +
          "`deno task train lenet5-cifar10 --shuffle-labels --out DIR` and give --null-weights " +
          "DIR/lenet5-cifar10/weights.safetensors",
      );
    }
    const { readRun, runDirectory } = await import("../../../store/mod.ts");
    using run = readRun(runDirectory(name));
    const report = await study(run, name, options, command);
    printResult(command, asJson(report), () => asText(report, options));
  });
}

/** The units asked for and what the run holds of them. */
async function readUnits(run: RunReader, name: string, options: StabilityOptions, command: Command) {
  const { modelLayers } = await import("../../../networks/mod.ts");
  const { selectUnits } = await import("../../../pipeline/mod.ts");
  const { storedUnit } = await import("../../../validate/stability/mod.ts");
  const { layers, units, limit } = options;
  const committed = run.units();
  if (committed.length === 0) {
    throw new InputError(`run ${name} has none of its units yet; let score-all commit some first`);
  }
  const has = new Set(committed.map(({ layer, unit }) => `${layer}:${unit}`));
  const asked = selectUnits(modelLayers(run.manifest.model), { layers, units });
  const absent = asked.find(({ layer, unit }) => !has.has(`${layer}:${unit}`));
  if (units !== undefined && absent !== undefined) {
    throw new InputError(
      `unit ${absent.layer}:${absent.unit} is not in run ${name}; score it, or leave it out of --units`,
    );
  }
  const chosen = asked.filter(({ layer, unit }) => has.has(`${layer}:${unit}`)).slice(0, limit);
  if (chosen.length === 0) {
    throw new InputError(`run ${name} has no unit of ${layers}; score some, or name other layers`);
  }
  const stored = chosen.flatMap(({ layer, unit }) => {
    return storedUnit(run.unit(layer, unit)!, () => run.unit(layer, unit)!.images) ?? [];
  });
  if (stored.length === 0) {
    const none = chosen.length === 1
      ? "the unit asked for has no score"
      : `none of its ${chosen.length} units has a score`;
    throw new InputError(`run ${name}: ${none}; there is nothing to repeat of dead units, so choose others`);
  }
  const pending = run.pendingJobs().length;
  if (pending > 0) {
    printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units count`);
  }
  if (stored.length === 1) {
    printNote(command, "note: with a single unit there is nothing to correlate; correlations need at least two");
  }
  return { chosen, stored };
}

async function study(
  run: RunReader,
  name: string,
  options: StabilityOptions,
  command: Command,
): Promise<StabilityReport> {
  const stability = await import("../../../validate/stability/mod.ts");
  const { parseProfile } = await import("../../../pipeline/mod.ts");
  const { EMBEDDERS, loadEmbedder } = await import("../../../embed/mod.ts");
  const { loadLpips, LPIPS_NETWORKS } = await import("../../../lpips/mod.ts");
  const { useBackend } = await import("../../../engine/mod.ts");
  const { manifest } = run;
  // a field that is younger than the run is as in `paper`, where nothing new is done
  const profile = parseProfile({ extends: "paper", ...manifest.profile }, `of run ${name}`);
  const { chosen, stored } = await readUnits(run, name, options, command);
  const scoresAgain = options.imagesSeeds > 0 || options.null !== undefined;
  const backend = await useBackend(undefined, scoresAgain ? { threads: 1 } : {}); // the cores are for the workers
  printDetail(command, `engine: ${JSON.stringify(backend)}`);
  const data = await readDataOf(manifest, name, options, scoresAgain);
  const loadedBy: ContextOptions = {
    model: manifest.model,
    modelWeights: options.modelWeights,
    embedderWeights: options.embedderWeights,
    profile,
    seed: manifest.seed,
    data,
  };
  const setting = await loadSetting(name, manifest, loadedBy, scoresAgain);

  const { quiet } = globalOptions(command);
  const studies = 4 + EMBEDDERS.length - 1 + LPIPS_NETWORKS.length;
  const progress = createProgress({ title: "rescoring", total: studies * stored.length, unit: "units", quiet });
  const next = (detail: string) => () => progress.increment(1, detail);
  const skip = () => progress.increment(stored.length);
  const reproduced = stored.filter((unit) => {
    progress.increment(1, "as in the run");
    const { K, S } = stability.rescore(unit, setting);
    return K === unit.score.K && Math.abs(S - unit.score.S) < 1e-9;
  }).length / stored.length;
  const seeds = stability.agreementOfSeeds(stored, setting, options.seeds, next("seeds"));
  const images = stability.scoresByImageCount(stored, setting, stability.IMAGE_COUNTS, next("images"));
  const restarts = stability.differenceByRestarts(stored, setting, stability.RESTART_COUNTS, next("restarts"));
  const embedders: Tried<Difference>[] = [];
  for (const embedder of EMBEDDERS) {
    const own = embedder === manifest.embedder;
    const scores = stored.map(({ score }) => score);
    if (own) embedders.push({ name: embedder, own, result: stability.difference(scores, scores), missing: null });
    else {
      embedders.push({
        name: embedder,
        own,
        ...await tried(async () => {
          const loaded = await loadEmbedder(embedder);
          try {
            const meanEmbedding = profile.cluster.center ? await meanOfEmbedder(loadedBy, embedder) : null;
            return stability.differenceByEmbedder(stored, { ...setting, meanEmbedding }, loaded, next(embedder));
          } finally {
            loaded.dispose();
          }
        }, skip),
      });
    }
  }
  const lpips: Tried<LpipsDifference>[] = [];
  for (const net of LPIPS_NETWORKS) {
    const own = net === manifest.lpips;
    lpips.push({
      name: net,
      own,
      ...await tried(async () => {
        const loaded = await loadLpips(net, { resize: profile.lpips.resize });
        try {
          return stability.differenceByLpips(stored, setting, loaded, next(`LPIPS ${net}`));
        } finally {
          loaded.dispose();
        }
      }, skip),
    });
  }
  progress.stop();

  const again = scoreAgain(backend, chosen, options, command);
  let fresh: StabilityReport["fresh"] = null;
  if (options.imagesSeeds > 0) {
    const others = Array.from({ length: options.imagesSeeds }, (_, i) => (manifest.seed + 1 + i) >>> 0);
    const scores = [];
    for (const seed of others) {
      const scored = await again({ ...loadedBy, seed }, `seed ${seed}`);
      scores.push(
        new Map(scored.flatMap(({ layer, unit, score }) => score ? [[`${layer}:${unit}`, score] as const] : [])),
      );
    }
    fresh = { seeds: others, layers: stability.agreementOfFreshImages(stability.freshUnits(stored, scores)) };
  }
  return {
    run: name,
    units: stored.length,
    dead: chosen.length - stored.length,
    reproduced,
    seeds: { count: options.seeds, layers: seeds },
    fresh,
    images,
    embedders,
    lpips,
    restarts,
    null: options.null === undefined ? null : await studyNull(manifest, stored, chosen, loadedBy, options, again),
  };
}

/** The result of what may lack its weights, or the words that say what to do about it. */
async function tried<T>(
  action: () => Promise<T>,
  onMissing: () => void,
): Promise<{ result: T; missing: null } | { result: null; missing: string }> {
  try {
    return { result: await action(), missing: null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    onMissing();
    return { result: null, missing: error.message };
  }
}

/** The dataset, where the run has one: needed when images are made, useful where an embedder has no mean of its own. */
async function readDataOf(
  manifest: RunManifest,
  name: string,
  options: StabilityOptions,
  needed: boolean,
): Promise<Cifar10 | null> {
  const { CIFAR10_SHA256, isCifar10Present, readCifar10 } = await import("../../../data/mod.ts");
  if (manifest.dataset === null) return null;
  const directory = typeof options.data === "string" ? options.data : undefined;
  if (directory === undefined && !needed && !isCifar10Present()) return null;
  refuseOther(name, "dataset", manifest.dataset.sha256, CIFAR10_SHA256, "there is no other here");
  return await readCifar10(directory);
}

/** What clusters of the run depend on; the network and the metric are checked too where images will be made. */
async function loadSetting(
  name: string,
  manifest: RunManifest,
  loadedBy: ContextOptions,
  scoresAgain: boolean,
): Promise<ClusterSetting> {
  const { loadContext } = await import("../../../pipeline/mod.ts");
  const context: LoadedContext = await loadContext(loadedBy);
  try {
    refuseOther(name, "embedder", manifest.embedderSha256, context.embedder.sha256, "give --embedder-weights FILE");
    if (scoresAgain) {
      refuseOther(name, "model", manifest.modelSha256, context.modelSha256, "give --model-weights FILE");
      refuseOther(name, "LPIPS network", manifest.lpipsSha256, context.lpips.sha256, "restore its weights");
    }
    return { profile: loadedBy.profile, seed: loadedBy.seed, meanEmbedding: context.meanEmbedding };
  } finally {
    context.dispose();
  }
}

/** The mean embedding of another embedder, as a run with it would have it. */
async function meanOfEmbedder(loadedBy: ContextOptions, embedder: string): Promise<Float32Array | null> {
  const { loadContext, parseProfile } = await import("../../../pipeline/mod.ts");
  const profile = parseProfile({ ...loadedBy.profile, embed: { embedder } }, "with another embedder");
  const context = await loadContext({ ...loadedBy, profile, embedderWeights: undefined });
  context.dispose();
  return context.meanEmbedding;
}

function refuseOther(name: string, what: string, stored: string, found: string, remedy: string): void {
  if (stored === found) return;
  throw new InputError(
    `run ${name} was made with another ${what} (sha256 ${stored.slice(0, 12)}...) than the one at hand ` +
      `(${found.slice(0, 12)}...); ${remedy}, or score again into another run`,
  );
}

type ScoreAgain = (options: ContextOptions, what: string) => Promise<MaybeScored[]>;

/** Scores the chosen units through the whole pipeline, with progress. */
function scoreAgain(
  backend: BackendReport,
  chosen: readonly { readonly layer: string; readonly unit: number }[],
  options: StabilityOptions,
  command: Command,
): ScoreAgain {
  return async (loadedBy, what) => {
    const { scoreUnitsAgain } = await import("../../../validate/stability/mod.ts");
    const { suggestWorkers, UNITS_PER_JOB } = await import("../../../jobs/mod.ts");
    const workers = options.workers ?? suggestWorkers(backend, Math.ceil(chosen.length / UNITS_PER_JOB));
    const { quiet } = globalOptions(command);
    const progress = createProgress({ title: `scoring, ${what}`, total: chosen.length, unit: "units", quiet });
    try {
      return await scoreUnitsAgain(loadedBy, chosen, backend, workers, (done) => progress.update(Math.floor(done)));
    } finally {
      progress.stop();
    }
  };
}

async function studyNull(
  manifest: RunManifest,
  stored: readonly StoredUnit[],
  chosen: readonly { readonly layer: string; readonly unit: number }[],
  loadedBy: ContextOptions,
  options: StabilityOptions,
  again: ScoreAgain,
): Promise<NonNullable<StabilityReport["null"]>> {
  const { compareWithNull } = await import("../../../validate/stability/mod.ts");
  const { createRandom } = await import("../../../random.ts");
  const { sha256OfFile } = await import("../../../weights/mod.ts");
  const kind = options.null!;
  const made = options.nullWeights === undefined ? await writeInitialWeights(manifest) : null;
  const modelWeights = options.nullWeights ?? made!;
  try {
    const nullUnits = await again({ ...loadedBy, modelWeights }, `null (${kind})`);
    const scores = new Map(stored.map(({ layer, unit, score }) => [`${layer}:${unit}`, score]));
    const trained = chosen.map(({ layer, unit }) => ({ layer, unit, score: scores.get(`${layer}:${unit}`) ?? null }));
    const random = createRandom(manifest.seed, "null", kind);
    return { kind, weightsSha256: await sha256OfFile(modelWeights), ...compareWithNull(trained, nullUnits, random) };
  } finally {
    if (made !== null) await Deno.remove(made);
  }
}

async function writeInitialWeights({ model, seed }: RunManifest): Promise<string> {
  const { initialWeights } = await import("../../../training/mod.ts");
  const bytes = initialWeights(model, seed);
  const path = await Deno.makeTempFile({ prefix: "polysem-null-", suffix: ".safetensors" });
  await Deno.writeFile(path, bytes);
  return path;
}

function asJson(report: StabilityReport): unknown {
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
  const { run, units, dead, reproduced, seeds, fresh, images, embedders, lpips, restarts, null: against } = report;
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
      })),
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
      units: against.units,
    },
  };
}

function asText(report: StabilityReport, options: StabilityOptions): string {
  const { seeds, fresh, images, embedders, lpips, restarts } = report;
  const percent = (share: number | null) => share === null ? null : `${(100 * share).toFixed(0)} %`;
  const sections = [
    `${report.units} unit${report.units === 1 ? "" : "s"} of run ${report.run}` +
    (report.dead === 0 ? "" : `, and ${report.dead} dead ones that are left out`) +
    `; scored again in the same way, S is as stored for ${percent(report.reproduced)}.`,
    `Clustering with ${seeds.count} other seeds:\n` + formatTable(
      ["layer", "units", "ICC of S", "same K"],
      seeds.layers.map(({ layer, units, icc, kAgreement }) => [layer, units, decimals(icc), percent(kAgreement)]),
    ),
    ...(fresh === null ? [] : [
      `The run and fresh images from ${fresh.seeds.length} other seed${fresh.seeds.length === 1 ? "" : "s"}:\n` +
      formatTable(
        ["layer", "units", "ICC of S", "same K", "S within the run's interval"],
        fresh.layers.map(({ layer, units, icc, kAgreement, withinInterval }) => [
          layer,
          units,
          decimals(icc),
          percent(kAgreement),
          percent(withinInterval),
        ]),
      ),
    ]),
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
    ...nullText(report, options),
  ];
  return sections.join("\n");
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

function nullText({ null: against }: StabilityReport, { nullWeights }: StabilityOptions): string[] {
  if (against === null) return [];
  const list = (values: readonly number[] | null, digits: number) =>
    values?.map((v) => v.toFixed(digits)).join(" ") ?? null;
  const what = against.kind === "random" ? "random weights" : "training on shuffled labels";
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
  ];
}
