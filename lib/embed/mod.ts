/**
 * The third room: images to 512 dimensions.
 *
 * @module
 */
export { createEmbedder, type Embedder, EMBEDDERS, meanRow } from "./embedder.ts";
export { type LoadedEmbedder, loadEmbedder } from "./load_embedder.ts";
