/**
 * The table of what differs between two runs.
 *
 * @module
 */
import type { PageIndex, ScoreNumbers } from "../page_data.ts";
import { change } from "./cards.ts";
import { byId, type Child, growingList, html } from "./dom.ts";
import { fixed } from "./format.ts";
import { unitLink } from "./links.ts";
import { areApart, compareNumbers, difference, magnitude } from "./numbers.ts";

/** One unit in two runs. */
export interface ChangeRow {
  readonly id: string;
  /** Its place in the table as long as nothing is sorted. */
  readonly order: number;
  /** Its score in the first run and in the second. */
  readonly a: ScoreNumbers | null;
  readonly b: ScoreNumbers | null;
  /** Why there is no difference to tell, or that the intervals of S lie apart; else empty. */
  readonly note: string;
  /** Whether K differs, or S by more than the two intervals. */
  readonly differs: boolean;
  /** Whether the page has the unit itself. */
  readonly isLinked: boolean;
}

/** The units of both runs. */
export function changeRows({ units, onlyOther, runs }: PageIndex): ChangeRow[] {
  const [first, second] = runs ?? ["the first", "the second"];
  const missing = (a: ScoreNumbers | null, b: ScoreNumbers | null) =>
    a === null && b === null
      ? "no score"
      : a === null
      ? `no score in ${first}`
      : b === null
      ? `no score in ${second}`
      : "";
  return [
    ...units.map(({ id, score, other = null, interval, otherInterval }, order) => {
      const isApart = areApart(interval, otherInterval);
      return {
        id,
        order,
        a: score,
        b: other,
        note: missing(score, other) || (isApart ? "intervals of S apart" : ""),
        differs: isApart || (difference(score, other, "K") ?? 0) !== 0,
        isLinked: true,
      };
    }),
    ...onlyOther.map(({ id, score }, i) => ({
      id,
      order: units.length + i,
      a: null,
      b: score,
      note: `only in ${second}`,
      differs: false,
      isLinked: false,
    })),
  ];
}

/** A unit as a row of the table. */
export function changeRow({ id, a, b, note, differs, isLinked }: ChangeRow): HTMLTableRowElement {
  const cell = (...children: Child[]) => html("td", {}, ...children);
  return html(
    "tr",
    { "data-unit": id, class: differs ? "differs" : null },
    html(
      "th",
      { scope: "row" },
      html("span", { class: "row-name" }, isLinked ? html("a", { href: unitLink(id) }, id) : id),
    ),
    cell(fixed(a?.S, 3)),
    cell(fixed(b?.S, 3)),
    cell(change(difference(a, b, "S"), 3)),
    cell(a === null ? "–" : String(a.K)),
    cell(b === null ? "–" : String(b.K)),
    cell(change(difference(a, b, "K"), 0)),
    html("td", { class: "quiet" }, note),
  );
}

/** What a column of the table is sorted by. `size` has no column: it is the order at first. */
export function changeNumber(column: string): (row: ChangeRow) => number | null {
  const numbers: Readonly<Record<string, (row: ChangeRow) => number | null>> = {
    unit: ({ order }) => -order,
    Sa: ({ a }) => a?.S ?? null,
    Sb: ({ b }) => b?.S ?? null,
    dS: ({ a, b }) => difference(a, b, "S"),
    size: ({ a, b }) => magnitude(difference(a, b, "S")),
    Ka: ({ a }) => a?.K ?? null,
    Kb: ({ b }) => b?.K ?? null,
    dK: ({ a, b }) => difference(a, b, "K"),
  };
  return numbers[column];
}

/** Makes the table work; does nothing in a page of one run. */
export function startComparison(index: PageIndex): void {
  const body = document.getElementById("changes");
  if (body === null) return;
  const rows = changeRows(index);
  const list = growingList(body, byId<HTMLButtonElement>("more-changes"), 100);
  const onlyK = byId<HTMLInputElement>("only-k");
  const heads = [...document.querySelectorAll<HTMLElement>("#comparison th[data-column]")];
  let [column, descending] = ["size", true];
  const show = () => {
    const number = changeNumber(column);
    const chosen = rows.filter(({ a, b }) => !onlyK.checked || (difference(a, b, "K") ?? 0) !== 0)
      .sort((first, second) => compareNumbers(number(first), number(second), descending) || first.order - second.order);
    byId("changes-count").textContent = `${chosen.length} of ${rows.length} units`;
    list.show(chosen.map((row) => () => changeRow(row)));
    for (const head of heads) {
      const mine = head.dataset.column === column || (column === "size" && head.dataset.column === "dS");
      if (mine) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };
  for (const head of heads) {
    head.querySelector("button")!.addEventListener("click", () => {
      const asked = head.dataset.column!;
      [column, descending] = [asked, column === asked ? !descending : true];
      show();
    });
  }
  onlyK.addEventListener("change", show);
  show();
}
