/**
 * What a run needs, loaded by name: the network, the metric, the embedder, the dataset's activations.
 *
 * @module
 */
import { type LoadedEmbedder, loadEmbedder, meanRow } from "../embed/mod.ts";
import { type Cifar10, CIFAR10_SHA256, toImageBatch } from "../data/mod.ts";
import { type LoadedLpips, loadLpips } from "../lpips/mod.ts";
import { loadNetwork } from "../networks/mod.ts";
import type { Matrix } from "../types.ts";
import { datasetActivations } from "../visualize/mod.ts";
import type { Profile } from "./profile.ts";
import type { PipelineContext } from "./score_units.ts";

/** How many training images, spread over the set, give the mean embedding of an embedder that comes without one. */
const CENTRING_IMAGES = 2000;

/** What to load. */
export interface ContextOptions {
  /** Name of the model. */
  readonly model: string;
  /** The model's weights in place of the committed ones. */
  readonly modelWeights?: string;
  readonly profile: Profile;
  readonly seed: number;
  /** The dataset; null to do without. */
  readonly data: Cifar10 | null;
  /** The embedder's weights in place of the default ones. */
  readonly embedderWeights?: string;
}

/** A loaded context and the hashes that a manifest states. */
export interface LoadedContext extends PipelineContext {
  readonly lpips: LoadedLpips;
  readonly embedder: LoadedEmbedder;
  readonly modelSha256: string;
  readonly dataset: { readonly name: string; readonly sha256: string } | null;
  /** Frees all networks. */
  dispose(): void;
}

/**
 * Loads everything a run needs. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when a model, embedder or metric is unknown, or its weights are missing or altered.
 */
export async function loadContext(options: ContextOptions): Promise<LoadedContext> {
  const { profile, seed, data } = options;
  const { network, sha256 } = await loadNetwork(options.model, options.modelWeights);
  let lpips: LoadedLpips | undefined;
  let embedder: LoadedEmbedder;
  try {
    lpips = await loadLpips(profile.lpips.net, { resize: profile.lpips.resize });
    embedder = await loadEmbedder(profile.embed.embedder, options.embedderWeights);
  } catch (error) {
    network.dispose();
    lpips?.dispose();
    throw error;
  }
  const cached = new Map<string, Matrix>();
  return {
    network,
    profile,
    seed,
    lpips,
    embedder,
    meanEmbedding: profile.cluster.center ? embedder.mean ?? trainingMean(embedder, data) : null,
    train: data?.train ?? null,
    testActivations: (layer) => {
      if (data === null) return null;
      const known = cached.get(layer);
      if (known !== undefined) return known;
      cached.clear(); // jobs come layer by layer
      const computed = datasetActivations(network, layer, data.test, profile.visualize.activation);
      cached.set(layer, computed);
      return computed;
    },
    modelSha256: sha256,
    dataset: data === null ? null : { name: "cifar10", sha256: CIFAR10_SHA256 },
    dispose: () => {
      network.dispose();
      lpips.dispose();
      embedder.dispose();
    },
  };
}

/** Mean embedding of training images spread over the set; null without a dataset, where embeddings stay uncentred. */
function trainingMean(embedder: LoadedEmbedder, data: Cifar10 | null): Float32Array | null {
  if (data === null) return null;
  const count = Math.min(CENTRING_IMAGES, data.train.count);
  const indices = Array.from({ length: count }, (_, i) => Math.floor(i * data.train.count / count));
  return meanRow(embedder.embed(toImageBatch(data.train, indices)));
}
