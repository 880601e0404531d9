/**
 * Images in notebooks: rows with a name each, and a line of text under every image.
 *
 * @module
 */
import { Drawing, INK, PRINT_WIDTH } from "../report/charts/mod.ts";
import { imageUrl, renderPng, renderSvg } from "../report/mod.ts";
import type { ImageBatch } from "../types.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";

/** One row of a sheet of images. */
export interface ImageRow {
  /** What the row shows, one string a line; to the left of its images. */
  readonly label: string | readonly string[];
  readonly images: ImageBatch;
  /** Which of the images, in their order; all of them unless given. */
  readonly indices?: readonly number[];
  /** A few characters under each image, such as its activation. */
  readonly captions?: readonly string[];
  /** Colour of a bar beside the row, such as that of its cluster. */
  readonly colour?: string;
}

/** How a sheet is laid out. */
export interface ImageRowsOptions {
  readonly title: string;
  /** Lines under the title. */
  readonly notes?: readonly string[];
  /** Side of an image in CSS pixels; a multiple of the images' own is sharpest. */
  readonly size?: number;
  /** Room for the labels in CSS pixels. */
  readonly labelWidth?: number;
}

/** Pixels of the PNG for each CSS pixel. */
const ZOOM = 1.5;
const GAP = 4;
const CAPTION_HEIGHT = 12;

/** A sheet of images that shows itself as PNG; long rows go on in the next line. */
export class ImageRowsView implements Displayable {
  constructor(readonly rows: readonly ImageRow[], readonly options: ImageRowsOptions) {}

  async [DISPLAY](): Promise<MediaBundle> {
    const { title, notes = [], size = 48, labelWidth = 110 } = this.options;
    const columns = Math.max(1, Math.floor((PRINT_WIDTH - labelWidth) / (size + GAP)));
    const indicesOf = ({ images, indices }: ImageRow) => indices ?? Array.from({ length: images.count }, (_, i) => i);
    const lineHeight = (row: ImageRow) => size + GAP + (row.captions === undefined ? 0 : CAPTION_HEIGHT);
    const heightOf = (row: ImageRow) =>
      Math.max(1, Math.ceil(indicesOf(row).length / columns)) * lineHeight(row) + 2 * GAP;
    const drawing = new Drawing(PRINT_WIDTH, this.rows.reduce((sum, row) => sum + heightOf(row), 0));
    let top = 0;
    for (const row of this.rows) {
      if (row.colour !== undefined) {
        drawing.rect(0, top, 4, heightOf(row) - 3 * GAP, { fill: row.colour, stroke: row.colour, strokeWidth: 0 });
      }
      drawing.text(row.colour === undefined ? 0 : 10, top + size / 2, row.label, { fontSize: 10 });
      indicesOf(row).forEach((index, i) => {
        const x = labelWidth + (i % columns) * (size + GAP);
        const y = top + Math.floor(i / columns) * lineHeight(row);
        drawing.image(x, y, size, size, imageUrl(row.images, index));
        const caption = row.captions?.[i];
        if (caption !== undefined) {
          drawing.text(x + size / 2, y + size + 10, caption, { fontSize: 8.5, align: "center", fill: INK.muted });
        }
      });
      top += heightOf(row);
    }
    const png = await renderPng(await renderSvg(drawing.spec({ text: title, subtitle: [...notes] }, title)), ZOOM);
    return { "image/png": png.toBase64(), "text/plain": `${title}: ${this.rows.length} rows of images` };
  }
}

/** Shows rows of images. */
export function showImageRows(rows: readonly ImageRow[], options: ImageRowsOptions): ImageRowsView {
  return new ImageRowsView(rows, options);
}
