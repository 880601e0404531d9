/**
 * Makes images that excite a unit, by gradient ascent, and computes activations on given images.
 *
 * @module
 */
export { datasetActivations, imageActivations, type ImageRange, type LayerReading } from "./activations.ts";
export { attributions, layersBelow } from "./attributions.ts";
export { hasGradient } from "./gradient.ts";
export type { ActivationOptions, VisualizeOptions } from "./options.ts";
export { fourierParametrization, type Parametrization, pixelParametrization } from "./parametrization.ts";
export {
  type ImageRequest,
  imageRequests,
  imagesMadeTogether,
  type Visualizations,
  visualize,
  type VisualizeContext,
} from "./visualize.ts";
