/**
 * Everything about one unit, for the dialog.
 *
 * @module
 */
import type { PageIndex, ScoreNumbers, Sheet, UnitBlock, UnitEntry } from "../page_data.ts";
import { change, sharesBar } from "./cards.ts";
import { criterionChart, elbowChart, embeddingMap } from "./charts.ts";
import { clusterClass, clusterMembers } from "./clusters.ts";
import { type Child, html, tellScrolling } from "./dom.ts";
import { fixed, flagInWords, intervalInWords, scoreLine, sharesInWords, short } from "./format.ts";
import { fileStem, imageTile, loadSheet, sheetFolder, sheetLink } from "./images.ts";
import { difference } from "./numbers.ts";

/** Angles between centres as a table. */
export function angleTable(entry: UnitEntry, theta: readonly (readonly number[])[]): HTMLElement | null {
  if (theta.length < 2) return null;
  const chip = (k: number) => html("span", { class: `swatch ${clusterClass(k)}` }, String(k + 1));
  const region = html(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": `Angles between the clusters of ${entry.id}` },
    html("h3", { class: "angles-title" }, "Angles between cluster centres, in degrees"),
    html(
      "table",
      { class: "angles" },
      html("thead", {}, html("tr", {}, html("td", {}), ...theta.map((_, k) => html("th", { scope: "col" }, chip(k))))),
      html(
        "tbody",
        {},
        ...theta.map((row, k) =>
          html(
            "tr",
            {},
            html("th", { scope: "row" }, chip(k)),
            ...row.map((value, j) => html("td", {}, j === k ? "" : (180 * value).toFixed(0))),
          )
        ),
      ),
    ),
  );
  tellScrolling(region);
  return region;
}

/** The clusters as rows of images. */
export function clusterRows(
  entry: UnitEntry,
  score: ScoreNumbers | null,
  block: UnitBlock,
  image: HTMLImageElement,
): HTMLElement[] {
  const { sheet, activations } = block;
  const one = (i: number) => {
    const cluster = i < block.assignments.length ? `, cluster ${block.assignments[i] + 1}` : "";
    const label = `image ${i + 1}${cluster}, activation ${short(activations[i])}`;
    return imageTile(image, sheet!, i, label, `${fileStem(entry.id)}-image-${i + 1}`);
  };
  const members = clusterMembers(block.assignments);
  const rows = members.map((images, k) =>
    html(
      "section",
      { class: `cluster ${members.length === 1 ? "only" : clusterClass(k)}` },
      html(
        "h3",
        {},
        html("span", { class: `swatch ${members.length === 1 ? "only" : clusterClass(k)}` }, String(k + 1)),
        `Cluster ${k + 1}`,
        html(
          "span",
          { class: "quiet" },
          ` ${images.length} of ${score?.I ?? activations.length} images, mean activation ${
            short(images.reduce((sum, i) => sum + activations[i], 0) / Math.max(1, images.length))
          }`,
        ),
      ),
      html("div", { class: "tiles" }, ...images.map(one)),
    )
  );
  const rest = activations.map((_, i) => i).slice(block.assignments.length);
  if (rest.length > 0) {
    rows.push(html(
      "section",
      { class: "cluster uncounted" },
      html("h3", {}, score === null ? "Images that were not scored" : "Made beyond the stop, not counted"),
      html("div", { class: "tiles" }, ...rest.map(one)),
    ));
  }
  if (rows.length === 0) rows.push(html("p", { class: "quiet" }, `${entry.id} has no images.`));
  return rows;
}

/** S and how it is made of its parts, as an equation. */
export function scoreEquation(score: ScoreNumbers, interval: UnitEntry["interval"]): HTMLElement {
  const part = (name: string, value: string, more: HTMLElement | null, kind = "part") =>
    html(
      "div",
      { class: kind },
      html("span", { class: "part-name" }, name),
      html("strong", {}, value),
      more,
    );
  const quiet = (text: string) => html("span", { class: "quiet" }, text);
  const sign = (text: string) => html("span", { class: "sign", "aria-hidden": "true" }, text);
  const { S, C, D, K, I } = score;
  return html(
    "div",
    { class: "parts" },
    part("S", fixed(S, 3), interval && quiet(`90 %: ${intervalInWords(interval)}`), "part big"),
    sign("="),
    part("C", fixed(C, 3), quiet(`(${K} − 1) / (${I} − 1)`)),
    sign("+"),
    part("D", fixed(D, 3), quiet(K === 1 ? "one cluster" : "angles between centres")),
    sign("−"),
    part("C D", C === null ? "–" : fixed(C * D, 3), null),
  );
}

/** How sure K is, as bars and in words; none where it is not known. */
export function surenessLines({ kShares, fresh }: UnitEntry): HTMLElement[] {
  const line = (shares: readonly [number, number, number], of: string) =>
    html("p", { class: "sureness" }, sharesBar(shares), html("span", {}, `${of}: ${sharesInWords(shares)}`));
  return [
    ...(kShares === null ? [] : [line(kShares, "Random halves of the images")]),
    ...(fresh === undefined ? [] : [
      line(fresh.kShares, `${fresh.sets} fresh set${fresh.sets === 1 ? "" : "s"} of images`),
    ]),
  ];
}

