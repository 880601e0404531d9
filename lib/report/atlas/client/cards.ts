/**
 * Units as cards.
 *
 * @module
 */
import type { UnitBlock, UnitEntry } from "../page_data.ts";
import { clusterClass, clusterMembers } from "./clusters.ts";
import { html } from "./dom.ts";
import { fixed, flagInWords, intervalInWords } from "./format.ts";
import { drawImages, loadSheet } from "./images.ts";

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

/** Chips of a unit's flags. */
export function flagChips(flags: readonly string[]): HTMLElement | null {
  if (flags.length === 0) return null;
  return html(
    "ul",
    { class: "flags", "aria-label": "Flags" },
    ...flags.map((flag) => {
      const { name, meaning } = flagInWords(flag);
      return html("li", { class: flag === "dead" ? "flag serious" : "flag", title: meaning }, name);
    }),
  );
}

/** The difference of a number in the two runs, the other less this; null where either has none. */
export function difference(entry: UnitEntry, part: "S" | "K"): number | null {
  const [here, there] = [entry.score?.[part] ?? null, entry.other?.[part] ?? null];
  return here === null || there === null ? null : there - here;
}

/** A change from one run to the other. */
export function change(value: number | null, digits: number): HTMLElement {
  const sign = value === null || Math.abs(value) < 0.5 * 10 ** -digits ? "same" : value > 0 ? "more" : "less";
  const text = value === null ? "–" : sign === "same" ? "0" : `${value > 0 ? "+" : ""}${fixed(value, digits)}`;
  return html("span", { class: `change ${sign}` }, text);
}

/** The card of a unit, without its images. */
export function unitCard(entry: UnitEntry, place: number): HTMLLIElement {
  const { score } = entry;
  return html(
    "li",
    { class: "card", "data-place": place, "data-unit": entry.id },
    html(
      "div",
      { class: "card-head" },
      html("h3", {}, html("a", { href: `#${encodeURIComponent(entry.id).replaceAll("%3A", ":")}` }, entry.id)),
      html(
        "dl",
        { class: "numbers" },
        ...(["K", "I"] as const).flatMap((name) => [
          html("div", {}, html("dt", {}, name), html("dd", {}, score === null ? "–" : String(score[name]))),
        ]),
      ),
      bar("S", score?.S ?? null, true, entry.interval),
      bar("C", score?.C ?? null, false),
      bar("D", score?.D ?? null, false),
      entry.other === undefined ? null : html(
        "p",
        { class: "against" },
        "other run: ",
        change(difference(entry, "S"), 2),
        " S, ",
        change(difference(entry, "K"), 0),
        " K",
      ),
      flagChips(entry.flags),
    ),
    html("div", { class: "card-images" }),
  );
}

/** Puts the images of a unit into its card: a block four images high for each cluster, then the dataset's best. */
export async function fillCard(card: HTMLElement, entry: UnitEntry, block: UnitBlock): Promise<void> {
  const room = card.querySelector<HTMLElement>(".card-images")!;
  if (block.sheet === null) {
    room.replaceChildren(html("p", { class: "quiet" }, "no images"));
    return;
  }
  const { sheet } = block;
  let image: HTMLImageElement;
  try {
    image = await loadSheet(sheet);
  } catch {
    const folder = sheet.source.split("/")[0];
    room.replaceChildren(
      html(
        "p",
        { class: "quiet" },
        sheet.inline
          ? "The images cannot be read."
          : `Its images are missing: keep the folder ${folder} beside this page.`,
      ),
    );
    return;
  }
  const high = 4;
  const group = (label: string, description: string, kind: string, places: readonly number[]) => {
    const canvas = html("canvas", { class: "pixels", role: "img", "aria-label": description });
    const columns = Math.max(1, Math.ceil(places.length / high));
    drawImages(canvas, image, sheet, places, columns, 1);
    canvas.style.setProperty("--columns", String(columns));
    canvas.style.setProperty("--rows", String(Math.ceil(places.length / columns)));
    return html("figure", { class: `group ${kind}` }, html("figcaption", {}, label), canvas);
  };
  const made = block.activations.length;
  const clusters = clusterMembers(block.assignments);
  const groups = clusters.map((members, k) =>
    group(
      clusters.length === 1 ? `${members.length} images` : String(members.length),
      `Cluster ${k + 1} of ${clusters.length} of ${entry.id}: ${members.length} visualizations`,
      clusters.length === 1 ? "only" : clusterClass(k),
      members,
    )
  );
  if (clusters.length === 0 && made > 0) {
    const places = Array.from({ length: Math.min(made, 16) }, (_, i) => i);
    groups.push(group("not scored", `Images of ${entry.id} that were not scored`, "best", places));
  }
  if (block.bestPictured) {
    groups.push(group(
      "dataset best",
      `The ${block.best.length} images of the dataset that activate ${entry.id} most`,
      "best",
      block.best.map((_, i) => made + i),
    ));
  }
  room.replaceChildren(...groups);
}
