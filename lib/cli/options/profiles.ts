/**
 * Several profiles side by side, each with its embedder.
 *
 * @module
 */
import type { Command } from "commander";
import type { Dataset } from "../../data/mod.ts";
import type { EmbedderRef } from "../../embed/mod.ts";
import { InputError } from "../../errors.ts";
import type { InstrumentsRef, Profile } from "../../pipeline/mod.ts";
import { createMeanProgress } from "../console/progress.ts";
import { pricedProfile } from "./embedder.ts";

/** The profile that is used where none is named. */
export const DEFAULT_PROFILE = "calibrated-2";

/** Profiles that are set side by side where none are named. */
export const DEFAULT_PROFILES = `${DEFAULT_PROFILE},paper`;

/**
 * The profiles that a list such as `calibrated-2,mine.json` names, in its order.
 *
 * @param taken names that no profile may have.
 * @throws {InputError} when one cannot be read, or two settings would have one name.
 */
export async function readProfiles(list: string, taken: readonly string[]): Promise<Record<string, Profile>> {
  const { loadProfile } = await import("../../pipeline/mod.ts");
  const profiles: Record<string, Profile> = {};
  for (const word of list.split(",")) {
    const { name, profile } = await loadProfile(word.trim());
    if (name in profiles || taken.includes(name)) {
      throw new InputError(`two settings would be called "${name}"; rename the profile's file`);
    }
    profiles[name] = profile;
  }
  return profiles;
}

/** The profile whose images the statistics beside profiles look at: the default one if it is among them, else the first. */
export function referenceAmong(profiles: Readonly<Record<string, Profile>>): string {
  return DEFAULT_PROFILE in profiles ? DEFAULT_PROFILE : Object.keys(profiles)[0];
}

/**
 * What each profile measures with: its own embedder, or one for all; the price that was found for that; and the mean
 * embedding of the dataset, computed once for all workers. The backend must be ready (`useBackend`).
 *
 * @param embedder as `embedderRef` gave it; null for that of each profile.
 * @param weights of the profiles' embedders in place of the default ones, where there is no `embedder`.
 * @throws {InputError} when an embedder's weights are missing or altered.
 */
export async function instrumentsOf(
  profiles: Readonly<Record<string, Profile>>,
  embedder: EmbedderRef | null,
  weights: string | undefined,
  dataset: Dataset,
  command: Command,
): Promise<Record<string, InstrumentsRef>> {
  const { withEmbedder } = await import("../../pipeline/mod.ts");
  const known = new Map<string, Promise<EmbedderFacts>>();
  const instruments: Record<string, InstrumentsRef> = {};
  for (const [name, profile] of Object.entries(profiles)) {
    const ref = embedder ?? { kind: "shipped", name: profile.embed.embedder, weights } as const;
    const key = JSON.stringify(ref);
    if (!known.has(key)) known.set(key, factsOf(ref, dataset, command));
    const { sha256, mean } = await known.get(key)!;
    const priced = await pricedProfile(
      embedder === null ? profile : withEmbedder(profile, embedder),
      ref,
      sha256,
      command,
    );
    instruments[name] = { profile: priced.profile, embedder: ref, meanEmbedding: mean };
  }
  return instruments;
}

/** What is known of an embedder when it has been loaded once. */
interface EmbedderFacts {
  readonly sha256: string;
  readonly mean: Float32Array | null;
}

async function factsOf(ref: EmbedderRef, { train }: Dataset, command: Command): Promise<EmbedderFacts> {
  const { loadEmbedder } = await import("../../embed/mod.ts");
  const { meanEmbeddingOf } = await import("../../pipeline/mod.ts");
  const embedder = await loadEmbedder(ref);
  const progress = createMeanProgress(command);
  try {
    return { sha256: embedder.sha256, mean: await meanEmbeddingOf(embedder, train, progress.update) };
  } finally {
    progress.stop();
    embedder.dispose();
  }
}
