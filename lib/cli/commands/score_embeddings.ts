/**
 * `polysem score-embeddings FILE`: clusters and scores embeddings from anywhere.
 *
 * The calibrated rule for K, SSE + 1.79 K, holds for embeddings centred by the training images' mean and scaled to unit
 * length, of the embedder it was calibrated for. Embeddings from anywhere come without that mean, and their own mean is no
 * stand-in: subtracting it from images of one feature removes what they share and leaves directions of noise, which scaling
 * to unit length then spreads over the sphere as if they were many. The literal criterion splits too much in hundreds of
 * dimensions. So the default is the gap statistic on embeddings of unit length: the best of the criteria in our study that
 * needs neither the mean nor a constant of the embedder. `--mean` with `--criterion sse-penalty` gives the calibrated rule.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { CRITERIA, type Criterion } from "../../cluster/mod.ts";
import { InputError, messageOf } from "../../errors.ts";
import { type EmbeddingsScore, scoreEmbeddings, scoreLabelledEmbeddings } from "../../score_embeddings.ts";
import { readLabels, readMatrix } from "../../store/mod.ts";
import type { Matrix } from "../../types.ts";
import { decimals, formatTable, printResult } from "../console/output.ts";
import { integerOption, numberOption, seedOption } from "../options/values.ts";

interface Options {
  readonly labels?: string;
  readonly kMax?: number;
  readonly seed: number;
  readonly criterion: Criterion;
  readonly beta: number;
  readonly lambda: number;
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

/** Adds the command to the program. */
export function registerScoreEmbeddings(program: Command): void {
  program.command("score-embeddings")
    .description("Cluster and score any [I, D] array of embeddings; with labels, only the formula.")
    .argument("<file>", "array of shape [I, D]: NumPy .npy (float or integer) or CSV")
    .option("--labels <file>", "I integers, the cluster of each row: nothing is clustered, and candidates is empty")
    .option("--k-max <n>", "greatest K to try, below I (default: 10, and at most half of I)", integerOption(1, 1000))
    .option("--seed <n>", "seed of k-means", seedOption, 0)
    .addOption(new Option("--criterion <name>", "what chooses K").choices(CRITERIA).default("gap"))
    .option("--beta <x>", "price of a cluster for sse-penalty", numberOption(0), 1.79)
    .option("--lambda <x>", "factor of the penalty for pelleg-moore and spherical", numberOption(0), 1)
    .option("--mean <file>", "[1, D] array to subtract before clustering: the mean embedding of the training images")
    .option("--no-normalize", "cluster the embeddings at their own length instead of unit length")
    .addHelpText(
      "after",
      `
K is chosen by the gap statistic on embeddings of unit length: of the criteria studied, the best that needs neither the
training images' mean embedding nor a constant of the embedder. Where that mean is at hand, the calibrated rule is
--mean MEAN.npy --criterion sse-penalty --beta (of your embedder; 1.79 in the study). The paper's literal rule is
--criterion pelleg-moore --no-normalize --k-max (I - 1); in hundreds of dimensions it finds too many clusters.
The score itself always uses the means of the embeddings as they are given. "candidates" has the value
of the chosen criterion for each K, lower is better; for the gap statistic it is minus the gap, and K the smallest whose gap
is within one standard error of the next. ("bic" is the former name of the same list.)`,
    )
    .action(async (file: string, options: Options, command: Command) => {
      const embeddings = await readMatrix(file);
      const result = options.labels === undefined
        ? await scoreClustered(file, embeddings, options)
        : await scoreLabelled(file, embeddings, options.labels);
      printResult(command, asJson(result), () => describe(result));
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

async function scoreClustered(file: string, embeddings: Matrix, options: Options): Promise<EmbeddingsScore> {
  const { criterion, beta, lambda, seed, normalize } = options;
  const mean = options.mean === undefined ? undefined : (await readMatrix(options.mean)).data;
  if (mean !== undefined && mean.length !== embeddings.cols) {
    throw new InputError(`${options.mean} has ${mean.length} numbers; give one for each of ${embeddings.cols} columns`);
  }
  const [kMax, halfCap] = options.kMax === undefined ? [10, true] : [options.kMax, false];
  return about(
    file,
    () => scoreEmbeddings(embeddings, { criterion, beta, lambda, kMax, halfCap, seed, normalize, mean }),
  );
}

async function scoreLabelled(file: string, embeddings: Matrix, labelsFile: string): Promise<EmbeddingsScore> {
  const labels = await readLabels(labelsFile, embeddings.rows);
  return about(file, () => scoreLabelledEmbeddings(embeddings, labels));
}

/** The result as JSON. `bic` is the former name of `candidates`, kept for a release. */
function asJson({ I, K, C, D, S, assignments, candidates, meanAngle, criterion, kByCriterion }: EmbeddingsScore) {
  const bic = candidates.map(({ k, criterion, inertia }) => ({ k, bic: criterion, inertia }));
  return {
    ...{ I, K, C, D, S, assignments, bic, mean_angle: meanAngle, criterion, k_by_criterion: kByCriterion },
    candidates,
  };
}

function describe({ I, K, C, D, S, assignments, candidates, meanAngle, criterion }: EmbeddingsScore): string {
  const sizes = Array.from({ length: K }, (_, k) => assignments.filter((each) => each === k).length);
  const parts = [
    `S = ${decimals(S)}  (I = ${I} images, K = ${K} clusters, C = ${decimals(C)}, D = ${decimals(D)})`,
    `cluster sizes ${sizes.join(", ")}; mean pairwise angle ${decimals(meanAngle)}`,
  ];
  if (S === null) parts.push("one image has no score: C = (K - 1) / (I - 1) is not defined");
  if (criterion !== null) {
    const head = ["K", LOWER_IS_BETTER[criterion], "inertia"];
    parts.push(
      formatTable(head, candidates.map((each) => [each.k, each.criterion.toFixed(4), each.inertia.toPrecision(5)])),
    );
  }
  return parts.join("\n");
}
