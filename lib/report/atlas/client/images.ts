/**
 * Images of a unit, cut out of its sheet.
 *
 * @module
 */
import type { Sheet } from "../page_data.ts";
import { html } from "./dom.ts";

/** The sheet's image, decoded; null where it is missing or cannot be read. */
export async function loadSheet(sheet: Sheet): Promise<HTMLImageElement | null> {
  const image = new Image();
  image.src = sheet.inline ? `data:image/jpeg;base64,${sheet.source}` : sheet.source;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return image;
}

/** Name of the folder beside the page that holds a sheet. */
export function sheetFolder({ source }: Sheet): string {
  return decodeURIComponent(source.split("/")[0]);
}

/** Draws chosen images of a sheet on a canvas, in columns. */
export function drawImages(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  sheet: Sheet,
  places: readonly number[],
  columns: number,
  gap: number,
): void {
  const [width, height] = sheet.tile;
  canvas.width = columns * (width + gap) - gap;
  canvas.height = Math.ceil(places.length / columns) * (height + gap) - gap;
  const context = canvas.getContext("2d")!;
  places.forEach((place, i) => {
    context.drawImage(
      image,
      (place % sheet.columns) * sheet.pitch[0],
      Math.floor(place / sheet.columns) * sheet.pitch[1],
      width,
      height,
      (i % columns) * (width + gap),
      Math.floor(i / columns) * (height + gap),
      width,
      height,
    );
  });
}

/** One image of a sheet. */
export function singleImage(image: HTMLImageElement, sheet: Sheet, place: number, label: string): HTMLCanvasElement {
  const canvas = html("canvas", { class: "pixels", role: "img", "aria-label": label, title: label });
  drawImages(canvas, image, sheet, [place], 1, 0);
  return canvas;
}
