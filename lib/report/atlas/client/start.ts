/**
 * What starts the page.
 *
 * @module
 */
import type { PageIndex } from "../page_data.ts";
import { cardList } from "./cards.ts";
import { startComparison } from "./comparison.ts";
import { startDialog } from "./dialog.ts";
import { byId } from "./dom.ts";
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
 * Makes the filters and the order work.
 *
 * @param select called when the reader changes one of them.
 */
export function startControls(select: () => void): void {
  const controls = ["search", "layer", "clusters", "s-from", "s-to", "flag", "order"]
    .map((id) => byId<HTMLInputElement | HTMLSelectElement>(id));
  const [search] = controls;
  for (const each of controls) each.addEventListener(each === search ? "input" : "change", select);
  byId("reset").addEventListener("click", () => {
    for (const each of controls) {
      if (each instanceof HTMLSelectElement) each.selectedIndex = 0;
      else each.value = "";
    }
    select();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing && !byId<HTMLDialogElement>("unit").open) {
      event.preventDefault();
      search.focus();
    }
  });
}

/** Starts the page. The script runs before the units' blocks have arrived: cards that wait for theirs get it at the end. */
export function startAtlas(): void {
  startTheme();
  const index = JSON.parse(byId("index").textContent!) as PageIndex;
  const { units } = index;
  let shown: readonly number[] = [];
  const cards = cardList(units);
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
  startControls(select);
  addEventListener("hashchange", dialog.openLinked);
  document.addEventListener("DOMContentLoaded", () => {
    cards.fillWaiting();
    dialog.openLinked();
  });
  select();
  startComparison(index);
}
