/**
 * Matrices and labels from .npy and CSV files, checked.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";
import type { Matrix } from "../types.ts";
import { writeWhole } from "./scores.ts";
import { decodeNpy, encodeNpy, isNpy, type NpyArray } from "../npy.ts";

/**
 * Reads a matrix: a .npy file of two dimensions, or CSV with a line for each row, with or without a line of column names.
 * Which of the two a file is follows from its content, not from its name.
 *
 * @returns at least one row and one column, all entries finite.
 * @throws {InputError} when the file cannot be read, is not a matrix, is empty, or an entry is not a finite number.
 */
export async function readMatrix(path: string): Promise<Matrix> {
  const { shape, data } = await readArray(path);
  if (shape.length !== 2) {
    const what = shape.length === 1 ? "a vector" : `an array of ${shape.length} dimensions`;
    throw new InputError(`${path} holds ${what}, not a matrix; save an array of shape (rows, columns)`);
  }
  const [rows, cols] = shape;
  if (rows === 0 || cols === 0) {
    throw new InputError(`${path} holds a matrix of ${rows} rows and ${cols} columns; give at least one of each`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const place = `row ${Math.floor(bad / cols)}, column ${bad % cols} (counted from 0)`;
    throw new InputError(`${path} has ${data[bad]} at ${place}; replace it or drop the row`);
  }
  return { rows, cols, data };
}

/**
 * Reads cluster labels: a .npy vector of whole numbers, or CSV of one column (or one row).
 *
 * @param count how many there must be.
 * @returns labels as they are in the file, which need not begin at 0 nor be consecutive.
 * @throws {InputError} when the file cannot be read, or does not hold that many non-negative whole numbers.
 */
export async function readLabels(path: string, count: number): Promise<number[]> {
  const { shape, data } = await readArray(path);
  if (shape.filter((n) => n !== 1).length > 1) {
    throw new InputError(`${path} holds an array of shape (${shape.join(", ")}), not labels; save one number per row`);
  }
  if (data.length !== count) {
    throw new InputError(`${path} holds ${data.length} labels for ${count} rows; give one label per row`);
  }
  const bad = data.findIndex((value) => !Number.isSafeInteger(value) || value < 0);
  if (bad >= 0) {
    throw new InputError(`${path} has the label ${data[bad]} for row ${bad}; labels are whole numbers from 0`);
  }
  return Array.from(data);
}

/**
 * Writes a matrix as a .npy file of its own precision, whole or not at all.
 *
 * @throws {InputError} when it cannot be written there.
 */
export function writeMatrix(path: string, { rows, cols, data }: Matrix): void {
  writeWhole(path, encodeNpy({ shape: [rows, cols], data }));
}

async function readArray(path: string): Promise<NpyArray> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check the path`);
  }
  return isNpy(bytes) ? decodeNpy(bytes, path) : decodeCsv(bytes, path);
}

/** A number of a CSV file. Infinities and NaN are read too: the error that refuses them says where they are. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^([+-]?)(inf|infinity|nan)$/i;

function numberOf(cell: string): number | undefined {
  if (NUMBER.test(cell)) return Number(cell);
  const [, sign, name] = NOT_FINITE.exec(cell) ?? [];
  if (name === undefined) return undefined;
  return /nan/i.test(name) ? NaN : sign === "-" ? -Infinity : Infinity;
}

function decodeCsv(bytes: Uint8Array, source: string): NpyArray {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${source} is neither a .npy file nor text; save it with numpy.save or as CSV`);
  }
  const lines = text.split(/\r\n|\n|\r/).map((line, index) => ({ number: index + 1, cells: line.split(",") }));
  while (lines.length > 0 && lines[lines.length - 1].cells.join("").trim() === "") lines.pop();
  const isName = (cell: string) => numberOf(cell.trim()) === undefined && cell.trim() !== "";
  if (lines.length > 0 && lines[0].cells.every(isName)) lines.shift(); // column names
  const cols = lines[0]?.cells.length ?? 0;
  const data = new Float64Array(lines.length * cols);
  for (const [row, { number, cells }] of lines.entries()) {
    if (cells.length !== cols) {
      throw new InputError(
        `${source} has ${cells.length} columns on line ${number} and ${cols} before it; give every row as many`,
      );
    }
    for (const [column, cell] of cells.entries()) {
      const value = numberOf(cell.trim());
      if (value === undefined) {
        const shown = JSON.stringify(cell.trim().slice(0, 40));
        throw new InputError(
          `${source} has ${shown} on line ${number}, column ${column + 1}, which is not a number; correct it`,
        );
      }
      data[row * cols + column] = value;
    }
  }
  return { shape: [lines.length, cols], data };
}
