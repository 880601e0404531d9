/**
 * The perceptual distance between images: LPIPS v0.1 as published.
 *
 * @module
 */
export { createLpips, type Lpips, type LpipsDistance, type LpipsOptions, type LpipsSequence } from "./lpips.ts";
export { loadHeads } from "./heads.ts";
export { type LoadedLpips, loadLpips, type LoadLpipsOptions, LPIPS_NETWORKS } from "./load_lpips.ts";
export { squaredDistances, type UnitVector } from "./unit_features.ts";
