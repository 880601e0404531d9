/**
 * What starts the page.
 *
 * @module
 */
import type { PageIndex } from "../page_data.ts";
import { filterControls, keepQuery, takeQuery } from "./address.ts";
import { cardList } from "./cards.ts";
import { startComparison } from "./comparison.ts";
import { startDialog } from "./dialog.ts";
import { byId, tellScrolling } from "./dom.ts";
import { fitsFilters, inOrder, readFilters } from "./filters.ts";

/** The theme's switch: as the system has it, light, dark. */
export function startTheme(): void {
  const root = document.documentElement;
  const button = byId<HTMLButtonElement>("theme");
  const themes = ["auto", "light", "dark"];
  const show = (theme: string) => {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.textContent = `Theme: ${theme}`;
  };
  let theme = "auto";
  try {
    theme = localStorage.getItem("polysem-theme") ?? "auto"; // a page opened from a file may have no storage
  } catch { /* then it is chosen anew each time */ }
  if (!themes.includes(theme)) theme = "auto";
  show(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    try {
      localStorage.setItem("polysem-theme", theme);
    } catch { /* see above */ }
  });
}

/**
 * Makes the filters, the order, and the links to them work.
 *
 * @param select called when the reader changes one of them.
 */
export function startControls(select: () => void): void {
  const search = byId<HTMLInputElement>("search");
  const change = () => {
    byId("unfit").hidden = true;
    keepQuery();
    select();
  };
  for (const { control } of filterControls()) {
    control.addEventListener(control === search ? "input" : "change", change);
  }
  byId("reset").addEventListener("click", () => {
    takeQuery("");
    change();
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="?"]') : null;
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); // it is of this page, which need not be loaded again
    takeQuery(link.search);
    change();
    byId("atlas").focus();
    byId("atlas").scrollIntoView();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing && !byId<HTMLDialogElement>("unit").open) {
      event.preventDefault();
      search.focus();
    }
  });
}

/** Sets the filters and the order as the page's address says, and tells what it asks in vain. */
export function openFiltered(): void {
  const unknown = takeQuery(location.search);
  byId("unfit").hidden = unknown.length === 0;
  byId("unfit").textContent = `The address asks for ${unknown.join(", ")}, which this page does not have.`;
}

/** Starts the page. The script runs before the units' blocks have arrived: cards that wait for theirs get it at the end. */
export function startAtlas(): void {
  startTheme();
  const index = JSON.parse(byId("index").textContent!) as PageIndex;
  const { units } = index;
  let shown: readonly number[] = [];
  const cards = cardList(units, index.runs && index.runs[1]);
  const dialog = startDialog(index, () => shown);
  const select = () => {
    const filters = readFilters();
    const places = units.map((_, place) => place).filter((place) => fitsFilters(units[place], filters));
    shown = inOrder(units, places, byId<HTMLSelectElement>("order").value);
    byId("count").textContent = shown.length === units.length
      ? `${units.length} unit${units.length === 1 ? "" : "s"}`
      : `${shown.length} of ${units.length} units`;
    byId("nothing").hidden = shown.length > 0;
    cards.show(shown);
  };
  openFiltered();
  startControls(select);
  addEventListener("hashchange", dialog.openLinked);
  document.addEventListener("DOMContentLoaded", () => {
    cards.fillWaiting();
    dialog.openLinked();
  });
  select();
  startComparison(index);
  for (const each of document.querySelectorAll<HTMLElement>(".scroll")) tellScrolling(each);
}
