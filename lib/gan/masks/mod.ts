/**
 * Masks: shapes by name, masks from files, and the masks that training makes of photographs.
 *
 * @module
 */
export { readMask } from "./mask_file.ts";
export { type NamedMask, readMasks } from "./named_masks.ts";
export { checkMask, drawShape, type Mask, MASK_SIZE, parseShape, SHAPE_NAMES } from "./shapes.ts";
