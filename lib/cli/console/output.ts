/**
 * What commands print: one JSON document or text on standard output, everything else on standard error.
 *
 * @module
 */
import Table from "cli-table3";
import type { Command } from "commander";
import { InputError } from "../../errors.ts";
import { escapeObeyed, inOneLine, printable } from "../../printable.ts";
import { withPresentNames } from "./json_names.ts";
import { isStandardOutput } from "../../streams.ts";
import type { KShares } from "../../types.ts";

/** Options that every command accepts, before or after its name. */
export interface GlobalOptions {
  /** One JSON document on standard output instead of text. */
  readonly json: boolean;
  /** Stack traces of errors, and more of what is done, on standard error. */
  readonly verbose: boolean;
  /** No progress. */
  readonly quiet: boolean;
}

/** The options of a command that every command accepts. */
export function globalOptions(command: Command): GlobalOptions {
  const { json, verbose, quiet } = command.optsWithGlobals();
  return { json: json === true, verbose: verbose === true, quiet: quiet === true };
}

/** Writes a text, whatever names are in it: what a terminal would obey is taken out. */
function write(command: Command, stream: "writeOut" | "writeErr", text: string): void {
  command.configureOutput()[stream]!(printable(text.endsWith("\n") ? text : `${text}\n`));
}

/**
 * Prints a command's result on standard output: the value as one JSON document under `--json`, else the text. To be called
 * once.
 *
 * @param value what JSON can write; numbers that it cannot (NaN, infinities) become null. Former names get their present ones
 * beside them, and a note.
 * @param humanText the same for reading, made only when it is needed where it is a function.
 */
export function printResult(command: Command, value: unknown, humanText: string | (() => string)): void {
  if (!globalOptions(command).json) {
    return write(command, "writeOut", typeof humanText === "function" ? humanText() : humanText);
  }
  const { document, note } = withPresentNames(value);
  if (note !== null) printNote(command, note);
  write(command, "writeOut", escapeObeyed(JSON.stringify(document, null, 2)));
}

/**
 * Says what was written, as {@linkcode printResult} does. Where it was written to standard output, that holds nothing else,
 * and the text goes to standard error.
 *
 * @param file where it was written.
 */
export function printWritten(command: Command, file: string, value: unknown, humanText: string | (() => string)): void {
  if (!isStandardOutput(file)) return printResult(command, value, humanText);
  printNote(command, typeof humanText === "function" ? humanText() : humanText);
}

/**
 * To be called before the work.
 *
 * @throws {InputError} with `--json` and `--out -`: standard output holds one document.
 */
export function refuseTwoOutputs(command: Command, out: string | undefined): void {
  if (out === undefined || !isStandardOutput(out) || !globalOptions(command).json) return;
  throw new InputError(`--json and --out ${out} both print on standard output; leave one out`);
}

/** Says something beside the result, on standard error. */
export function printNote(command: Command, text: string): void {
  write(command, "writeErr", text);
}

/** Says something that only `--verbose` asks for, on standard error. */
export function printDetail(command: Command, text: string): void {
  if (globalOptions(command).verbose) write(command, "writeErr", text);
}

/**
 * A table for reading, without colour: columns of numbers to the right, others to the left. One that is wider than the
 * terminal has its cells broken into lines, and, where that is not enough, its columns in several tables, each with the
 * first column.
 *
 * @param head names of the columns.
 * @param rows cells; null prints as `-`, a number as it is (round it first, see `decimals`).
 * @param width characters that a line may have; by default those of the terminal, or any number where there is none.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | boolean | null)[])[],
  width: number = terminalWidth(),
): string {
  const aligns = head.map((_, i): "right" | "left" => rows.every((row) => isNumeric(row[i])) ? "right" : "left");
  const lines = [head, ...rows.map((row) => row.map((cell) => cell === null ? "-" : inOneLine(String(cell))))];
  const columns = head.map((_, i) => lines.map((line) => line[i] ?? ""));
  return columnsThatFit(columns, width).map(({ indices, widths }) => {
    const [first, ...others] = lines.map((line) => indices.map((i, j) => broken(line[i] ?? "", widths[j])));
    const table = new Table({ head: first, colAligns: indices.map((i) => aligns[i]), style: { head: [], border: [] } });
    table.push(...others);
    return table.toString();
  }).join("\n");
}

/** The narrowest terminal that tables are made for. */
const LEAST_WIDTH = 60;
/** Longer words, such as paths and hashes, are broken where a table does not fit. */
const LONGEST_WORD = 24;
/** A border and two spaces beside each cell. */
const AROUND_CELL = 3;

