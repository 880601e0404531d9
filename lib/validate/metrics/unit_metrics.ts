/**
 * All metrics of units of one layer.
 *
 * @module
 */
import { type LabelledImages, toImageBatch } from "../../data/mod.ts";
import { clusterOptions, type ImageDistances, type PipelineContext } from "../../pipeline/mod.ts";
import type { Matrix, UnitRecord } from "../../types.ts";
import { datasetActivations } from "../../visualize/mod.ts";
import { classEntropy } from "./class_entropy.ts";
import { classSelectivity } from "./class_selectivity.ts";
import { datasetClusters } from "./dataset_clusters.ts";
import { kurtosis } from "./kurtosis.ts";
import { meanLpips } from "./mean_lpips.ts";
import { monosemanticity } from "./monosemanticity.ts";
import { mostActivating } from "./most_activating.ts";
import { sparsity } from "./sparsity.ts";
import type { UnitMetrics } from "./table.ts";
import { unitRows } from "./unit_rows.ts";

/** Most activating images that are clustered: as many as a calibrated unit has visualizations at least. */
const CLUSTERED = 32;
/** Most activating images whose labels are counted. */
const LABELLED = 100;

/**
 * The metrics of units: of their visualizations as recorded, and of the dataset's responses.
 *
 * Activations are those that the profile maximizes (before the ReLU, and the spatial mean of a channel, by default);
 * `sparsity` and `class_selectivity` take them after the ReLU, which a channel applies at each position, before the mean.
 *
 * @param context of the run that the records are of; any network.
 * @param test images of the dataset with labels, N of them.
 * @param testEmbeddings of the same images by the context's embedder (`embedDataset`), shape [N, D].
 * @param layer one of the network's.
 * @param records scored units of that layer.
 * @returns a row per record, in their order.
 * @throws {RangeError} when the network has no such layer, a record is of another, or the shapes disagree.
 */
export function unitMetrics(
  context: PipelineContext,
  test: LabelledImages,
  testEmbeddings: Matrix,
  layer: string,
  records: readonly UnitRecord[],
): UnitMetrics[] {
  const info = context.network.layers.find(({ name }) => name === layer);
  if (info === undefined) throw new RangeError(`${context.network.name} has no layer ${layer}`);
  const stray = records.find((record) => record.layer !== layer || record.unit >= info.units);
  if (stray !== undefined) throw new RangeError(`unit ${stray.layer}:${stray.unit} is not of layer ${layer}`);
  if (testEmbeddings.rows !== test.count) {
    throw new RangeError(`${testEmbeddings.rows} embeddings of ${test.count} test images`);
  }
  const { activation: options } = context.profile.visualize;
  const activations = context.testActivations(layer) ?? datasetActivations(context.network, layer, test, options);
  if (activations.rows !== test.count) throw new RangeError(`${activations.rows} activations of ${test.count} images`);
  // a neuron's response follows from its activation; a channel's does not, for its mean is over positions after the ReLU
  const responses = info.kind === "dense"
    ? activations
    : datasetActivations(context.network, layer, test, { ...options, postRelu: true });
  const directions = unitRows(testEmbeddings);
  return records.map((record) => {
    const { unit, score, meanAngle } = record;
    const own = column(activations, unit);
    const response = column(responses, unit).map((value) => Math.max(0, value));
    const best = mostActivating(own, LABELLED);
    const clustered = best?.slice(0, CLUSTERED) ?? null;
    const real = datasetClusters(
      testEmbeddings,
      clustered,
      clusterOptions(context, layer, unit, distancesBetween(context, test, clustered ?? [])),
    );
    return {
      layer,
      unit,
      S: score?.S ?? null,
      K: score?.K ?? null,
      mean_angle: meanAngle,
      mean_lpips: meanLpips(record),
      monosemanticity: monosemanticity(own, directions),
      dataset_clusters: real.clusters,
      dataset_mean_angle: real.meanAngle,
      kurtosis: kurtosis(own),
      sparsity: sparsity(response),
      class_entropy: classEntropy(test.labels, best),
      class_selectivity: classSelectivity(response, test.labels),
    };
  });
}

/** What clustering by the profile asks to know of images beside their embeddings; computed only if it has weight. */
function distancesBetween(
  { lpips, profile: { cluster } }: PipelineContext,
  test: LabelledImages,
  indices: readonly number[],
): ImageDistances {
  if (indices.length === 0 || (cluster.lpipsWeight === 0 && cluster.pooledWeight === 0)) {
    return { distances: [], pooledDistances: [] };
  }
  const sequence = lpips.createSequence();
  try {
    const distances = sequence.add(toImageBatch(test, indices));
    return { distances, pooledDistances: sequence.pooledDistances() };
  } finally {
    sequence.dispose();
  }
}

function column({ rows, cols, data }: Matrix, index: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * cols + index]);
}
