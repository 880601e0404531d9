/**
 * Images by label and mask: the generator (a WGAN-CGAN), its masks, its measures, and the probing of units with it.
 *
 * @module
 */
export { createGenerator, loadGenerator } from "./network/generator.ts";
export { type Conditions, type ImageGenerator, LABELS, LATENT, latentOf } from "./network/image_generator.ts";
export { readMask } from "./masks/mask_file.ts";
export { type GeneratorMeasures, measureGenerator } from "./measures/mod.ts";
export { PROBE_SHAPES, type ProbeDesign, probeMasks, probeUnits, type UnitProbe } from "./probe/probe.ts";
export { type SampleGrid, sampleGrid } from "./training/sample_grid.ts";
export { checkMask, drawShape, type Mask, MASK_SIZE, parseShape, SHAPE_NAMES } from "./masks/shapes.ts";
export { edgeMap } from "./masks/edges.ts";
export { silhouette } from "./masks/silhouette.ts";
