/**
 * Scores by other instruments than the run's: every embedder and every network of LPIPS whose weights are at hand.
 *
 * @module
 */
import type { Dataset } from "../../data/mod.ts";
import { EMBEDDERS, loadEmbedder } from "../../embed/mod.ts";
import { InputError } from "../../errors.ts";
import { loadLpips, LPIPS_NETWORKS } from "../../lpips/mod.ts";
import { meanEmbeddingOf } from "../../pipeline/mod.ts";
import { type Difference, difference } from "./agreement.ts";
import { differenceByEmbedder } from "./embedder.ts";
import { differenceByLpips, type LpipsDifference } from "./lpips.ts";
import type { ClusterSetting, StoredUnit } from "./rescore.ts";

/** An instrument that was tried, or why it could not be. */
export type Tried<T> =
  & { readonly name: string; readonly own: boolean }
  & ({ readonly result: T; readonly missing: null } | { readonly result: null; readonly missing: string });

/** What a caller may watch. */
export interface TriedEvents {
  /** Called after each unit, with the name of the instrument. */
  readonly onUnit: (instrument: string) => void;
  /** Called when the weights of an instrument are missing, so that no unit is scored by it. */
  readonly onMissing: () => void;
}

/** How many instruments are tried; of the run's own embedder the scores are known. */
export function triedInstruments(own: string): number {
  return EMBEDDERS.filter((name) => name !== own).length + LPIPS_NETWORKS.length;
}

/**
 * S by every embedder against the run's.
 *
 * @param own the run's embedder.
 * @param dataset gives the mean embedding of an embedder that comes without one; null to do without.
 */
export async function tryEmbedders(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  own: string,
  dataset: Dataset | null,
  { onUnit, onMissing }: TriedEvents,
): Promise<Tried<Difference>[]> {
  const scores = units.map(({ score }) => score);
  const rescored = async (name: string): Promise<Difference> => {
    const embedder = await loadEmbedder(name);
    try {
      const center = setting.profile.cluster.center;
      const meanEmbedding = center ? await meanEmbeddingOf(embedder, dataset?.train ?? null) : null;
      return await differenceByEmbedder(units, { ...setting, meanEmbedding }, embedder, () => onUnit(name));
    } finally {
      embedder.dispose();
    }
  };
  const all: Tried<Difference>[] = [];
  for (const name of new Set([own, ...EMBEDDERS])) {
    all.push(
      name === own
        ? { name, own: true, result: difference(scores, scores), missing: null }
        : { name, own: false, ...await tried(() => rescored(name), onMissing) },
    );
  }
  return all;
}

/**
 * S by every network of LPIPS against the run's; the run's own one is among them, on images as bytes.
 *
 * @param own the run's network.
 */
export async function tryLpips(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  own: string,
  { onUnit, onMissing }: TriedEvents,
): Promise<Tried<LpipsDifference>[]> {
  const rescored = async (name: string): Promise<LpipsDifference> => {
    const lpips = await loadLpips(name, { resize: setting.profile.lpips.resize });
    try {
      return await differenceByLpips(units, setting, lpips, () => onUnit(`LPIPS ${name}`));
    } finally {
      lpips.dispose();
    }
  };
  const all: Tried<LpipsDifference>[] = [];
  for (const name of LPIPS_NETWORKS) {
    all.push({ name, own: name === own, ...await tried(() => rescored(name), onMissing) });
  }
  return all;
}

/** What an action returns; where its weights are missing, the message that says what to do. */
async function tried<T>(
  action: () => Promise<T>,
  onMissing: () => void,
): Promise<{ result: T; missing: null } | { result: null; missing: string }> {
  try {
    return { result: await action(), missing: null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    onMissing();
    return { result: null, missing: error.message };
  }
}
