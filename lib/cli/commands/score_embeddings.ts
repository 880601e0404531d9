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
import { clusterEmbeddings, compareCriteria, CRITERIA, type Criterion } from "../../cluster/mod.ts";
import { InputError, messageOf } from "../../errors.ts";
import { meanPairwiseAngle, score } from "../../score/mod.ts";
import { readLabels, readMatrix } from "../../store/mod.ts";
import type { ClusterCandidate, Matrix } from "../../types.ts";
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

/** K by every criterion costs distances between all pairs: for no more rows than this. */
const MOST_ROWS_TO_COMPARE = 1000;

/** What the values under `bic` are, by criterion. */
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
    .option("--labels <file>", "I integers, the cluster of each row: nothing is clustered, and bic is empty")
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
The score itself always uses the means of the embeddings as they are given. "bic" is the value of the chosen criterion,
lower is better; for the gap statistic it is minus the gap, and K the smallest whose gap is within one standard error of
the next.`,
    )
    .action(async (file: string, options: Options, command: Command) => {
      const embeddings = await readMatrix(file);
      const result = options.labels === undefined
        ? await scoreClustered(file, embeddings, options)
        : await scoreLabelled(file, embeddings, options.labels);
      printResult(command, result, () => describe(result));
    });
}

interface Result {
  readonly I: number;
  readonly K: number;
  readonly C: number | null;
  readonly D: number;
  readonly S: number | null;
  readonly assignments: readonly number[];
  readonly bic: readonly ClusterCandidate[];
  /** Mean pairwise angle over pi; null for one row, or where a row has no direction. */
  readonly mean_angle: number | null;
  /** What chose K; null with labels. */
  readonly criterion: Criterion | null;
  /** The K of every criterion for the same partitions; null with labels and for very many rows. */
  readonly k_by_criterion: Readonly<Record<string, number | null>> | null;
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

function meanAngle(embeddings: Matrix): number | null {
  try {
    return meanPairwiseAngle(embeddings);
  } catch {
    return null; // a row without length has no angle to the others, though its cluster may be scored
  }
}

async function scoreClustered(file: string, embeddings: Matrix, options: Options): Promise<Result> {
  const { criterion, beta, lambda, seed, normalize } = options;
  const mean = options.mean === undefined ? undefined : (await readMatrix(options.mean)).data;
  if (mean !== undefined && mean.length !== embeddings.cols) {
    throw new InputError(`${options.mean} has ${mean.length} numbers; give one for each of ${embeddings.cols} columns`);
  }
  const [kMax, halfCap] = options.kMax === undefined ? [10, true] : [options.kMax, false];
  const settings = { criterion, beta, lambda, kMax, halfCap, seed, normalize, mean };
  const { assignments, candidates, centers } = about(file, () => clusterEmbeddings(embeddings, settings));
  const { I, K, C, D, S } = about(file, () => score(centers, embeddings.rows));
  return {
    ...{ I, K, C, D, S, assignments, bic: candidates, mean_angle: meanAngle(embeddings), criterion },
    k_by_criterion: I > MOST_ROWS_TO_COMPARE ? null : compareCriteria(embeddings, settings),
  };
}

async function scoreLabelled(file: string, embeddings: Matrix, labelsFile: string): Promise<Result> {
  const { rows, cols, data } = embeddings;
  const labels = await readLabels(labelsFile, rows);
  const names = [...new Set(labels)];
  const assignments = labels.map((label) => names.indexOf(label)); // in the order of first appearance
  const sizes = names.map((name) => labels.filter((label) => label === name).length);
  const means = new Float64Array(names.length * cols);
  assignments.forEach((k, i) => {
    for (let d = 0; d < cols; d++) means[k * cols + d] += data[i * cols + d] / sizes[k];
  });
  const { I, K, C, D, S } = about(file, () => score({ rows: names.length, cols, data: means }, rows));
  return {
    ...{ I, K, C, D, S, assignments, bic: [], mean_angle: meanAngle(embeddings) },
    ...{ criterion: null, k_by_criterion: null },
  };
}

function describe({ I, K, C, D, S, assignments, bic, mean_angle, criterion }: Result): string {
  const sizes = Array.from({ length: K }, (_, k) => assignments.filter((each) => each === k).length);
  const parts = [
    `S = ${decimals(S)}  (I = ${I} images, K = ${K} clusters, C = ${decimals(C)}, D = ${decimals(D)})`,
    `cluster sizes ${sizes.join(", ")}; mean pairwise angle ${decimals(mean_angle)}`,
  ];
  if (S === null) parts.push("one image has no score: C = (K - 1) / (I - 1) is not defined");
  if (criterion !== null) {
    const head = ["K", LOWER_IS_BETTER[criterion], "inertia"];
    parts.push(formatTable(head, bic.map((each) => [each.k, each.bic.toFixed(4), each.inertia.toPrecision(5)])));
  }
  return parts.join("\n");
}
