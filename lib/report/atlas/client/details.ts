/**
 * Everything about one unit, for the dialog.
 *
 * @module
 */
import type { PageIndex, ScoreNumbers, UnitBlock, UnitEntry } from "../page_data.ts";
import { change, difference } from "./cards.ts";
import { criterionChart, elbowChart, embeddingMap } from "./charts.ts";
import { clusterClass, clusterMembers } from "./clusters.ts";
import { html } from "./dom.ts";
import { fixed, flagInWords, intervalInWords, scoreLine, short } from "./format.ts";
import { loadSheet, singleImage } from "./images.ts";

/** Angles between centres as a table. */
export function angleTable(entry: UnitEntry, theta: readonly (readonly number[])[]): HTMLElement | null {
  if (theta.length < 2) return null;
  const chip = (k: number) => html("span", { class: `swatch ${clusterClass(k)}` }, String(k + 1));
  return html(
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
}

/** The clusters as rows of images. */
export function clusterRows(
  entry: UnitEntry,
  score: ScoreNumbers | null,
  block: UnitBlock,
  image: HTMLImageElement,
): HTMLElement[] {
  const { sheet, activations } = block;
  const one = (i: number) => singleImage(image, sheet!, i, `image ${i + 1}, activation ${short(activations[i])}`);
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

/** Everything about one unit, for the dialog. */
export async function unitDetails(
  entry: UnitEntry,
  block: UnitBlock,
  other: UnitBlock | null,
  index: PageIndex,
): Promise<DocumentFragment> {
  const view = document.createDocumentFragment();
  const { score, paper } = entry;
  const dead = score === null;
  const parts = dead
    ? html("p", { class: "lead" }, "Dead: its gradient is zero from every start, so there is nothing to score.")
    : html(
      "div",
      { class: "parts" },
      html(
        "div",
        { class: "part big" },
        html("span", { class: "part-name" }, "S"),
        html("strong", {}, fixed(score.S, 3)),
        entry.interval === null
          ? null
          : html("span", { class: "quiet", title: "90 % interval" }, intervalInWords(entry.interval)),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "="),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "C"),
        html("strong", {}, fixed(score.C, 3)),
        html("span", { class: "quiet" }, `(${score.K} − 1) / (${score.I} − 1)`),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "+"),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "D"),
        html("strong", {}, fixed(score.D, 3)),
        html("span", { class: "quiet" }, score.K === 1 ? "one cluster" : "angles between centres"),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "−"),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "C D"),
        html("strong", {}, score.C === null ? "–" : fixed(score.C * score.D, 3)),
      ),
    );
  const fact = (name: string, value: string) => html("div", {}, html("dt", {}, name), html("dd", {}, value));
  const facts = html(
    "dl",
    { class: "facts" },
    ...(dead ? [] : [
      fact("clusters K", String(score.K)),
      fact("images I", String(score.I)),
      fact("mean angle of pairs", entry.angle === null ? "–" : `${(180 * entry.angle).toFixed(1)}°`),
    ]),
    ...(paper === null ? [] : [fact("literal rule", scoreLine(paper))]),
    ...(entry.mean === null
      ? []
      : [fact("activation, mean", short(entry.mean)), fact("activation, lowest", short(entry.lowest))]),
    ...(entry.datasetMax === null ? [] : [
      fact(
        index.datasetCount === null ? "dataset, best" : `best of ${index.datasetCount} dataset images`,
        short(entry.datasetMax),
      ),
    ]),
    ...(entry.above === null ? [] : [fact("images above it", `${Math.round(100 * entry.above)} %`)]),
  );
  view.append(
    parts,
    ...(entry.flags.length === 0 ? [] : [html(
      "ul",
      { class: "flag-list" },
      ...entry.flags.map((flag) => {
        const { name, meaning } = flagInWords(flag);
        return html("li", {}, html("b", {}, name), ` ${meaning}`);
      }),
    )]),
    facts,
  );
  if (index.runs !== null) {
    view.append(html(
      "p",
      { class: "against" },
      `In ${index.runs[1]}: ${scoreLine(entry.other ?? null)}. Change: `,
      change(difference(entry, "S"), 3),
      " S, ",
      change(difference(entry, "K"), 0),
      " K.",
    ));
  }
  let image: HTMLImageElement | null = null;
  if (block.sheet !== null) {
    try {
      image = await loadSheet(block.sheet);
    } catch {
      view.append(
        html(
          "p",
          { class: "notice" },
          block.sheet.inline
            ? "The images of this unit cannot be read."
            : `The images of this unit are missing: keep the folder ${
              block.sheet.source.split("/")[0]
            } beside this page.`,
        ),
      );
    }
  }
  if (image !== null) view.append(...clusterRows(entry, score, block, image));
  if (image !== null && block.bestPictured) {
    view.append(html(
      "section",
      { class: "cluster uncounted" },
      html(
        "h3",
        {},
        "Dataset’s best",
        html("span", { class: "quiet" }, ` the ${block.best.length} images that activate ${entry.id} most, best first`),
      ),
      html(
        "div",
        { class: "tiles" },
        ...block.best.map(({ index, activation }, i) => {
          const label = `test image ${index}, activation ${short(activation)}`;
          return singleImage(image, block.sheet!, block.activations.length + i, label);
        }),
      ),
    ));
  } else if (block.best.length > 0) {
    view.append(html(
      "p",
      { class: "quiet" },
      `Dataset’s best: ${
        block.best.map(({ index, activation }) => `test image ${index} (${short(activation)})`).join(", ")
      }. The dataset was not at hand when this page was made.`,
    ));
  }
  if (!dead) {
    const charts = html(
      "div",
      { class: "charts" },
      elbowChart(entry, block, index),
      criterionChart(entry, block, index),
    );
    if (image !== null && block.map.length > 1) charts.append(embeddingMap(entry, block, image));
    view.append(charts);
    const angles = angleTable(entry, block.theta);
    if (angles !== null) view.append(angles);
  }
  if (other !== null && other.sheet !== null && index.runs !== null) {
    try {
      const otherImage = await loadSheet(other.sheet);
      view.append(
        html("h3", { class: "other-run" }, `The same unit in ${index.runs[1]}`),
        html("p", { class: "quiet" }, scoreLine(entry.other ?? null)),
        ...clusterRows(entry, entry.other ?? null, other, otherImage),
      );
    } catch {
      view.append(html("p", { class: "notice" }, "The images of the other run cannot be read."));
    }
  }
  return view;
}
