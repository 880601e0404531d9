/**
 * How a unit's images are clustered and scored once they are embedded.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions } from "../cluster/mod.ts";
import { InputError } from "../errors.ts";
import { selectRows } from "../matrix.ts";
import { pairsAmong } from "../pair_distances.ts";
import { deriveSeed } from "../random.ts";
import { score } from "../score/mod.ts";
import type { ClusteringRecord, Matrix, UnitRecord } from "../types.ts";
import type { PipelineContext } from "./context.ts";
import type { Profile } from "./profile.ts";

/** Distances of a unit's images beside those of their embeddings. */
export type ImageDistances = Pick<UnitRecord, "distances" | "pooledDistances" | "attributions">;

/** What clustering takes: embeddings, and options that fit them. */
export interface ClusterInput {
  /** Raw embeddings, shape [I, D]. */
  readonly embeddings: Matrix;
  readonly options: ClusterOptions;
}

/**
 * How a unit's embeddings are clustered in a run: by its profile, seeded for the unit.
 *
 * @param between the distances of all its images.
 */
export function clusterOptions(
  { profile, seed, meanEmbedding }: Pick<PipelineContext, "profile" | "seed" | "meanEmbedding">,
  layer: string,
  unit: number,
  between: ImageDistances,
): ClusterOptions {
  const rule = ruleFor(profile.cluster, between);
  return {
    ...profile.cluster,
    beta: rule.beta,
    perceptual: perceptualDistances(rule, between),
    seed: deriveSeed(seed, "cluster", layer, unit),
    mean: profile.cluster.center ? meanEmbedding ?? undefined : undefined,
  };
}

/** What a cluster costs, and what stands beside the embeddings. */
interface Rule {
  readonly beta: number;
  readonly lpipsWeight: number;
  readonly pooledWeight: number;
  readonly attributionWeight: number;
}

/** A profile's rule for a unit: there is another one where attributions to a layer below are known. */
function ruleFor({ beta, lpipsWeight, pooledWeight, attributions }: Profile["cluster"], between: ImageDistances): Rule {
  if (attributions.depth === 0 || between.attributions === undefined) {
    return { beta, lpipsWeight, pooledWeight, attributionWeight: 0 };
  }
  return { ...attributions, attributionWeight: attributions.weight };
}

/** What a rule adds to the squared distances of embeddings: LPIPS, pooled features and attributions, weighted. */
function perceptualDistances(
  { lpipsWeight, pooledWeight, attributionWeight }: Rule,
  { distances, pooledDistances, attributions }: ImageDistances,
): ClusterOptions["perceptual"] {
  if (lpipsWeight === 0 && pooledWeight === 0 && attributionWeight === 0) return undefined;
  if (pooledWeight > 0 && pooledDistances.length !== distances.length) {
    throw new InputError(
      `${pooledDistances.length} pooled distances stand beside ${distances.length} of LPIPS, and the profile weighs both: a ` +
        "run made by an older polysem has none; score its units again into another run",
    );
  }
  const pooled = (i: number) => pooledWeight === 0 ? 0 : pooledWeight * pooledDistances[i];
  const sums = distances.map((lpips, i) => lpipsWeight * lpips + pooled(i));
  if (attributionWeight === 0) return { distances: sums, weight: 1 };
  return { distances: sums.map((sum, i) => sum + attributionWeight * attributions!.distances[i]), weight: 1 };
}

/**
 * Some of a unit's images as clustering takes them: their embeddings, and the options that belong to single images.
 *
 * @param embeddings of all N images, shape [N, D].
 * @param options of those N images.
 * @param indices of the chosen images, in the order wanted.
 * @throws {RangeError} when there is no image of an index.
 */
export function chooseImages(embeddings: Matrix, options: ClusterOptions, indices: ArrayLike<number>): ClusterInput {
  const chosen = Array.from(indices);
  const missing = chosen.find((index) => !(Number.isInteger(index) && index >= 0 && index < embeddings.rows));
  if (missing !== undefined) throw new RangeError(`there is no image ${missing} among ${embeddings.rows}`);
  const { perceptual } = options;
  return {
    embeddings: selectRows(embeddings, chosen),
    options: perceptual === undefined
      ? options
      : { ...options, perceptual: { ...perceptual, distances: pairsAmong(perceptual.distances, chosen) } },
  };
}

/** The first I of a unit's images, as clustering takes them. */
export function chooseFirstImages(embeddings: Matrix, options: ClusterOptions, I: number): ClusterInput {
  return chooseImages(embeddings, options, Array.from({ length: I }, (_, i) => i));
}

/** The error for a cluster whose mean embedding is the zero vector: it has no direction, so there is no score. */
export class ZeroCentreError extends RangeError {
  override readonly name = "ZeroCentreError";
}

/**
 * Clusters embeddings and scores the centres.
 *
 * @throws {ZeroCentreError} when a cluster's mean embedding is the zero vector.
 */
export function clusterAndScore({ embeddings, options }: ClusterInput): ClusteringRecord {
  const { assignments, candidates, centers } = clusterEmbeddings(embeddings, options);
  const { rows, cols, data } = centers;
  for (let k = 0; k < rows; k++) {
    if (data.subarray(k * cols, (k + 1) * cols).every((value) => value === 0)) {
      throw new ZeroCentreError(`the embeddings of cluster ${k} have the mean 0, which has no direction`);
    }
  }
  return { ...score(centers, embeddings.rows), assignments, candidates };
}
