/**
 * LPIPS from files: AlexNet's weights come with this repository, SqueezeNet's and VGG-16's are the official files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { InputError } from "../errors.ts";
import {
  createAlexNetFeatures,
  createSqueezeNetFeatures,
  createVgg16Features,
  type PerceptualNetwork,
} from "../networks/mod.ts";
import { findWeightSet, readWeights, type Weights } from "../weights/mod.ts";
import { isHead, loadHeads } from "./heads.ts";
import { createLpips, type Lpips, type LpipsOptions } from "./lpips.ts";

/** Which files to use in place of the default ones, .pth or .safetensors, and how images reach the network. */
export interface LoadLpipsOptions extends LpipsOptions {
  /** The network's convolutions with torchvision's names; may hold the heads too. */
  readonly weights?: string;
  /** The learned heads. */
  readonly heads?: string;
}

/** The metric and what it was loaded from. */
export interface LoadedLpips extends Lpips {
  /** sha256 of the weights' file or, where the heads are another file, of the two files' hashes one after the other. */
  readonly sha256: string;
}

const CREATORS: Readonly<
  Record<PerceptualNetwork["name"], (weights: Weights, source: string) => PerceptualNetwork>
> = { alex: createAlexNetFeatures, squeeze: createSqueezeNetFeatures, vgg: createVgg16Features };

/** The networks that LPIPS v0.1 was published with: `alex`, `squeeze`, `vgg`. */
export const LPIPS_NETWORKS = ["alex", "squeeze", "vgg"] as const satisfies readonly PerceptualNetwork["name"][];

/**
 * LPIPS v0.1 with one of its three networks. The backend must be ready (`useBackend`).
 *
 * @param net `alex` (in this repository), `squeeze` or `vgg` (official files, fetched or named). The published distances
 * of `vgg` could not be checked for want of its weights; its architecture was, on made-up ones.
 * @param options default files must have their pinned sha256, files of your own any. Heads come from `heads`, else from the
 * `weights` file if it has any, else from the default file.
 * @throws {InputError} when the network is unknown, or a file is missing, altered or another network's.
 */
export async function loadLpips(net: string, options: LoadLpipsOptions = {}): Promise<LoadedLpips> {
  if (!Object.hasOwn(CREATORS, net)) {
    throw new InputError(`unknown LPIPS network "${net}"; choose one of ${LPIPS_NETWORKS.join(", ")}`);
  }
  const set = await findWeightSet(`lpips-${net}`);
  const weights = await readWeights(options.weights ?? set.files[0], set.name, isFeature);
  const heads = options.heads !== undefined
    ? await readWeights(options.heads, set.name)
    : [...weights.tensors.keys()].some(isHead)
    ? weights
    : await readWeights(set.files[set.files.length - 1], set.name);

  const network = CREATORS[net as PerceptualNetwork["name"]](
    select(weights.tensors, (name) => !isHead(name)),
    weights.path,
  );
  try {
    const sha256 = heads === weights
      ? weights.sha256
      : createHash("sha256").update(weights.sha256 + heads.sha256).digest("hex");
    const layers = loadHeads(select(heads.tensors, isHead), network.channels, heads.path);
    return { ...createLpips(network, layers, { resize: options.resize, onDevice: options.onDevice }), sha256 };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** The official files hold the classifier as well, nine tenths of VGG-16's bytes. */
function isFeature(name: string): boolean {
  return !name.startsWith("classifier.");
}

function select(weights: Weights, chosen: (name: string) => boolean): Weights {
  return new Map([...weights].filter(([name]) => chosen(name)));
}
