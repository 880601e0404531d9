/**
 * Layers that gradient ascent cannot follow, found before any work.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";
import type { Network } from "../networks/mod.ts";
import { hasGradient } from "../visualize/mod.ts";
import type { Profile } from "./profile.ts";

/** How many layers before one without a gradient are tried, to name one that has it. */
const LAYERS_BEFORE = 8;

/**
 * Refuses layers none of whose units has a gradient with respect to the image.
 *
 * @param layers names of layers of the network.
 * @throws {InputError} naming the first such layer, and the nearest one before it that has a gradient; or saying that a layer
 * has no such place as the profile's activation is taken at.
 */
export async function refuseUnfollowable(
  network: Network,
  { visualize: { activation } }: Profile,
  layers: Iterable<string>,
): Promise<void> {
  for (const layer of new Set(layers)) {
    if (await canFollow(network, activation, layer)) continue;
    const after = activation.postRelu ? " after its nonlinearity" : "";
    throw new InputError(
      `layer ${layer} of ${network.name} cannot be scored: the gradient of its units${after} with respect to the image is ` +
        `zero everywhere; ${await remedy(network, activation, layer)}`,
    );
  }
}

type Activation = Profile["visualize"]["activation"];

async function canFollow(network: Network, activation: Activation, layer: string): Promise<boolean> {
  try {
    return await hasGradient(network, layer, activation);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const { reduce } = activation;
    throw new InputError(
      `layer ${layer} of ${network.name} cannot be read by the profile's activation.reduce "${reduce}": ${
        messageOf(error)
      }`,
    );
  }
}

/** What to do instead. */
async function remedy(network: Network, activation: Activation, layer: string): Promise<string> {
  const names = network.layers.map(({ name }) => name);
  const before = names.slice(0, names.indexOf(layer)).reverse().slice(0, LAYERS_BEFORE);
  for (const name of before) {
    if (await hasGradient(network, name, activation).catch(() => false)) return `score ${name} instead`;
  }
  return before.length === 0
    ? "no layer comes before it; check how the network was exported"
    : `nor have the ${before.length} layers before it one; check how the network was exported`;
}
