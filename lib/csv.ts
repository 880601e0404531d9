/**
 * Tables as text.
 *
 * @module
 */

/** A cell; null and undefined are empty. */
export type Cell = string | number | boolean | null | undefined;

/**
 * Rows as CSV (RFC 4180 with single line feeds), the names of the columns first. Numbers have the fewest digits that read
 * back the same; a number that is none (NaN, infinities) is empty.
 *
 * @param columns names, in order; each row has these fields.
 */
export function toCsv<Name extends string>(
  columns: readonly Name[],
  rows: readonly Readonly<Partial<Record<Name, Cell>>>[],
): string {
  const field = (cell: Cell) => {
    if (cell === null || cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return "";
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))]
    .map((cells) => `${cells.map(field).join(",")}\n`).join("");
}

/**
 * Reads CSV as {@linkcode toCsv} writes it, the names of the columns first.
 *
 * @returns a record for each row, every cell as text; null where the text is no such table.
 */
export function fromCsv(text: string): Record<string, string>[] | null {
  const rows: string[][] = [];
  let row: string[] = [];
  let read = 0;
  for (const [whole, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gy)) {
    read += whole.length;
    row.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  const [names, ...cells] = rows;
  if (read < text.length || row.length > 0 || names === undefined) return null;
  if (cells.some(({ length }) => length !== names.length)) return null;
  return cells.map((each) => Object.fromEntries(names.map((name, i) => [name, each[i]])));
}
