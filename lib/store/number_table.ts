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

/** What stands for a missing number in files of pandas, R, databases and spreadsheets, which have their errors in any language. */
const MISSING =
  /^"?(#?n\/?a|#n\/a n\/a|n\.\s?a\.?|<na>|nat|na_(real|integer|character)_|null|\\n|none|nil|missing|undefined|[+-]?1\.#(ind|qnan|inf)|#nv|#[¡¿]?[\p{L}\p{N}/_]+[!?]|[^\p{L}\p{N}]*)"?$/iu;

/**
 * Numbers in ways that are not read: with groups, decimal commas, other digits or signs, Fortran's exponents, complex or
 * hexadecimal. They are no names: a line of them that was taken for names would be a row less.
 */
const UNREAD_NUMBERS = [
  /^[+\-−–]?(\p{Nd}[\p{Nd}\s'’]*(\.\p{Nd}*)?|\.\p{Nd}+)([ed][+\-−]?\p{Nd}+)?$/iu,
  /^"[+\-−–]?\d+(,\d+)+(\.\d*)?"$/,
  /^\(?[+-]?[\d.]+(e[+-]?\d+)?[+-][\d.]+(e[+-]?\d+)?[ij]\)?$/i,
  /^[+-]?0x[\da-f]+$/i,
];

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

/** Cells without their quotes where all are in quotes, which then do not tell texts from numbers. */
function unquoted(lines: readonly string[][]): string[][] {
  const quoted = lines.every((cells) => cells.every((cell) => /^"[^",]*"$/.test(cell)));
  return lines.map((cells) => quoted ? cells.map((cell) => cell.slice(1, -1).trim()) : cells);
}

/** What separates the cells in place of commas: all lines have it. */
function otherSeparator(text: string): string | undefined {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim()).filter((line) => line !== "");
  const all = (separator: string) => lines.every((line) => line.includes(separator));
  if (all(";")) return "semicolons";
  if (text.includes(",")) return undefined;
  return all("\t") ? "tabs" : all(" ") ? "blanks" : undefined;
}

/**
 * Reads CSV with a line for each row, with or without a line of column names. Cells may be in quotes.
 *
 * Line 1 is column names where every cell is a text, and none stands for a missing number. Numbers are names where they
 * number three columns or more (`0,1,2`, as pandas writes them, `0.0,1.0,2.0` or `1,2,3`), or are whole numbers, each
 * another, above cells that all have a point: three or more, or two that count from 0 or 1.
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
    throw new InputError(`${source} is neither a .npy file nor text in UTF-8; save it with numpy.save or as CSV`);
  }
  const refuse = (what: string): never => {
    const separator = otherSeparator(text);
    throw new InputError(
      separator === undefined
        ? `${source} has ${what}`
        : `${source} has cells separated by ${separator}; save it with commas between them and points in numbers`,
    );
  };
  const separated = text.split(/\r\n|\n|\r/).map(cellsOf);
  while (separated.length > 0 && separated[separated.length - 1].join("") === "") separated.pop();
  const lines = unquoted(separated);
  const cols = lines[0]?.length ?? 0;
  const ragged = lines.findIndex((cells) => cells.length !== cols);
  if (ragged >= 0) {
    refuse(`${lines[ragged].length} columns on line ${ragged + 1} and ${cols} before it; give every row as many`);
  }
  if (cols > 1 && lines.every((cells) => cells[cols - 1] === "")) {
    refuse("a comma at the end of every line, so that its last column is empty; save it without that column");
  }
  const kind = kindOfFirst(lines);
  const first = separated[0]?.join(",").replace(/^(.{57}).{4,}$/, "$1...");
  const rows = kind === "names" ? lines.slice(1) : lines;
  const numbersRows = cols > 1 && rows.length > 2 && isCounting(rows.map(([begin]) => begin));
  if (kind === "names" && cols > 1 && (numbersRows || isIndexName(lines[0]))) {
    refuse(
      `an index as its column 1, ${JSON.stringify(separated[0][0].slice(0, 40))} on line 1; ` +
        "save it without (pandas: index=False, R: row.names=FALSE)",
    );
  }
  const data = new Float64Array(rows.length * cols);
  for (const [row, cells] of rows.entries()) {
    for (const [column, cell] of cells.entries()) {
      const value = numberOf(cell);
      if (value === undefined) {
        const line = row + 1 + lines.length - rows.length;
        refuse(
          `${JSON.stringify(cell.slice(0, 40))} on line ${line}, column ${column + 1}, which is not a number` +
            `${line === 1 ? whyNoName(cells, column) : ""}; correct it`,
        );
      }
      data[row * cols + column] = value!;
    }
  }
  const notes = [
    ...(kind === "names" ? [`${source}: line 1, ${first}, is taken for column names`] : []),
    ...(kind === "doubtful" ? [`${source}: line 1, ${first}, is taken for numbers; if it names columns, drop it`] : []),
    ...indexInWords(rows, numbersRows).map((what) =>
      `${source}: column 1 ${what} and is taken for numbers; if it is an index, save the file without`
    ),
  ];
  return { shape: [rows.length, cols], data, notes, doubtful: kind === "doubtful" };
}

/** Why a text on line 1 is not taken for a name, where it may be meant so. */
function whyNoName(first: readonly string[], column: number): string {
  const other = first.findIndex((cell) => !isName(cell));
  if (other < 0 || !isName(first[column])) return "";
  return ` (nor is line 1 names, for ${JSON.stringify(first[other].slice(0, 40))} in column ${other + 1} is none)`;
}

/** What column 1 shows where it may be an index; nothing where it does not seem to be one. */
function indexInWords(rows: readonly (readonly string[])[], numbersRows: boolean): string[] {
  if (numbersRows) return ["counts the rows"];
  const column = rows.map(([begin]) => begin);
  const apart = rows.length > 2 && areDifferent(column) && column.every(isWhole) &&
    rows.every(([, ...others]) => others.length > 0 && !others.some(isWhole));
  return apart ? ["alone has whole numbers, each another,"] : [];
}

function isName(cell: string): boolean {
  return numberOf(cell) === undefined && !MISSING.test(cell) && !UNREAD_NUMBERS.some((form) => form.test(cell));
}

/** Whether cells are names of columns; names of several columns are not all the same, as what stands for a missing number is. */
function areNames(cells: readonly string[]): boolean {
  return cells.every(isName) && (cells.length < 2 || new Set(cells).size > 1);
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

function areDifferent(cells: readonly string[]): boolean {
  return new Set(cells).size === cells.length;
}

/** Whether line 1 is names, numbers, or numbers that may be names. */
function kindOfFirst([first, ...rest]: readonly (readonly string[])[]): "names" | "numbers" | "doubtful" {
  if (first === undefined) return "numbers";
  if (areNames(first) || isIndexName(first)) return "names";
  if (rest.length === 0 || !first.every((cell) => /^\d+(\.0)?$/.test(cell))) return "numbers";
  const counting = isCounting(first);
  const aboveFractions = first.every(isWhole) && !rest.some((cells) => cells.some(isWhole));
  const chosen = aboveFractions && areDifferent(first);
  if (first.length > 2 ? counting || chosen : counting && chosen) return "names";
  const consecutive = first.length > 2 && first.every((cell, i) => Number(cell) === Number(first[0]) + i);
  return counting || chosen || consecutive || isSecondLineNames(first, rest) ? "doubtful" : "numbers";
}

/** Whether lines 1 and 2 are whole numbers above fractions alone: names of two levels, as pandas writes them. */
function isSecondLineNames(first: readonly string[], [second, ...rest]: readonly (readonly string[])[]): boolean {
  return rest.length > 0 && [first, second].every((cells) => cells.every(isWhole)) &&
    !rest.some((cells) => cells.some(isWhole));
}

/** Whether line 1 names an index before columns that are named or counted: without a name, as pandas and R write it. */
function isIndexName([begin, ...others]: readonly string[]): boolean {
  const named = others.length > 0 && others.every(isName);
  const counted = others.length > 0 && isCounting(others);
  return (/^"?(unnamed: 0.*)?"?$/i.test(begin) && (named || counted)) ||
    (isName(begin) && counted && others.length > 1);
}
