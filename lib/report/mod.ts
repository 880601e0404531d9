/**
 * Figures, charts and the atlas of a run. Plain data come in, text and pictures go out.
 *
 * @module
 */
export { drawFigures, FIGURE_NAMES } from "./figures.ts";
export { imageUrl } from "./image_url.ts";
export { principalComponents } from "./pca.ts";
export { renderPng, renderSvg } from "./render.ts";
