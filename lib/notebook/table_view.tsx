/**
 * Tables and scores in notebooks.
 *
 * @module
 */
import { renderToString } from "preact-render-to-string";
import type { ScoreParts } from "../types.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";

/** What a cell of a table may be; null shows as a dash, a number with at most four digits after the point. */
export type TableCell = string | number | null;

/** A table that shows itself as HTML. */
export class TableView implements Displayable {
  constructor(readonly head: readonly string[], readonly rows: readonly (readonly TableCell[])[]) {}

  [DISPLAY](): MediaBundle {
    const inWords = (cell: TableCell) =>
      cell === null ? "–" : typeof cell === "number" && !Number.isInteger(cell) ? cell.toFixed(4) : String(cell);
    const side = (cell: TableCell) => ({ textAlign: typeof cell === "string" ? "left" : "right" } as const);
    const html = renderToString(
      <table>
        <thead>
          <tr>{this.head.map((name, i) => <th key={name} style={side(this.rows[0]?.[i] ?? null)}>{name}</th>)}</tr>
        </thead>
        <tbody>
          {this.rows.map((row, i) => (
            <tr key={i}>{row.map((cell, j) => <td key={j} style={side(cell)}>{inWords(cell)}</td>)}</tr>
          ))}
        </tbody>
      </table>,
    );
    const plain = [this.head, ...this.rows.map((row) => row.map(inWords))].map((row) => row.join("\t")).join("\n");
    return { "text/html": html, "text/plain": plain };
  }
}

/** Shows a table. */
export function showTable(head: readonly string[], rows: readonly (readonly TableCell[])[]): TableView {
  return new TableView(head, rows);
}

/** Shows scores, a row each, with all that a reader needs beside S. */
export function showScores(scores: Readonly<Record<string, ScoreParts>>): TableView {
  return new TableView(
    ["", "images I", "clusters K", "C", "D", "S"],
    Object.entries(scores).map(([name, { I, K, C, D, S }]) => [name, I, K, C, D, S]),
  );
}
