/**
 * Tables of numbers as CSV, and what of them is names: of columns on line 1, of rows in column 1.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { NpyArray } from "../npy.ts";

/** What a CSV file holds. */
export interface NumberTable extends NpyArray {
  /** Lines of numbers, columns. */
  readonly shape: readonly [rows: number, cols: number];
  /** What a reader of the file may have meant otherwise, each a sentence: what was taken for names, and what was not. */
  readonly notes: readonly string[];
  /** Whether line 1 is taken for numbers but may be column names. */
  readonly doubtful: boolean;
}

/** A number of a CSV file. Infinities and NaN are read too: the error that refuses them says where they are. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^([+-]?)(inf|infinity|nan)$/i;

/** What stands for a missing number in files of pandas, R and spreadsheets. */
const MISSING =
  /^"?(#?n\/?a|#n\/a n\/a|<na>|null|none|nil|missing|[+-]?1\.#(ind|qnan|inf)|#(div\/0|value|num|ref|name)[!?]|[^\p{L}\p{N}]*)"?$/iu;

function numberOf(cell: string): number | undefined {
  if (NUMBER.test(cell)) return Number(cell);
  const [, sign, name] = NOT_FINITE.exec(cell) ?? [];
  if (name === undefined) return undefined;
  return /nan/i.test(name) ? NaN : sign === "-" ? -Infinity : Infinity;
}

/** The cells of a line; one in quotes, which is a text, keeps them. */
function cellsOf(line: string): string[] {
  const cells = line.includes('"') ? line.match(/(?<=^|,)(\s*"([^"]|"")*"\s*|[^,]*)(?=,|$)/g) ?? [] : line.split(",");
  return cells.map((cell) => cell.trim());
}

/**
 * Reads CSV with a line for each row, with or without a line of column names.
 *
 * Line 1 is column names where every cell is a text, and none stands for a missing number. Numbers are names where they
 * number three columns or more (`0,1,2`, as pandas writes them, `0.0,1.0,2.0` or `1,2,3`), or are rising whole numbers above
 * cells that all have a point.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are no text, a cell is no number, lines have different numbers of cells, or line 1 shows
 * that column 1 is an index.
 */
export function decodeNumberTable(bytes: Uint8Array, source: string): NumberTable {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${source} is neither a .npy file nor text; save it with numpy.save or as CSV`);
  }
  const lines = text.split(/\r\n|\n|\r/).map(cellsOf);
  while (lines.length > 0 && lines[lines.length - 1].join("") === "") lines.pop();
  const cols = lines[0]?.length ?? 0;
  const ragged = lines.findIndex((cells) => cells.length !== cols);
  if (ragged >= 0) {
    throw new InputError(
      `${source} has ${lines[ragged].length} columns on line ${
        ragged + 1
      } and ${cols} before it; give every row as many`,
    );
  }
  const kind = kindOfFirst(lines);
  const first = lines[0]?.join(",").replace(/^(.{57}).{4,}$/, "$1...");
  const rows = kind === "names" ? lines.slice(1) : lines;
  const numbersRows = cols > 1 && rows.length > 2 && isCounting(rows.map(([begin]) => begin));
  if (kind === "names" && cols > 1 && (numbersRows || isIndexName(lines[0]))) {
    throw new InputError(
      `${source} has an index as its column 1, ${JSON.stringify(lines[0][0].slice(0, 40))} on line 1; ` +
        "save it without (pandas: index=False, R: row.names=FALSE)",
    );
  }
  const notes = [
    ...(kind === "names" ? [`${source}: line 1, ${first}, is taken for column names`] : []),
    ...(kind === "doubtful" ? [`${source}: line 1, ${first}, is taken for numbers; if it names columns, drop it`] : []),
    ...(kind !== "names" && numbersRows
      ? [`${source}: column 1 counts the rows and is taken for numbers; if it is an index, save the file without`]
      : []),
  ];
  const data = new Float64Array(rows.length * cols);
  for (const [row, cells] of rows.entries()) {
    for (const [column, cell] of cells.entries()) {
      const value = numberOf(cell);
      if (value === undefined) {
        const place = `line ${row + 1 + lines.length - rows.length}, column ${column + 1}`;
        throw new InputError(
          `${source} has ${JSON.stringify(cell.slice(0, 40))} on ${place}, which is not a number; correct it`,
        );
      }
      data[row * cols + column] = value;
    }
  }
  return { shape: [rows.length, cols], data, notes, doubtful: kind === "doubtful" };
}

function isName(cell: string): boolean {
  return numberOf(cell) === undefined && !MISSING.test(cell);
}

/** Whether cells count from 0 or 1, as `0,1,2` or `0.0,1.0,2.0`. */
function isCounting(cells: readonly string[]): boolean {
  const from = Number(cells[0]);
  return (from === 0 || from === 1) &&
    cells.every((cell, i) => /^\d+(\.0)?$/.test(cell) && Number(cell) === from + i);
}

function isWhole(cell: string): boolean {
  return /^[+-]?\d+$/.test(cell);
}

/** Whether line 1 is names, numbers, or numbers that may be names. */
function kindOfFirst([first, ...rest]: readonly (readonly string[])[]): "names" | "numbers" | "doubtful" {
  if (first === undefined) return "numbers";
  if (first.every(isName) || isIndexName(first)) return "names";
  if (rest.length === 0) return "numbers";
  const counting = isCounting(first);
  const rising = first.every((cell, i) => /^\d+$/.test(cell) && (i === 0 || Number(cell) > Number(first[i - 1]))) &&
    !rest.some((cells) => cells.some(isWhole));
  if (first.length > 2 ? counting || rising : counting && rising) return "names";
  return counting || rising ? "doubtful" : "numbers";
}

/** Whether line 1 names an index before columns that are named or counted: without a name, as pandas and R write it. */
function isIndexName([begin, ...others]: readonly string[]): boolean {
  const named = others.length > 0 && others.every(isName);
  const counted = others.length > 1 && isCounting(others);
  return (/^"?(unnamed: 0.*)?"?$/i.test(begin) && (named || counted)) || (isName(begin) && counted);
}
