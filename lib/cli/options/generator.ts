/**
 * The generator of a command.
 *
 * @module
 */
import type { ImageGenerator } from "../../gan/network/mod.ts";

/** How a generator is loaded: the committed one, or one of a file. */
export type LoadGenerator = (weights?: string) => Promise<ImageGenerator>;

/** What `--weights` is, for `--help`. */
export const WEIGHTS_HELP = "weights of the generator, .safetensors, in place of the committed ones";

/** Loads it onto the best engine there is. */
export const loadOntoEngine: LoadGenerator = async (weights) => {
  const { useBackend } = await import("../../engine/mod.ts");
  const { loadGenerator } = await import("../../gan/network/mod.ts");
  await useBackend(undefined, { readsAtOnce: true });
  return await loadGenerator(weights === undefined ? {} : { weights });
};
