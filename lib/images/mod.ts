/**
 * Pixels: PNG, resizing, contact sheets. No engine.
 *
 * @module
 */
export { contactSheet, type ContactSheetOptions } from "./contact_sheet.ts";
export { decodePngPixels, encodePng, readPng, writePng } from "./png.ts";
export { resizeBilinear } from "./resize.ts";
