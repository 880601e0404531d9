/**
 * The generator and its critic.
 *
 * @module
 */
export { loadGenerator } from "./generator.ts";
export { type ImageGenerator, LATENT, latentOf } from "./image_generator.ts";
