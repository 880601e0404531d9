/**
 * The table of what changed between two runs.
 *
 * @module
 */
import type { PageIndex, ScoreNumbers } from "../page_data.ts";
import { change } from "./cards.ts";
import { type Child, growingList, html } from "./dom.ts";
import { fixed } from "./format.ts";

/** The table of what changed between two runs. */
export function startComparison(index: PageIndex): void {
  const body = document.getElementById("changes");
  if (body === null) return;
  interface Row {
    readonly id: string;
    readonly order: number;
    readonly a: ScoreNumbers | null;
    readonly b: ScoreNumbers | null;
    readonly note: string;
  }
  const rows: Row[] = [
    ...index.units.map(({ id, score, other }, order) => ({
      id,
      order,
      a: score,
      b: other ?? null,
      note: score !== null && other
        ? ""
        : other
        ? "no score in the first"
        : score !== null
        ? "no score in the second"
        : "no score",
    })),
    ...index.onlyOther.map(({ id, score }, i) => ({
      id,
      order: index.units.length + i,
      a: null,
      b: score,
      note: "only in the second",
    })),
  ];
  const minus = (row: Row, part: "S" | "K") => {
    const [a, b] = [row.a?.[part] ?? null, row.b?.[part] ?? null];
    return a === null || b === null ? null : b - a;
  };
  const columns: Readonly<Record<string, (row: Row) => number | null>> = {
    unit: (row) => -row.order,
    Sa: (row) => row.a?.S ?? null,
    Sb: (row) => row.b?.S ?? null,
    dS: (row) => minus(row, "S"),
    size: (row) => {
      const value = minus(row, "S");
      return value === null ? null : Math.abs(value);
    },
    Ka: (row) => row.a?.K ?? null,
    Kb: (row) => row.b?.K ?? null,
    dK: (row) => minus(row, "K"),
  };
  const list = growingList(body, document.getElementById("more-changes") as HTMLButtonElement, 100);
  const onlyK = document.getElementById("only-k") as HTMLInputElement;
  const known = new Set(index.units.map(({ id }) => id));
  let [column, descending] = ["size", true];
  const cell = (...children: Child[]) => html("td", {}, ...children);
  const show = () => {
    const value = columns[column];
    const chosen = rows.filter((row) => !onlyK.checked || (minus(row, "K") ?? 0) !== 0);
    chosen.sort((first, second) => {
      const [a, b] = [value(first), value(second)];
      if (a === null || b === null) return Number(a === null) - Number(b === null) || first.order - second.order;
      return (descending ? b - a : a - b) || first.order - second.order;
    });
    document.getElementById("changes-count")!.textContent = `${chosen.length} of ${rows.length} units`;
    list.show(chosen.map((row) => () =>
      html(
        "tr",
        { "data-unit": row.id },
        html(
          "th",
          { scope: "row" },
          known.has(row.id)
            ? html("a", { href: `#${encodeURIComponent(row.id).replaceAll("%3A", ":")}` }, row.id)
            : row.id,
        ),
        cell(fixed(row.a?.S, 3)),
        cell(fixed(row.b?.S, 3)),
        cell(change(minus(row, "S"), 3)),
        cell(row.a === null ? "–" : String(row.a.K)),
        cell(row.b === null ? "–" : String(row.b.K)),
        cell(change(minus(row, "K"), 0)),
        html("td", { class: "quiet" }, row.note),
      )
    ));
    for (const head of document.querySelectorAll<HTMLElement>("#comparison th[data-column]")) {
      const mine = head.dataset.column === column || (column === "size" && head.dataset.column === "dS");
      if (mine) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };
  for (const head of document.querySelectorAll<HTMLElement>("#comparison th[data-column]")) {
    head.querySelector("button")!.addEventListener("click", () => {
      const asked = head.dataset.column!;
      [column, descending] = [asked, column === asked ? !descending : true];
      show();
    });
  }
  onlyK.addEventListener("change", show);
  show();
}
