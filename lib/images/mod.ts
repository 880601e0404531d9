/**
 * Pixels: PNG, JPEG, resizing, contact sheets. No engine.
 *
 * @module
 */
export { type CheckedPngs, checkPngs } from "./checked_pngs.ts";
export { contactSheet, type ContactSheetOptions } from "./contact_sheet.ts";
export { cropSquare } from "./crop_square.ts";
export { decodeImage, imageSize } from "./decode_image.ts";
export { isFileForPeople, isForPeople, markForPeople } from "./for_people.ts";
export { decodePngPixels, encodePng, readPng, writePng } from "./png.ts";
export { resizeBilinear } from "./resize.ts";
export { selectImages } from "./select_images.ts";
export { stackSheets } from "./stack_sheets.ts";
