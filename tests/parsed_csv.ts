import assert from "node:assert/strict";

/** Reads CSV as RFC 4180 has it, but for line ends, which are single line feeds. */
export function parsedCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/gy)) {
    row.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end === "\n") {
      rows.push(row);
      row = [];
    }
  }
  assert.deepEqual(row, [], "the last line has an end");
  return rows;
}
