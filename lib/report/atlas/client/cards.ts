/**
 * Units as cards.
 *
 * @module
 */
import type { Sheet, UnitBlock, UnitEntry } from "../page_data.ts";
import { clusterClass, clusterMembers } from "./clusters.ts";
import { byId, growingList, html, idleTime, readBlock } from "./dom.ts";
import { fixed, flagInWords, intervalInWords, sharesInWords } from "./format.ts";
import { drawImages, loadSheet, sheetFolder } from "./images.ts";
import { unitLink } from "./links.ts";
import { difference, sureness } from "./numbers.ts";

/** Images of a card that are drawn together. */
export interface ImageGroup {
  readonly label: string;
  /** What a reader who cannot see them should know. */
  readonly description: string;
  /** Class of its look. */
  readonly kind: string;
  /** Places of the images on the unit's sheet. */
  readonly places: readonly number[];
  /** A line below them. */
  readonly note?: string;
}

/** A thin bar of a number in [0, 1] with its name and value, and a line across it for its interval. */
export function bar(
  name: string,
  value: number | null,
  strong: boolean,
  interval: UnitEntry["interval"] = null,
): HTMLElement {
  const [low, high] = interval ?? [0, 0];
  return html(
    "div",
    {
      class: strong ? "bar strong" : "bar",
      ...(interval !== null && { title: `90 % interval of ${name}: ${intervalInWords(interval)}` }),
    },
    html("span", { class: "bar-name" }, name),
    html(
      "span",
      { class: "bar-track" },
      html("span", { style: `width:${100 * Math.max(0, Math.min(1, value ?? 0))}%` }),
      interval === null
        ? null
        : html("span", { class: "interval", style: `left:${100 * low}%;width:${100 * (high - low)}%` }),
    ),
    html("span", { class: "bar-value" }, fixed(value)),
  );
}

/** Shares of one, two, and three or more clusters as a bar of three parts. */
export function sharesBar(shares: readonly [number, number, number]): HTMLElement {
  const parts = shares.flatMap((share, i) =>
    share > 0 ? [html("span", { class: `part${i + 1}`, style: `width:${100 * share}%` })] : []
  );
  return html("span", { class: "split-bar", "aria-hidden": "true" }, ...parts);
}

/** How sure K is: a bar of the shares, and the share of halves with the K of the whole; null where it is not known. */
export function surenessBar(entry: UnitEntry): HTMLElement | null {
  const { kShares } = entry;
  return kShares && html(
    "div",
    { class: "bar sure", title: `In random halves of its images ${sharesInWords(kShares)}` },
    html("span", { class: "bar-name" }, "K"),
    sharesBar(kShares),
    html("span", { class: "bar-value" }, `${Math.round(100 * (sureness(entry) ?? 0))} %`),
  );
}

/** Whether a flag says that a unit has no score. */
export function isSerious(flag: string): boolean {
  return ["dead", "exploded", "embedding_not_finite", "zero_embedding"].includes(flag);
}

/** Chips of a unit's flags. */
export function flagChips(flags: readonly string[]): HTMLElement | null {
  if (flags.length === 0) return null;
  return html(
    "ul",
    { class: "flags", "aria-label": "Flags" },
    ...flags.map((flag) => {
      const { name, meaning } = flagInWords(flag);
      return html("li", { class: isSerious(flag) ? "flag serious" : "flag", title: meaning }, name);
    }),
  );
}

/** A difference, the second run less the first. */
export function change(value: number | null, digits: number): HTMLElement {
  const sign = value === null || Math.abs(value) < 0.5 * 10 ** -digits ? "same" : value > 0 ? "more" : "less";
  const text = value === null ? "–" : sign === "same" ? "0" : `${value > 0 ? "+" : ""}${fixed(value, digits)}`;
  return html("span", { class: `change ${sign}` }, text);
}

/**
 * The card of a unit, without its images.
 *
 * @param run name of the run compared with; null where there is none.
 */
export function unitCard(entry: UnitEntry, place: number, run: string | null): HTMLLIElement {
  const { score } = entry;
  return html(
    "li",
    { class: "card", "data-place": place, "data-unit": entry.id },
    html(
      "div",
      { class: "card-head" },
      html(
        "h3",
        {},
        html("a", { href: unitLink(entry.id) }, entry.id),
        entry.class === undefined ? null : html("span", { class: "quiet" }, ` ${entry.class}`),
      ),
      html(
        "dl",
        { class: "numbers" },
        ...(["K", "I"] as const).flatMap((name) => [
          html("div", {}, html("dt", {}, name), html("dd", {}, score === null ? "–" : String(score[name]))),
        ]),
      ),
      bar("S", score?.S ?? null, true, entry.interval),
      entry.interval && html("p", { class: "interval-words" }, `90 %: ${intervalInWords(entry.interval)}`),
      surenessBar(entry),
      bar("C", score?.C ?? null, false),
      bar("D", score?.D ?? null, false),
      run === null ? null : html(
        "p",
        { class: "against" },
        `In ${run}: S ${fixed(entry.other?.S)} (`,
        change(difference(score, entry.other, "S"), 2),
        `), K ${entry.other?.K ?? "–"} (`,
        change(difference(score, entry.other, "K"), 0),
        ")",
      ),
      flagChips(entry.flags),
    ),
    html("div", { class: "card-images" }),
  );
}

