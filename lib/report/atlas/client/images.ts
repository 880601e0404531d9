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

/** Draws chosen images of a sheet on a canvas, in columns, each `scale` times its size. */
export function drawImages(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  sheet: Sheet,
  places: readonly number[],
  columns: number,
  gap: number,
  scale = 1,
): void {
  const [width, height] = sheet.tile;
  const [stepX, stepY] = [Math.round(width * scale) + gap, Math.round(height * scale) + gap];
  canvas.width = columns * stepX - gap;
  canvas.height = Math.ceil(places.length / columns) * stepY - gap;
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  places.forEach((place, i) => {
    context.drawImage(
      image,
      (place % sheet.columns) * sheet.pitch[0],
      Math.floor(place / sheet.columns) * sheet.pitch[1],
      width,
      height,
      (i % columns) * stepX,
      Math.floor(i / columns) * stepY,
      stepX - gap,
      stepY - gap,
    );
  });
}

/**
 * One image of a sheet as a button, which enlarges it.
 *
 * @param place on the sheet.
 * @param label what it is, such as `image 3, activation 7.1`.
 * @param file name of the file in which a reader keeps it, without its ending.
 */
export function imageTile(
  image: HTMLImageElement,
  sheet: Sheet,
  place: number,
  label: string,
  file: string,
): HTMLButtonElement {
  const canvas = html("canvas", { class: "pixels", "aria-hidden": "true" });
  drawImages(canvas, image, sheet, [place], 1, 0);
  const attributes = { type: "button", class: "tile", "aria-label": `Enlarge ${label}`, title: label };
  return html("button", { ...attributes, "data-place": place, "data-file": file }, canvas);
}

/** A name for files of a unit, of characters that every file system takes. */
export function fileStem(id: string): string {
  return id.replace(/[^\w.-]+/g, "_").replace(/^[_.]+/, "") || "unit";
}

/** A link that keeps all images of a unit as one file. */
export function sheetLink(id: string, sheet: Sheet): HTMLElement {
  const href = sheet.inline ? `data:image/jpeg;base64,${sheet.source}` : sheet.source;
  return html(
    "p",
    { class: "note" },
    html("a", { href, download: `${fileStem(id)}.jpg` }, "Download all images of the unit"),
    " as one JPEG: the visualizations in their order, then the dataset’s best",
  );
}