/** Characters in a line of the terminal that standard output is; infinite where it is none. */
function terminalWidth(): number {
  return Deno.stdout.isTerminal() ? Math.max(LEAST_WIDTH, Deno.consoleSize().columns) : Infinity;
}

/** Columns of one table, and the widths that their cells are broken to. */
interface TablePart {
  readonly indices: readonly number[];
  readonly widths: readonly number[];
}

/** Puts columns into one table, or as few as the width asks for. */
function columnsThatFit(columns: readonly (readonly string[])[], width: number): TablePart[] {
  const widest = (cells: readonly string[]) => Math.max(...cells.map((cell) => cell.length));
  const natural = columns.map(widest);
  const least = columns.map((cells, i) =>
    Math.min(natural[i], widest(cells.flatMap((cell) => cell.split(" "))), LONGEST_WORD)
  );
  const room = (indices: readonly number[]) => width - 1 - AROUND_CELL * indices.length;
  const sum = (indices: readonly number[], widths: readonly number[]) => indices.reduce((all, i) => all + widths[i], 0);
  const parts: number[][] = [[]];
  for (const i of columns.keys()) {
    const wider = [...parts.at(-1)!, i];
    if (sum(wider, least) <= room(wider) || wider.length <= 2) parts[parts.length - 1] = wider;
    else parts.push([0, i]);
  }
  return parts.map((indices) => {
    const widths = sum(indices, natural) <= room(indices) ? natural : [...least];
    for (let left = room(indices) - sum(indices, widths); left > 0; left--) { // what is left goes where most is broken
      const i = indices.reduce((a, b) => natural[b] - widths[b] > natural[a] - widths[a] ? b : a);
      if (natural[i] === widths[i]) break;
      widths[i]++;
    }
    return { indices, widths: indices.map((i) => widths[i]) };
  });
}

/** A text in lines of at most so many characters, broken between words where that can be. */
function broken(text: string, width: number): string {
  if (text.length <= width) return text;
  const lines = [""];
  for (const word of text.split(" ").flatMap((word) => word.match(new RegExp(`.{1,${width}}`, "gsu")) ?? [""])) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

function isNumeric(cell: string | number | boolean | null): boolean {
  return cell === null || typeof cell === "number" || (typeof cell === "string" && /^(-|[-+]?[\d.]+)/.test(cell));
}

/** A number with so many decimals, `-` for null: for tables and sentences. */
export function decimals(value: number | null, digits = 3): string {
  return value === null ? "-" : value.toFixed(digits);
}

/** An activation: three decimals, or three digits where those would all be zeros. */
export function activationText(value: number): string {
  return value !== 0 && Math.abs(value) < 0.01 ? value.toPrecision(3) : value.toFixed(3);
}

/** A correlation with two decimals, `-` for null. One that rounds to zero has no sign. */
export function correlationText(value: number | null): string {
  return decimals(value, 2).replace(/^-0\.00$/, "0.00");
}

/** How sure K is, in words: `K = 1 in 20 %, 2 in 80 %, 3 or more in 0 %`. */
export function sharesInWords({ K1, K2, K3 }: KShares): string {
  const [one, two, more] = [K1, K2, K3].map(percent);
  return `K = 1 in ${one}, 2 in ${two}, 3 or more in ${more}`;
}

/** How sure K is, for a cell of a table: `20 / 80 / 0 %`; `-` where it is not known. */
export function sharesText(shares: KShares | null): string {
  if (shares === null) return "-";
  return `${[shares.K1, shares.K2, shares.K3].map((share) => (100 * share).toFixed(0)).join(" / ")} %`;
}

/** A share as whole per cent. */
function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** A time for reading, such as `3.2 s`, `4 min 05 s` or `1 h 02 min`. */
export function duration(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
