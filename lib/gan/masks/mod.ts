/**
 * Masks: shapes by name, files, and what training takes as contours of photographs.
 *
 * @module
 */
export { decodeMask } from "./mask_file.ts";
export { checkMask, drawShape, type Mask, MASK_SIZE, parseShape, SHAPE_NAMES } from "./shapes.ts";
