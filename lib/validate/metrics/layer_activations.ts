import type { ImageSource } from "../../data/mod.ts";
import type { PipelineContext } from "../../pipeline/mod.ts";
import type { LayerActivations } from "../../store/mod.ts";
import { datasetActivations, type LayerReading } from "../../visualize/mod.ts";

/**
 * What images do to all units of a layer, in the form in which a run stores it of its dataset: the activations that the
 * profile maximizes and, where a unit has several positions, those after the nonlinearity.
 *
 * @param layer one of the network's.
 * @throws {RangeError} when the network has no such layer.
 */
export async function layerActivations(
  { network, profile }: Pick<PipelineContext, "network" | "profile">,
  layer: string,
  images: ImageSource,
): Promise<LayerActivations> {
  const info = network.layers.find(({ name }) => name === layer);
  if (info === undefined) throw new RangeError(`${network.name} has no layer ${layer}`);
  const { activation } = profile.visualize;
  const readings: LayerReading[] = [
    { layer, options: activation },
    // a unit at one place responds as its activation says; of one with many, the mean is taken after the nonlinearity
    ...(info.positions === "none" ? [] : [{ layer, options: { ...activation, postRelu: true } }]),
  ];
  const [activations, responses = null] = await datasetActivations(network, readings, images);
  return { units: Array.from({ length: info.units }, (_, unit) => unit), activations, responses };
}