/** The numbers of a unit beside its score. */
export function unitFacts(entry: UnitEntry, { datasetCount }: PageIndex): HTMLElement {
  const { score, paper, angle, mean, lowest, datasetMax, above } = entry;
  const facts: (readonly [name: string, value: string])[] = [];
  if (score !== null) {
    facts.push(["clusters K", String(score.K)], ["images I", String(score.I)]);
    facts.push(["mean angle of pairs", angle === null ? "–" : `${(180 * angle).toFixed(1)}°`]);
  }
  if (paper !== null) facts.push(["literal rule", scoreLine(paper)]);
  if (mean !== null) facts.push(["activation, mean", short(mean)], ["activation, lowest", short(lowest)]);
  if (datasetMax !== null) {
    facts.push([datasetCount === null ? "dataset, best" : `best of ${datasetCount} dataset images`, short(datasetMax)]);
  }
  if (above !== null) facts.push(["images above it", `${Math.round(100 * above)} %`]);
  const fact = ([name, value]: readonly [string, string]) =>
    html("div", {}, html("dt", {}, name), html("dd", {}, value));
  return html("dl", { class: "facts" }, ...facts.map(fact));
}

/** The flags of a unit with what they say. */
export function flagList(flags: readonly string[]): HTMLElement | null {
  if (flags.length === 0) return null;
  return html(
    "ul",
    { class: "flag-list" },
    ...flags.map((flag) => {
      const { name, meaning } = flagInWords(flag);
      return html("li", {}, html("b", {}, name), ` ${meaning}`);
    }),
  );
}

/** The dataset's best images as a row; as names where they are not on the sheet. */
export function bestRow(entry: UnitEntry, block: UnitBlock, image: HTMLImageElement | null): HTMLElement | null {
  const { sheet, best, bestPictured, activations } = block;
  if (image === null || sheet === null || !bestPictured) {
    if (best.length === 0) return null;
    const names = best.map(({ index, activation }) => `test image ${index} (${short(activation)})`).join(", ");
    return html(
      "p",
      { class: "quiet" },
      `Dataset’s best: ${names}. The dataset was not at hand when this page was made.`,
    );
  }
  return html(
    "section",
    { class: "cluster uncounted" },
    html(
      "h3",
      {},
      "Dataset’s best",
      html("span", { class: "quiet" }, ` the ${best.length} images that activate ${entry.id} most, best first`),
    ),
    html(
      "div",
      { class: "tiles" },
      ...best.map(({ index, activation, class: name }, i) => {
        const label = `test image ${index}${name === undefined ? "" : `, ${name}`}, activation ${short(activation)}`;
        const file = `${fileStem(entry.id)}-test-image-${index}`;
        const tile = imageTile(image, sheet, activations.length + i, label, file);
        return name === undefined ? tile : html("figure", {}, tile, html("figcaption", {}, name));
      }),
    ),
  );
}

/** The unit's score in the run compared with, and the difference. */
export function comparedLine({ score, other = null }: UnitEntry, run: string): HTMLElement {
  return html(
    "p",
    { class: "against" },
    `In ${run}: ${scoreLine(other)}. Difference: `,
    change(difference(score, other, "S"), 3),
    " S, ",
    change(difference(score, other, "K"), 0),
    " K.",
  );
}

/** The unit's images in the run compared with. */
export async function otherImages(entry: UnitEntry, block: UnitBlock, run: string): Promise<HTMLElement[]> {
  if (block.sheet === null) return [];
  const image = await loadSheet(block.sheet);
  if (image === null) return [html("p", { class: "notice" }, "The images of the other run cannot be read.")];
  const score = entry.other ?? null;
  return [
    html("h3", { class: "other-run" }, `The same unit in ${run}`),
    html("p", { class: "quiet" }, scoreLine(score)),
    ...clusterRows(entry, score, block, image),
  ];
}

/** What is said where the images of a unit cannot be shown. */
export function missingImages(sheet: Sheet): HTMLElement {
  return html(
    "p",
    { class: "notice" },
    sheet.inline
      ? "The images of this unit cannot be read."
      : `The images of this unit are missing: keep the folder ${sheetFolder(sheet)} beside this page.`,
  );
}

/**
 * Everything about one unit, for the dialog.
 *
 * @param other its block of the run compared with; null where there is none.
 */
export async function unitDetails(
  entry: UnitEntry,
  block: UnitBlock,
  other: UnitBlock | null,
  index: PageIndex,
): Promise<DocumentFragment> {
  const { score } = entry;
  const { sheet } = block;
  const image = sheet && await loadSheet(sheet);
  const parts: Child[] = [
    score === null
      ? html("p", { class: "lead" }, "Dead: its gradient is zero from every start, so there is nothing to score.")
      : scoreEquation(score, entry.interval),
    ...surenessLines(entry),
    flagList(entry.flags),
    unitFacts(entry, index),
  ];
  if (index.runs !== null) parts.push(comparedLine(entry, index.runs[1]));
  if (sheet !== null && image === null) parts.push(missingImages(sheet));
  if (image !== null) parts.push(...clusterRows(entry, score, block, image));
  parts.push(bestRow(entry, block, image));
  if (sheet !== null && image !== null) parts.push(sheetLink(entry.id, sheet));
  if (score !== null) {
    const map = image !== null && block.map.length > 1 ? embeddingMap(entry, block, image) : null;
    parts.push(
      html("div", { class: "charts" }, elbowChart(entry, block, index), criterionChart(entry, block, index), map),
      angleTable(entry, block.theta),
    );
  }
  if (other !== null && index.runs !== null) parts.push(...await otherImages(entry, other, index.runs[1]));
  const view = document.createDocumentFragment();
  view.append(...parts.filter((part) => part !== null));
  return view;
}
