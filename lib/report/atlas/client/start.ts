/**
 * What starts the page: the theme, the filters, the cards and the dialog.
 *
 * @module
 */
import type { PageIndex, UnitEntry } from "../page_data.ts";
import { difference, fillCard, unitCard } from "./cards.ts";
import { startComparison } from "./comparison.ts";
import { unitDetails } from "./details.ts";
import { growingList, readBlock } from "./dom.ts";
import { flagInWords } from "./format.ts";

/** The theme's switch: as the system has it, light, dark. */
export function startTheme(): void {
  const root = document.documentElement;
  const button = document.getElementById("theme") as HTMLButtonElement;
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

/** Starts the page. */
export function startAtlas(): void {
  startTheme();
  const index = JSON.parse(document.getElementById("index")!.textContent!) as PageIndex;
  const { units } = index;
  const places = new Map(units.map(({ id }, place) => [id, place]));
  const control = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

  // cards get their images when they come near, and give them up when they are far again
  const wanted = new Set<HTMLElement>();
  const fill = (card: HTMLElement) => {
    const place = Number(card.dataset.place);
    const block = readBlock(`unit-${place}`);
    if (block === null) return; // the page is still arriving: see below
    wanted.delete(card);
    fillCard(card, units[place], block);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = target as HTMLElement;
      if (isIntersecting) {
        wanted.add(card);
        fill(card);
      } else {
        wanted.delete(card);
        const room = card.querySelector<HTMLElement>(".card-images")!;
        if (room.firstChild) {
          room.style.minHeight = `${room.offsetHeight}px`;
          room.replaceChildren();
        }
      }
    }
  }, { rootMargin: "800px 0px" });
  const list = growingList(control("cards"), control("more"), 60);
  document.addEventListener("DOMContentLoaded", () => {
    for (const card of [...wanted]) fill(card);
    openLinked();
  });

  // what is shown, in which order
  const search = control<HTMLInputElement>("search");
  const layer = control<HTMLSelectElement>("layer");
  const clusters = control<HTMLSelectElement>("clusters");
  const from = control<HTMLInputElement>("s-from");
  const to = control<HTMLInputElement>("s-to");
  const flag = control<HTMLSelectElement>("flag");
  const order = control<HTMLSelectElement>("order");
  const controls = [search, layer, clusters, from, to, flag, order];
  let shown: number[] = [];
  const keys: Readonly<Record<string, (entry: UnitEntry) => number | null>> = {
    S: ({ score }) => score?.S ?? null,
    C: ({ score }) => score?.C ?? null,
    D: ({ score }) => score?.D ?? null,
    K: ({ score }) => score?.K ?? null,
    I: ({ score }) => score?.I ?? null,
    angle: ({ angle }) => angle,
    above: ({ above }) => above,
    change: (entry) => {
      const value = difference(entry, "S");
      return value === null ? null : Math.abs(value);
    },
  };
  const select = () => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
    const [low, high] = [from.value === "" ? null : Number(from.value), to.value === "" ? null : Number(to.value)];
    const fits = (entry: UnitEntry) => {
      const text = `${entry.id} ${entry.flags.map((each) => `${each} ${flagInWords(each).name}`).join(" ")}`
        .toLowerCase();
      const S = entry.score?.S ?? null;
      const K = entry.score?.K ?? null;
      return words.every((word) => text.includes(word)) &&
        (layer.value === "" || entry.layer === layer.value) &&
        (clusters.value === "" ||
          (K !== null &&
            (clusters.value.endsWith("+") ? K >= parseInt(clusters.value) : K === Number(clusters.value)))) &&
        (low === null || (S !== null && S >= low)) && (high === null || (S !== null && S <= high)) &&
        (flag.value === "" ||
          (flag.value === "none" ? entry.flags.length === 0 : entry.flags.includes(flag.value.slice(5))));
    };
    shown = units.map((_, place) => place).filter((place) => fits(units[place]));
    const [key, direction] = order.value.split(" ");
    const value = keys[key];
    if (value) {
      shown.sort((first, second) => {
        const [a, b] = [value(units[first]), value(units[second])];
        if (a === null || b === null) return Number(a === null) - Number(b === null) || first - second;
        return (direction === "up" ? a - b : b - a) || first - second;
      });
    }
    control("count").textContent = shown.length === units.length
      ? `${units.length} unit${units.length === 1 ? "" : "s"}`
      : `${shown.length} of ${units.length} units`;
    control("nothing").hidden = shown.length > 0;
    watcher.disconnect();
    wanted.clear();
    list.show(shown.map((place) => () => {
      const card = unitCard(units[place], place);
      watcher.observe(card);
      return card;
    }));
  };
  for (const each of controls) each.addEventListener(each === search ? "input" : "change", select);
  control("reset").addEventListener("click", () => {
    for (const each of controls) {
      if (each instanceof HTMLSelectElement) each.selectedIndex = 0;
      else each.value = "";
    }
    select();
  });

  // one unit, opened by its link
  const dialog = control<HTMLDialogElement>("unit");
  const content = control("unit-content");
  let opened = -1;
  const open = async (place: number) => {
    const entry = units[place];
    const block = readBlock(`unit-${place}`);
    if (block === null) return; // the page is still arriving
    opened = place;
    control("unit-title").textContent = entry.id;
    const position = shown.indexOf(place);
    control<HTMLButtonElement>("previous").disabled = position < 1;
    control<HTMLButtonElement>("next").disabled = position < 0 || position === shown.length - 1;
    control("unit-position").textContent = position < 0 ? "" : `${position + 1} of ${shown.length}`;
    if (!dialog.open) dialog.showModal();
    const view = await unitDetails(entry, block, readBlock(`other-${place}`), index);
    if (opened !== place) return; // another was opened meanwhile
    content.replaceChildren(view);
    content.scrollTop = 0;
    dialog.dataset.shown = entry.id;
  };
  const linked = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return location.hash.slice(1);
    }
  };
  const openLinked = () => {
    const name = linked();
    const place = places.get(name);
    const unknown = control("unknown");
    unknown.hidden = true;
    if (place !== undefined) {
      if (place !== opened) open(place);
      return;
    }
    if (dialog.open) dialog.close();
    if (name !== "" && document.getElementById(name) === null) {
      unknown.textContent = `There is no unit ${name} in this page.`;
      unknown.hidden = false;
    }
  };
  dialog.addEventListener("close", () => {
    const entry = units[opened];
    opened = -1;
    delete dialog.dataset.shown;
    content.replaceChildren();
    if (entry !== undefined && linked() === entry.id) {
      const { scrollX, scrollY } = globalThis;
      history.replaceState(null, "", location.pathname + location.search);
      scrollTo(scrollX, scrollY);
    }
    if (entry !== undefined) {
      const link = [...document.querySelectorAll<HTMLElement>(".card")].find((card) => card.dataset.unit === entry.id);
      link?.querySelector("a")?.focus({ preventScroll: true });
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the panel
  });
  const step = (by: number) => {
    const next = shown[shown.indexOf(opened) + by];
    if (opened >= 0 && shown.includes(opened) && next !== undefined) {
      location.replace(`#${encodeURIComponent(units[next].id)}`);
    }
  };
  control("close").addEventListener("click", () => dialog.close());
  control("previous").addEventListener("click", () => step(-1));
  control("next").addEventListener("click", () => step(1));
  dialog.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing && !dialog.open) {
      event.preventDefault();
      search.focus();
    }
  });
  addEventListener("hashchange", openLinked);
  select();
  startComparison(index);
}
