/**
 * The third room: images to 512 dimensions.
 *
 * @module
 */
export { createEmbedder, type Embedder, type EmbedderName, EMBEDDERS } from "./embedder.ts";
export { type LoadedEmbedder, loadEmbedder } from "./load_embedder.ts";
