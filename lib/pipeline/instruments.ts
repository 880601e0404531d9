/**
 * The instruments: what measures a subject.
 *
 * @module
 */
import { type Dataset, type ImageSource, indexRange } from "../data/mod.ts";
import { type Embedder, type EmbedderRef, type LoadedEmbedder, loadEmbedder } from "../embed/mod.ts";
import { type LoadedLpips, loadLpips, type Lpips } from "../lpips/mod.ts";
import { meanRow } from "../matrix.ts";
import type { Profile } from "./profile.ts";

/** How many training images, spread over the set, give the mean embedding of an embedder that comes without one. */
const CENTRING_IMAGES = 2000;

/** How many of them are in memory at once: at 256 px they take 200 MB. A multiple of every embedder's batch. */
const IMAGES_TOGETHER = 256;

/** A metric and an embedder, used by a profile. */
export interface Instruments {
  readonly profile: Profile;
  readonly lpips: Lpips;
  readonly embedder: Embedder;
  /** Mean embedding of the training images; null when the profile does not centre, or where none is known. */
  readonly meanEmbedding: Float32Array | null;
}

/** Instruments as plain data: crosses threads and hosts. */
export interface InstrumentsRef {
  readonly profile: Profile;
  /** The profile's embedder where that is not one that polysem knows, but comes from a file. */
  readonly embedder?: EmbedderRef;
  /** File with the embedder's weights in place of the default ones. */
  readonly embedderWeights?: string;
  /** The mean embedding, where another thread has computed it; null where it found none. */
  readonly meanEmbedding?: Float32Array | null;
}

/** Loaded instruments; lpips and embedder come with the hashes of their weights. */
export interface LoadedInstruments extends Instruments {
  readonly lpips: LoadedLpips;
  readonly embedder: LoadedEmbedder;
  /** What another thread loads the same by, without computing the mean embedding again. */
  readonly ref: InstrumentsRef;
  /** Frees both networks. */
  dispose(): void;
}

/** Is told how many of how many images have been embedded for their mean. */
export type OnMean = (done: number, total: number) => void;

/**
 * Loads instruments. The backend must be ready (`useBackend`).
 *
 * @param dataset gives the mean embedding of an embedder that comes without one; null to do without.
 * @param onMean called while that is computed, with the images done and to do.
 * @throws {InputError} when embedder or metric are unknown, or weights of theirs are missing or altered.
 */
export async function loadInstruments(
  ref: InstrumentsRef,
  dataset: Dataset | null,
  onMean?: OnMean,
): Promise<LoadedInstruments> {
  const { profile } = ref;
  const lpips = await loadLpips(profile.lpips.net, { resize: profile.lpips.resize });
  let embedder: LoadedEmbedder | undefined;
  const dispose = () => {
    lpips.dispose();
    embedder?.dispose();
  };
  try {
    embedder = await loadEmbedder(ref.embedder ?? profile.embed.embedder, ref.embedderWeights);
    const meanEmbedding = !profile.cluster.center
      ? null
      : ref.meanEmbedding !== undefined
      ? ref.meanEmbedding
      : await meanEmbeddingOf(embedder, dataset?.train ?? null, onMean);
    return { profile, lpips, embedder, meanEmbedding, ref: { ...ref, meanEmbedding }, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * The mean embedding of training images: the one that comes with the embedder's weights, else that of 2,000 images spread
 * over the set.
 *
 * @returns null where neither is known; embeddings then stay uncentred.
 */
export async function meanEmbeddingOf(
  embedder: Embedder,
  train: ImageSource | null,
  onMean: OnMean = () => {},
): Promise<Float32Array | null> {
  if (embedder.mean !== null || train === null) return embedder.mean;
  const count = Math.min(CENTRING_IMAGES, train.count);
  const spread = indexRange(0, count).map((i) => Math.floor(i * train.count / count));
  const data = new Float32Array(count * embedder.dimensions);
  for (let from = 0; from < count; from += IMAGES_TOGETHER) {
    const images = await train.images(spread.slice(from, from + IMAGES_TOGETHER));
    data.set((await embedder.embed(images)).data, from * embedder.dimensions);
    onMean(from + images.count, count);
  }
  return meanRow({ rows: count, cols: embedder.dimensions, data });
}
