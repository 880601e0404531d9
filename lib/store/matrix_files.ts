/**
 * Matrices and labels from .npy and CSV files, checked.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";
import type { Matrix } from "../types.ts";
import { decodeNumberTable, type NumberTable } from "./number_table.ts";
import { writeWhole } from "../whole_file.ts";
import { readInput } from "../streams.ts";
import { decodeNpy, encodeNpy, isNpy, type NpyArray } from "../npy.ts";

/**
 * Reads a matrix: a .npy file of two dimensions, or CSV with a line for each row, with or without a line of column names.
 * Which of the two a file is follows from its content, not from its name.
 *
 * @param note told what of a CSV file was taken for column names, and what was not but may be meant so.
 * @returns at least one row and one column, all entries finite.
 * @throws {InputError} when the file cannot be read, is not a matrix, is empty, or an entry is not a finite number.
 */
export async function readMatrix(path: string, note: (text: string) => void = () => {}): Promise<Matrix> {
  return toMatrix(path, await readArray(path), note);
}

/**
 * Reads one row: a matrix of one, or a vector.
 *
 * @param note as of `readMatrix`.
 * @returns its numbers, at least one, all finite.
 * @throws {InputError} as `readMatrix`, and when there are several rows.
 */
export async function readRow(path: string, note: (text: string) => void = () => {}): Promise<Matrix["data"]> {
  const array = await readArray(path);
  const shape = array.shape.length === 1 ? [1, array.shape[0]] : array.shape;
  const { rows, data } = toMatrix(path, { ...array, shape }, note);
  if (rows !== 1) throw new InputError(`${path} has ${rows} rows; give one row of numbers, such as a mean`);
  return data;
}

function toMatrix(path: string, array: NpyArray | NumberTable, note: (text: string) => void): Matrix {
  const { shape, data } = array;
  if ("notes" in array) array.notes.forEach(note);
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
 * @param count how many there must be; a number on line 1 of CSV that is one too many is the column's name.
 * @param note told what of a CSV file was taken for the column's name.
 * @returns labels as they are in the file, which need not begin at 0 nor be consecutive.
 * @throws {InputError} when the file cannot be read, or does not hold that many non-negative whole numbers.
 */
export async function readLabels(
  path: string,
  count: number,
  note: (text: string) => void = () => {},
): Promise<number[]> {
  const array = await readArray(path);
  const { shape } = array;
  const named = "doubtful" in array && array.doubtful && array.data.length === count + 1;
  const data = named ? array.data.subarray(1) : array.data;
  if (named) note(`${path}: line 1, ${array.data[0]}, is taken for the column's name`);
  else if ("notes" in array && !array.doubtful) array.notes.forEach(note);
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

async function readArray(path: string): Promise<NpyArray | NumberTable> {
  let bytes: Uint8Array;
  try {
    bytes = await readInput(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check the path`);
  }
  return isNpy(bytes) ? decodeNpy(bytes, path) : decodeNumberTable(bytes, path);
}
