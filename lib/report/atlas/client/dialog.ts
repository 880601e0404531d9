/**
 * The dialog of one unit, which the unit's link opens.
 *
 * @module
 */
import type { PageIndex, UnitEntry } from "../page_data.ts";
import { unitDetails } from "./details.ts";
import { byId, readBlock } from "./dom.ts";
import { forgetLink, linkedName, unitLink } from "./links.ts";
import { startViewer } from "./viewer.ts";

/**
 * Makes the dialog work.
 *
 * @param shown the places of the units that are shown, in their order: the dialog steps from one to the next.
 * @returns what opens the unit that the page's address names.
 */
export function startDialog(index: PageIndex, shown: () => readonly number[]): { openLinked: () => void } {
  const { units } = index;
  const places = new Map(units.map(({ id }, place) => [id, place]));
  const dialog = byId<HTMLDialogElement>("unit");
  let opened = -1;
  startViewer(byId("unit-content"));
  const open = async (place: number) => {
    const block = readBlock(`unit-${place}`);
    if (block === null) return; // the page is still arriving
    opened = place;
    headDialog(nameWithClass(units[place]), shown().indexOf(place), shown().length);
    if (!dialog.open) dialog.showModal();
    const view = await unitDetails(units[place], block, readBlock(`other-${place}`), index);
    if (opened !== place) return; // another was opened meanwhile
    byId("unit-content").replaceChildren(view);
    byId("unit-content").scrollTop = 0;
    dialog.dataset.shown = units[place].id;
  };
  const step = (by: number) => {
    const next = shown()[shown().indexOf(opened) + by];
    if (opened >= 0 && shown().includes(opened) && next !== undefined) location.replace(unitLink(units[next].id));
  };
  dialog.addEventListener("close", () => {
    const entry = units[opened];
    opened = -1;
    delete dialog.dataset.shown;
    byId("unit-content").replaceChildren();
    if (entry === undefined) return;
    if (linkedName(location.hash) === entry.id) forgetLink();
    focusCard(entry.id);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the panel
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  byId("close").addEventListener("click", () => dialog.close());
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  return {
    openLinked() {
      const name = linkedName(location.hash);
      const place = places.get(name);
      const isUnknown = place === undefined && name !== "" && document.getElementById(name) === null;
      byId("unknown").hidden = !isUnknown;
      if (isUnknown) byId("unknown").textContent = `There is no unit ${name} in this page.`;
      if (place === undefined) dialog.close();
      else if (place !== opened) open(place);
    },
  };
}

/** A unit's name, and the class it tells. */
export function nameWithClass({ id, class: name }: UnitEntry): string {
  return name === undefined ? id : `${id} ${name}`;
}

/**
 * Writes the head of the dialog.
 *
 * @param position of the unit among those shown, from 0; below 0 where it is not shown.
 */
export function headDialog(name: string, position: number, count: number): void {
  byId("unit-title").textContent = name;
  byId<HTMLButtonElement>("previous").disabled = position < 1;
  byId<HTMLButtonElement>("next").disabled = position < 0 || position === count - 1;
  byId("unit-position").textContent = position < 0 ? "" : `${position + 1} of ${count}`;
}

/** Moves the focus to the card of a unit, if it is there. */
export function focusCard(id: string): void {
  const card = [...document.querySelectorAll<HTMLElement>(".card")].find(({ dataset }) => dataset.unit === id);
  card?.querySelector("a")?.focus({ preventScroll: true });
}
