/**
 * A batch of images in notebooks, without words.
 *
 * @module
 */
import { contactSheet, type ContactSheetOptions, encodePng } from "../images/mod.ts";
import type { ImageBatch } from "../types.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";

/** A batch that shows itself as a sheet in PNG. */
export class ImageBatchView implements Displayable {
  constructor(readonly images: ImageBatch, readonly options: ContactSheetOptions) {}

  [DISPLAY](): MediaBundle {
    const { count, height, width } = this.images;
    return {
      "image/png": encodePng(contactSheet(this.images, this.options)).toBase64(),
      "text/plain": `${count} images of ${width} x ${height} pixels`,
    };
  }
}

/** Shows images side by side, each pixel three times as large unless said otherwise. */
export function showImages(images: ImageBatch, options: ContactSheetOptions = {}): ImageBatchView {
  return new ImageBatchView(images, { scale: 3, padding: 4, ...options });
}
