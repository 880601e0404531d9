/**
 * `polysem score-embeddings FILE`: clusters and scores embeddings from anywhere.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { CRITERIA, type Criterion } from "../../cluster/mod.ts";
import { InputError, messageOf } from "../../errors.ts";
import {
  CALIBRATED_FOR,
  type EmbeddingsScore,
  ruleFor,
  scoreEmbeddings,
  scoreLabelledEmbeddings,
} from "../../score_embeddings.ts";
import { readLabels, readMatrix, readRow } from "../../store/mod.ts";
import type { Matrix } from "../../types.ts";
import { decimals, formatTable, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";
import { integerOption, numberOption, seedOption } from "../options/values.ts";

interface Options {
  readonly labels?: string;
  readonly kMax?: number;
  readonly seed: number;
  readonly criterion?: Criterion;
  readonly beta?: number;
  readonly lambda: number;
  readonly minClusterSize?: number;
  readonly mean?: string;
  readonly normalize: boolean;
}

/** What the value of each criterion is. */
const LOWER_IS_BETTER: Readonly<Record<Criterion, string>> = {
  "sse-penalty": "inertia + beta K",
  "pelleg-moore": "BIC (Pelleg and Moore)",
  "spherical": "BIC (spherical)",
  "silhouette": "minus mean silhouette",
  "gap": "minus gap",
};

/** Smaller arrays are scored in a few seconds: no progress is shown. */
const ENTRIES_TO_WAIT_FOR = 100_000;

/** Adds the command to the program. */
export function registerScoreEmbeddings(program: Command): void {
  program.command("score-embeddings")
    .description("Cluster and score any [I, D] array of embeddings; with labels, only the formula.")
    .argument("<file>", "array of shape [I, D]: NumPy .npy (float or integer) or CSV; - is standard input")
    .option("--labels <file>", "I integers, the cluster of each row: nothing is clustered, and candidates is empty")
    .option("--k-max <n>", "greatest K to try, below I (default: 10, and at most half of I)", integerOption(1, 1000))
    .option("--seed <n>", "seed of k-means", seedOption, 0)
    .addOption(
      new Option("--criterion <name>", "what chooses K (default: sse-penalty with --mean, else gap)").choices(CRITERIA),
    )
    .option(
      "--beta <x>",
      `price of a cluster for sse-penalty (default: ${CALIBRATED_FOR.beta}, calibrated for ${CALIBRATED_FOR.embedder})`,
      numberOption(0),
    )
    .option("--lambda <x>", "factor of the penalty for pelleg-moore and spherical", numberOption(0), 1)
    .option(
      "--min-cluster-size <n>",
      "rows of a smaller cluster join the nearest of the others (default: 2 for sse-penalty with --mean, as a run, else 1)",
      integerOption(1, 100),
    )
    .option(
      "--mean <file>",
      `mean embedding of the training images, to be subtracted: an array of D numbers, or ${HAS_MEAN} for its own`,
    )
    .option("--no-normalize", "cluster the embeddings at their own length instead of unit length")
    .addHelpText(
      "after",
      `
With --mean, K is chosen as a run chooses it, as far as embeddings alone allow: by sse-penalty on embeddings less that mean,
at unit length, without clusters of one row. Its price, ${CALIBRATED_FOR.beta}, was calibrated for ${CALIBRATED_FOR.leastRows} to ${CALIBRATED_FOR.mostRows} images embedded by
${CALIBRATED_FOR.embedder}; give your own with --beta for anything else. Without --mean, or with --no-normalize, K is chosen by
the gap statistic, which needs neither mean nor price and finds too many clusters in images of one feature. The paper's
literal rule is --criterion pelleg-moore --no-normalize --k-max (I - 1); in hundreds of dimensions it finds too many too.
Of more than 1,000 rows, starts of k-means, gap and silhouettes are taken from a sample drawn by the seed.
The score itself always uses the means of the embeddings as they are given. "candidates" has the value
of the chosen criterion for each K, lower is better; for the gap statistic it is minus the gap, and K the smallest whose gap
is within one standard error of the next. "k_at_limit" says whether the criterion chose the greatest K tried. ("bic" is the
former name of "candidates".)`,
    )
    .action(async (file: string, options: Options, command: Command) => {
      const note = (text: string) => printNote(command, text);
      const embeddings = await readMatrix(file, note);
      const result = options.labels === undefined
        ? await scoreClustered(file, embeddings, options, globalOptions(command).quiet, note)
        : await scoreLabelled(file, embeddings, options.labels, note);
      printResult(command, asJson(result), () => describe(result, embeddings, options));
    });
}

