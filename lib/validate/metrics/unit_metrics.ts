/**
 * All metrics of units of one layer.
 *
 * @module
 */
import type { ImageSource } from "../../data/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import { column, unitRows } from "../../matrix.ts";
import { clusterOptions, type ImageDistances, type PipelineContext } from "../../pipeline/mod.ts";
import type { LayerActivations } from "../../store/mod.ts";
import type { ImageBatch, Matrix, UnitRecord } from "../../types.ts";
import { attributionClusters } from "./attribution_clusters.ts";
import { classEntropy } from "./class_entropy.ts";
import { classSelectivity } from "./class_selectivity.ts";
import { datasetClusters } from "./dataset_clusters.ts";
import { kurtosis } from "./kurtosis.ts";
import { layerActivations } from "./layer_activations.ts";
import { meanLpips } from "./mean_lpips.ts";
import { monosemanticity } from "./monosemanticity.ts";
import { mostActivating } from "./most_activating.ts";
import { sparsity } from "./sparsity.ts";
import type { UnitMetrics } from "./table.ts";

/** Most activating images that are clustered: as many as a calibrated unit has visualizations at least. */
const CLUSTERED = 32;
/** Most activating images whose labels are counted, and of which the unit's answers are clustered. */
const LABELLED = 100;

/** Images of a dataset that units are measured on. */
export interface TestImages {
  /** N of them. */
  readonly images: ImageSource;
  /** Their embeddings by the context's embedder (`embedDataset`), shape [N, D]. */
  readonly embeddings: Matrix;
}

/**
 * The metrics of units: of their visualizations as recorded, and of what they make of the test images.
 *
 * Activations are those that the profile maximizes: before the ReLU, and the spatial mean of a channel, by default.
 * `sparsity` and `class_selectivity` take activations after the ReLU, which a channel applies at each position before the
 * mean. `class_entropy` and `class_selectivity` are null where the images have no labels.
 *
 * @param context of the run that the records are of; any network.
 * @param layer one of the network's.
 * @param records units of that layer.
 * @param activations what the test images do to the layer, where that is known already.
 * @returns a row per record, in their order.
 * @throws {RangeError} when the network has no such layer, a record is of another, or the shapes disagree.
 */
export async function unitMetrics(
  context: PipelineContext,
  test: TestImages,
  layer: string,
  records: readonly UnitRecord[],
  activations: LayerActivations | null = null,
): Promise<UnitMetrics[]> {
  const { images, embeddings } = test;
  const info = context.network.layers.find(({ name }) => name === layer);
  if (info === undefined) throw new RangeError(`${context.network.name} has no layer ${layer}`);
  const stray = records.find((record) => record.layer !== layer || record.unit >= info.units);
  if (stray !== undefined) throw new RangeError(`unit ${stray.layer}:${stray.unit} is not of layer ${layer}`);
  if (embeddings.rows !== images.count) {
    throw new RangeError(`${embeddings.rows} embeddings of ${images.count} test images`);
  }
  const known = activations ?? await layerActivations(context, layer, images);
  if (known.activations.rows !== images.count) {
    throw new RangeError(`${known.activations.rows} activations of ${images.count} images`);
  }
  const directions = unitRows(embeddings);
  const rows: UnitMetrics[] = [];
  for (const record of records) rows.push(await metricsOf(context, test, directions, record, known));
  return rows;
}

async function metricsOf(
  context: PipelineContext,
  { images, embeddings }: TestImages,
  directions: Matrix,
  record: UnitRecord,
  { units, activations, responses }: LayerActivations,
): Promise<UnitMetrics> {
  const { layer, unit, score, meanAngle } = record;
  const place = units.indexOf(unit);
  if (place === -1) throw new RangeError(`there are no activations of unit ${layer}:${unit}`);
  const own = column(activations, place);
  const response = column(responses ?? activations, place).map((value) => Math.max(0, value));
  const best = mostActivating(own, LABELLED);
  const clustered = best?.slice(0, CLUSTERED) ?? null;
  const between = await distancesBetween(context, images, clustered ?? []);
  const real = datasetClusters(embeddings, clustered, clusterOptions(context, layer, unit, between));
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
    class_entropy: images.labels && classEntropy(images.labels, best),
    class_selectivity: images.labels && classSelectivity(response, images.labels),
    attribution_clusters: best && await attributionClusters(context, layer, unit, await sized(context, images, best)),
  };
}

/** Images at the network's size. */
async function sized(
  { network }: PipelineContext,
  source: ImageSource,
  indices: readonly number[],
): Promise<ImageBatch> {
  const { height, width } = network.input;
  return resizeBilinear(await source.images(indices), height, width);
}

/** Distances between images where the profile gives them weight in clustering; none elsewhere. */
async function distancesBetween(
  { lpips, profile: { cluster } }: PipelineContext,
  source: ImageSource,
  indices: readonly number[],
): Promise<ImageDistances> {
  if (indices.length === 0 || (cluster.lpipsWeight === 0 && cluster.pooledWeight === 0)) {
    return { distances: [], pooledDistances: [] };
  }
  const sequence = lpips.createSequence();
  try {
    const distances = await sequence.add(await source.images(indices));
    return { distances, pooledDistances: sequence.pooledDistances() };
  } finally {
    sequence.dispose();
  }
}
