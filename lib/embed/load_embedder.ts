/**
 * Embedders by name.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { findWeightSet, readWeights } from "../weights/mod.ts";
import { createEmbedder, type Embedder, EMBEDDERS, isEmbedder } from "./embedder.ts";

/** An embedder and the hash of its weights. */
export interface LoadedEmbedder extends Embedder {
  readonly sha256: string;
}

/**
 * Loads an embedder: `resnet18-cifar10` comes with polysem, `resnet18-imagenet` after `deno task weights fetch
 * resnet18-imagenet`, or from a file.
 *
 * @param name one of `EMBEDDERS`.
 * @param file weights in place of the default, `.pth` or `.safetensors`.
 * @throws {InputError} when there is no such embedder, or its weights are missing, altered or of another network.
 */
export async function loadEmbedder(name: string, file?: string): Promise<LoadedEmbedder> {
  if (!isEmbedder(name)) {
    throw new InputError(`there is no embedder "${name}"; choose ${EMBEDDERS.join(" or ")}`);
  }
  const { tensors, path, sha256 } = await readWeights(file ?? (await findWeightSet(name)).files[0], name);
  return { ...createEmbedder(name, tensors, path), sha256 };
}
