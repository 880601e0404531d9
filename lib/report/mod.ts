/**
 * What a run looks like: figures, charts, the atlas. Plain data in, text and pictures out.
 *
 * @module
 */
export { drawFigures, FIGURE_NAMES } from "./figures.ts";
export { imageUrl } from "./image_url.ts";
export { principalComponents } from "./pca.ts";
export { renderPng, renderSvg } from "./render.ts";
