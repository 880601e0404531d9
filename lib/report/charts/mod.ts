/**
 * Charts, each from plain data.
 *
 * @module
 */
export { activationHistogram } from "./activation_histogram.ts";
export { ascentCurve, type AscentPoint } from "./ascent_curve.ts";
export { Drawing } from "./drawing.ts";
export { embeddingMap, embeddingPanel } from "./embedding_map.ts";
export { ganCurveChart } from "./gan_curve.ts";
export { type GrowthPanel, growthPanels } from "./growth_panels.ts";
export { type ImageShare, imageShares } from "./image_shares.ts";
export { type MatrixPanel, matrixPanels } from "./matrix_panels.ts";
export { plantedSettings } from "./planted_settings.ts";
export { sampleGridSheet } from "./sample_grid_sheet.ts";
export { type NetworkScores, scoreByDepth } from "./score_by_depth.ts";
export { type ScoreCurve, scoreCurves } from "./score_curves.ts";
export { type SelectivityPanel, selectivityScatter } from "./selectivity_scatter.ts";
export { emptyChart, INK, PRINT_WIDTH } from "./theme.ts";
export { trainedSettings } from "./trained_settings.ts";
