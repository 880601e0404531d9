/**
 * The page of all units, for a browser.
 *
 * @module
 */
export type { AtlasFigure } from "./page.tsx";
export { renderAtlas } from "./render_atlas.tsx";
