/**
 * The third room: images to embeddings.
 *
 * @module
 */
export {
  createEmbedder,
  type Embedder,
  type EmbedderName,
  EMBEDDERS,
  EMBEDDERS_LISTED,
  embedderWeightSet,
  EmbeddingNotFiniteError,
} from "./embedder.ts";
export { type EmbedderRef, type LoadedEmbedder, loadEmbedder } from "./load_embedder.ts";
