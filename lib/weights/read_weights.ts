/**
 * Weights from a set of the registry or from a file of the user's own.
 *
 * @module
 */
import { loadNetworkWeights, loadWeights, sha256OfFile, verifySha256 } from "./load_weights.ts";
import type { WeightFile } from "./registry.ts";
import { InputError } from "../errors.ts";
import type { Weights } from "./take_weight.ts";

/** A weight file that was read. */
export interface ReadWeights {
  readonly path: string;
  readonly sha256: string;
  readonly tensors: Weights;
}

/**
 * Reads a weight file by the names it gives its tensors.
 *
 * @throws {InputError} when it is missing or not a weight file.
 */
export async function readTensors(path: string): Promise<ReadWeights> {
  return { path, tensors: await loadWeights(path), sha256: await sha256OfFile(path) };
}

/**
 * Reads the weights of a network.
 *
 * @param file a path of the user's, in which wrappers may have put their names before the network's own, or a file of the
 * registry, which must have its pinned sha256.
 * @param set name of the set, for errors.
 * @param wanted which tensors to read, where the file holds more.
 * @throws {InputError} when it is missing, altered or not a weight file.
 */
export async function readWeights(
  file: string | WeightFile,
  set: string,
  wanted: (name: string) => boolean = () => true,
): Promise<ReadWeights> {
  if (typeof file === "string") {
    const tensors = await loadNetworkWeights(file, wanted);
    return { path: file, sha256: await sha256OfFile(file), tensors };
  }
  const { path, sha256, url } = file;
  const there = await Deno.stat(path).then(() => true, () => false);
  if (!there) {
    throw new InputError(
      `${set} needs ${path}, which is not there; ` +
        (url === null
          ? "check out the repository again"
          : `run \`deno task weights fetch ${set}\`, download ${url} to that place, or name a file of your own (see --help)`),
    );
  }
  await verifySha256(path, sha256);
  return { path, sha256, tensors: await loadWeights(path, wanted) };
}
