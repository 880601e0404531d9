/**
 * One pass of the dataset's test images through the network records the activations of all planned units. A chunk of images
 * is a job of its own.
 *
 * @see Alic et al. (2025), section 3
 * @module
 */
import { selectColumns } from "../matrix.ts";
import type { PipelineContext } from "../pipeline/mod.ts";
import { bestImages, type ChunkRange, plannedUnits } from "../store/mod.ts";
import type { DatasetChunk, DatasetRecord, UnitId } from "../types.ts";
import { datasetActivations, type LayerReading } from "../visualize/mod.ts";
import type { Job } from "./plan.ts";

/**
 * What some test images of the context's dataset do to the planned units.
 *
 * @param jobs the whole plan.
 * @param range which images.
 * @param onProgress called with the share of the images that is done.
 * @throws {RangeError} when the context has no dataset.
 */
export async function passDataset(
  { network, dataset, profile }: PipelineContext,
  jobs: readonly Job[],
  range: ChunkRange,
  onProgress: (share: number) => void = () => {},
): Promise<DatasetChunk> {
  if (dataset === null) throw new RangeError("there is no dataset whose images could be shown to the units");
  const { activation } = profile.visualize;
  const planned = plannedUnits(jobs);
  // a unit at one place responds as its activation says; one of many positions applies its nonlinearity at each of them
  const isSpread = (layer: string) => network.layers.find(({ name }) => name === layer)!.positions !== "none";
  const spread = planned.filter(({ layer }) => isSpread(layer));
  const readings: LayerReading[] = [
    ...planned.map(({ layer }) => ({ layer, options: activation })),
    ...spread.map(({ layer }) => ({ layer, options: { ...activation, postRelu: true } })),
  ];
  const matrices = await datasetActivations(
    network,
    readings,
    dataset.test,
    range,
    (images) => onProgress(images / (range.to - range.from)),
  );
  return {
    ...range,
    layers: planned.map(({ layer, units }, i) => {
      const response = spread.findIndex((each) => each.layer === layer);
      return {
        layer,
        activations: selectColumns(matrices[i], units),
        responses: response === -1 ? null : selectColumns(matrices[planned.length + response], units),
      };
    }),
  };
}

/** What the context's dataset does to one unit, which is in no run. */
export async function bestOfDataset(
  { network, dataset, profile }: PipelineContext,
  { layer, unit }: UnitId,
): Promise<DatasetRecord> {
  if (dataset === null) return { datasetMax: null, datasetBest: [] };
  const [activations] = await datasetActivations(
    network,
    [{ layer, options: profile.visualize.activation }],
    dataset.test,
  );
  const datasetBest = bestImages(activations, unit);
  return { datasetMax: datasetBest[0]?.activation ?? null, datasetBest };
}