/** Images of a card in a block four images high, under their label. */
export function imageGroup(
  image: HTMLImageElement,
  sheet: Sheet,
  { label, description, kind, places, note }: ImageGroup,
): HTMLElement {
  const canvas = html("canvas", { class: "pixels", role: "img", "aria-label": description });
  const columns = Math.max(1, Math.ceil(places.length / 4));
  // a card shows an image 32 px wide; more than twice that is memory for nothing
  drawImages(canvas, image, sheet, places, columns, 1, Math.min(1, 64 / sheet.tile[0]));
  canvas.style.setProperty("--columns", String(columns));
  canvas.style.setProperty("--rows", String(Math.ceil(places.length / columns)));
  const below = note === undefined ? null : html("p", { class: "group-note" }, note);
  return html("figure", { class: `group ${kind}` }, html("figcaption", {}, label), canvas, below);
}

/** Names with how often each occurs, the most frequent first, such as `ship 6, truck 3`; undefined of none. */
export function countedNames(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0
    ? undefined
    : [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`).join(", ");
}

/** The images of a card by groups: each cluster, then the dataset's best. */
export function imageGroups(entry: UnitEntry, block: UnitBlock): ImageGroup[] {
  const made = block.activations.length;
  const clusters = clusterMembers(block.assignments);
  const groups = clusters.map((members, k): ImageGroup => ({
    label: clusters.length === 1 ? `${members.length} images` : String(members.length),
    description: `Cluster ${k + 1} of ${clusters.length} of ${entry.id}: ${members.length} visualizations`,
    kind: clusters.length === 1 ? "only" : clusterClass(k),
    places: members,
  }));
  if (clusters.length === 0 && made > 0) {
    groups.push({
      label: "not scored",
      description: `Images of ${entry.id} that were not scored`,
      kind: "best",
      places: Array.from({ length: Math.min(made, 16) }, (_, i) => i),
    });
  }
  if (block.bestPictured) {
    groups.push({
      label: "dataset best",
      description: `The ${block.best.length} images of the dataset that activate ${entry.id} most`,
      kind: "best",
      places: block.best.map((_, i) => made + i),
      note: countedNames(block.best.flatMap(({ class: name }) => name ?? [])),
    });
  }
  return groups;
}

/** Puts the images of a unit into its card. */
export async function fillCard(card: HTMLElement, entry: UnitEntry, block: UnitBlock): Promise<void> {
  const room = card.querySelector<HTMLElement>(".card-images")!;
  const { sheet } = block;
  if (sheet === null) {
    room.replaceChildren(html("p", { class: "quiet" }, "no images"));
    return;
  }
  const image = await loadSheet(sheet);
  if (image === null) {
    const reason = sheet.inline
      ? "The images cannot be read."
      : `Its images are missing: keep the folder ${sheetFolder(sheet)} beside this page.`;
    room.replaceChildren(html("p", { class: "quiet" }, reason));
    return;
  }
  room.replaceChildren(...imageGroups(entry, block).map((group) => imageGroup(image, sheet, group)));
}

/**
 * The list of cards. A card gets its images when it comes near; the others of the list get theirs, from the top, when the browser
 * has nothing else to do, so that a capture of the whole page shows them all. Where there are very many cards with images,
 * those far away give theirs up again.
 *
 * @param run name of the run compared with; null where there is none.
 * @returns what shows the units of other places, and what fills the cards whose blocks had not arrived yet.
 */
export function cardList(
  units: readonly UnitEntry[],
  run: string | null,
): { show: (places: readonly number[]) => void; fillWaiting: () => void } {
  const most = 400; // cards of 60 small images hold some 100 MB then
  const near = new Set<HTMLElement>();
  const empty = new Set<HTMLElement>(); // in the order of the list
  const filled = new Set<HTMLElement>(); // the longest filled first
  const come = async (card: HTMLElement) => {
    const place = Number(card.dataset.place);
    const block = empty.has(card) ? readBlock(`unit-${place}`) : null;
    if (block === null) return; // it has its images, or the page is still arriving
    empty.delete(card);
    filled.add(card);
    await fillCard(card, units[place], block);
    for (const each of filled) {
      if (filled.size <= most) break;
      if (!near.has(each)) go(each);
    }
  };
  const go = (card: HTMLElement) => {
    const room = card.querySelector<HTMLElement>(".card-images")!;
    room.style.minHeight = `${room.offsetHeight}px`; // so that what is below stays where it is
    room.replaceChildren();
    filled.delete(card);
    empty.add(card);
  };
  let isWhole = false; // the page has arrived
  let isFilling = false;
  const fillRest = async () => {
    if (isFilling || !isWhole) return;
    isFilling = true;
    for (const card of empty) {
      if (filled.size >= most) break;
      await new Promise((resolve) => idleTime(() => resolve(null)));
      await come(card);
    }
    isFilling = false;
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = target as HTMLElement;
      near.delete(card);
      if (!isIntersecting) continue;
      near.add(card);
      come(card);
    }
  }, { rootMargin: "800px 0px" });
  const list = growingList(byId("cards"), byId<HTMLButtonElement>("more"), 60, () => void fillRest());
  return {
    show(places) {
      watcher.disconnect();
      for (const cards of [near, empty, filled]) cards.clear();
      list.show(places.map((place) => () => {
        const card = unitCard(units[place], place, run);
        empty.add(card);
        watcher.observe(card);
        return card;
      }));
    },
    fillWaiting() {
      isWhole = true;
      for (const card of near) come(card);
      fillRest();
    },
  };
}
