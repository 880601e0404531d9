/**
 * Embedders: by name, or from a file.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { OnnxFeatureOptions } from "../networks/mod.ts";
import { findWeightSet, readWeights } from "../weights/mod.ts";
import { createEmbedder, type Embedder, EMBEDDERS_LISTED, embedderWeightSet, isEmbedder } from "./embedder.ts";
import { loadOnnxEmbedder } from "./onnx_embedder.ts";

/**
 * An embedder, as plain data that crosses threads and hosts.
 *
 * - `shipped`: one of `EMBEDDERS`; `weights` is a file, `.pth` or `.safetensors`, in place of the default ones.
 * - `onnx`: an .onnx file, which of its tensors is the embedding, and how it takes its images where the file does not say.
 */
export type EmbedderRef =
  | { readonly kind: "shipped"; readonly name: string; readonly weights?: string }
  | { readonly kind: "onnx"; readonly file: string; readonly options?: OnnxFeatureOptions };

/** An embedder and the hash of its weights. */
export interface LoadedEmbedder extends Embedder {
  readonly sha256: string;
}

/**
 * Loads an embedder: `resnet18-cifar10` and `alexnet-imagenet` come with polysem, `resnet18-imagenet` after `deno task weights fetch
 * resnet18-imagenet`, others from .onnx files. The backend must be ready (`useBackend`).
 *
 * @param embedder a reference, or one of `EMBEDDERS`.
 * @param file weights in place of the default, `.pth` or `.safetensors`, for an embedder that is given by name.
 * @throws {InputError} when there is no such embedder, or its weights are missing, altered, of another network or of what is
 * not supported.
 */
export async function loadEmbedder(embedder: EmbedderRef | string, file?: string): Promise<LoadedEmbedder> {
  const ref = typeof embedder === "string" ? { kind: "shipped", name: embedder, weights: file } as const : embedder;
  if (ref.kind === "onnx") return await loadOnnxEmbedder(ref.file, ref.options);
  const { name, weights } = ref;
  if (!isEmbedder(name)) {
    throw new InputError(`there is no embedder "${name}"; choose ${EMBEDDERS_LISTED}, or give an .onnx file`);
  }
  const { tensors, path, sha256 } = await readWeights(
    weights ?? (await findWeightSet(embedderWeightSet(name))).files[0],
    name,
  );
  return { ...createEmbedder(name, tensors, path), sha256 };
}
