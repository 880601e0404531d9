/**
 * The viewer of one image of the opened unit: enlarged, to step through, and to keep as a file.
 *
 * @module
 */
import { byId } from "./dom.ts";

/** Makes the buttons of images inside `content` open the viewer, which is a popover of the page. */
export function startViewer(content: HTMLElement): void {
  const viewer = byId("viewer");
  let tiles: HTMLButtonElement[] = [];
  let at = 0;
  const show = (place: number) => {
    if (tiles[place] === undefined) return;
    at = place;
    showTile(tiles[at]);
    byId<HTMLButtonElement>("image-before").disabled = at === 0;
    byId<HTMLButtonElement>("image-after").disabled = at === tiles.length - 1;
  };
  content.addEventListener("click", ({ target }) => {
    const pressed = target instanceof Element ? pressedTile(content, target) : null;
    if (pressed === null) return;
    tiles = [...content.querySelectorAll<HTMLButtonElement>("button.tile")];
    show(tiles.indexOf(pressed));
    viewer.showPopover();
  });
  viewer.addEventListener("click", ({ target }) => {
    if (target === viewer) viewer.hidePopover(); // beside the image
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
    event.stopPropagation(); // the dialog below would step to another unit
  });
  byId("image-before").addEventListener("click", () => show(at - 1));
  byId("image-after").addEventListener("click", () => show(at + 1));
  byId("image-close").addEventListener("click", () => viewer.hidePopover());
}

/** The button of an image that a press is on; on the map it is that of the same image. */
export function pressedTile(content: HTMLElement, target: Element): HTMLButtonElement | null {
  const place = target.closest<HTMLElement>(".map [data-place]")?.dataset.place;
  return place === undefined
    ? target.closest<HTMLButtonElement>("button.tile")
    : content.querySelector<HTMLButtonElement>(`button.tile[data-place="${place}"]`);
}

/** Draws an image large, with what it is, and a link that keeps it. */
export function showTile(tile: HTMLButtonElement): void {
  const [small, large] = [tile.querySelector("canvas")!, byId<HTMLCanvasElement>("viewer-image")];
  [large.width, large.height] = [small.width, small.height];
  large.getContext("2d")!.drawImage(small, 0, 0);
  large.setAttribute("aria-label", tile.title);
  byId("viewer-caption").textContent = tile.title;
  const link = byId<HTMLAnchorElement>("image-file");
  link.download = `${tile.dataset.file}.png`;
  try {
    link.href = large.toDataURL("image/png");
    link.hidden = false;
  } catch {
    link.hidden = true; // of an image beside the page the browser gives no pixels: the unit's file is there itself
  }
}