/** Runs the arithmetic; what it finds wrong with the numbers is wrong input of that file. */
function about<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${file}: ${messageOf(error)}; give finite embeddings whose cluster means are not zero`);
  }
}

async function scoreClustered(
  file: string,
  embeddings: Matrix,
  options: Options,
  quiet: boolean,
  note: (text: string) => void,
): Promise<EmbeddingsScore> {
  const mean = options.mean === undefined ? undefined : await readMean(options.mean, note);
  if (mean !== undefined && mean.length !== embeddings.cols) {
    throw new InputError(`${options.mean} has ${mean.length} numbers; give one for each of ${embeddings.cols} columns`);
  }
  const { lambda, seed } = options;
  const brief = embeddings.rows * embeddings.cols < ENTRIES_TO_WAIT_FOR;
  const progress = createProgress({ title: "scoring embeddings", total: 100, unit: "%", quiet: quiet || brief });
  try {
    return about(file, () =>
      scoreEmbeddings(
        embeddings,
        { ...ruleFor({ ...options, mean }), lambda, seed },
        (share) => progress.update(Math.floor(100 * share)),
      ));
  } finally {
    progress.stop();
  }
}

/** The embedder whose weights hold the mean embedding of its training images. */
const HAS_MEAN = CALIBRATED_FOR.embedder;

/** A mean embedding: of an embedder by its name, or from a file. */
async function readMean(mean: string, note: (text: string) => void): Promise<Matrix["data"]> {
  if (mean !== HAS_MEAN) return await readRow(mean, note);
  const { findWeightSet, readWeights } = await import("../../weights/mod.ts");
  const { files: [file] } = await findWeightSet(mean);
  const { tensors } = await readWeights(file, mean, (name) => name === "embedding_mean");
  const found = tensors.get("embedding_mean");
  if (found === undefined) throw new InputError(`${file.path} has no mean embedding; give a file of one`);
  return found.data;
}

async function scoreLabelled(
  file: string,
  embeddings: Matrix,
  labelsFile: string,
  note: (text: string) => void,
): Promise<EmbeddingsScore> {
  const labels = await readLabels(labelsFile, embeddings.rows, note);
  return about(file, () => scoreLabelledEmbeddings(embeddings, labels));
}

/** The result as JSON. `bic` is the former name of `candidates`, kept for a release. */
function asJson(result: EmbeddingsScore) {
  const { I, K, C, D, S, assignments, candidates, meanAngle, criterion, kByCriterion, kAtLimit, sampledRows } = result;
  const bic = candidates.map(({ k, criterion, inertia }) => ({ k, bic: criterion, inertia }));
  return {
    ...{ I, K, C, D, S, assignments, bic, mean_angle: meanAngle, criterion, k_by_criterion: kByCriterion },
    candidates,
    ...{ k_at_limit: kAtLimit, sampled_rows: sampledRows },
  };
}

function describe(result: EmbeddingsScore, embeddings: Matrix, options: Options): string {
  const { I, K, C, D, S, assignments, candidates, meanAngle, criterion, kByCriterion, sampledRows } = result;
  const sizes = Array.from({ length: K }, (_, k) => assignments.filter((each) => each === k).length);
  const parts = [
    `S = ${decimals(S)}  (I = ${I} images, K = ${K} clusters, C = ${decimals(C)}, D = ${decimals(D)})`,
    `cluster sizes ${sizes.join(", ")}; mean pairwise angle ${decimals(meanAngle)}`,
  ];
  if (S === null) parts.push("one image has no score: C = (K - 1) / (I - 1) is not defined");
  if (criterion === null || kByCriterion === null) return parts.join("\n");

  parts.push(...limitInWords(result), ruleInWords(criterion, options));
  if (criterion === "sse-penalty" && options.beta === undefined) parts.push(priceInWords(embeddings, options));
  if (sampledRows !== null) {
    parts.push(
      `Of ${I} rows, ${sampledRows} drawn by the seed gave the starts of k-means, the gaps and the silhouettes; ` +
        "clusters and score are of all rows.",
    );
  }
  const others = CRITERIA.map((each) => `${each} ${kByCriterion[each] ?? "-"}`);
  parts.push(`K by every criterion: ${others.join(", ")}`);
  const head = ["K", LOWER_IS_BETTER[criterion], "inertia"];
  const rows = candidates.map((each) => [each.k, each.criterion.toFixed(4), each.inertia.toPrecision(5)]);
  return [...parts, formatTable(head, rows)].join("\n");
}

/** Says that K stands at its upper limit, and that small clusters were dissolved. */
function limitInWords({ I, K, chosenK, kAtLimit }: EmbeddingsScore): string[] {
  if (chosenK === null) return [];
  const said: string[] = [];
  if (kAtLimit) {
    said.push(
      chosenK < I - 1
        ? `The criterion chose K = ${chosenK}, the greatest tried: there may be more clusters. ` +
          `Try more of them with --k-max ${Math.min(2 * chosenK, I - 1)}.`
        : `The criterion chose K = ${chosenK}, the greatest that ${I} rows allow: it would split nearly every row off.`,
    );
  }
  if (K < chosenK) said.push(`It chose ${chosenK} clusters; the rows of the smallest joined others, which left ${K}.`);
  return said;
}

/** Which rule chose K, and why that one. */
function ruleInWords(criterion: Criterion, { criterion: told, mean, normalize }: Options): string {
  if (told !== undefined) return `K was chosen by ${criterion}, as --criterion says.`;
  if (criterion === "sse-penalty") {
    return "K was chosen by sse-penalty, the rule of a run, since --mean is given; " +
      "a run adds LPIPS and pooled features, at a price of its own.";
  }
  const missing = mean !== undefined && !normalize
    ? "the rule of a run needs unit length: leave --no-normalize out for it"
    : "the rule of a run needs the training images' mean embedding: give it with --mean MEAN.npy, or --mean " +
      `${HAS_MEAN} where that embedded them`;
  return `K was chosen by the gap statistic, since ${missing}. The gap finds too many clusters in images of one feature.`;
}

/** What the price that nobody gave was calibrated for, and how these embeddings differ from that. */
function priceInWords({ rows, cols }: Matrix, { mean, normalize }: Options): string {
  const { beta, embedder, leastRows, mostRows, cols: theirs } = CALIBRATED_FOR;
  const differences = [
    ...(cols === theirs ? [] : [`have ${cols} columns, so they are of another embedder`]),
    ...(rows >= leastRows && rows <= mostRows ? [] : [`are ${rows} rows, and SSE grows with them`]),
    ...(mean === undefined ? ["are not less that mean"] : []),
    ...(normalize ? [] : ["have their own length"]),
  ];
  const calibrated =
    `The price of a cluster, ${beta}, was calibrated for ${leastRows} to ${mostRows} images embedded by ` +
    `${embedder} (${theirs} columns), less the training images' mean, at unit length`;
  return differences.length === 0
    ? `${calibrated}; for another embedder give its own with --beta.`
    : `${calibrated}. These embeddings ${differences.join(", and ")}: give a price of their own with --beta.`;
}
