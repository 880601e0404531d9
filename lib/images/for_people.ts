/**
 * A mark in PNG files that are made to be looked at, such as contact sheets and figures, so that none of them is taken for an
 * image of a unit or of a dataset.
 *
 * @see https://www.w3.org/TR/png-3/#11tEXt
 * @module
 */
import { crc32 } from "node:zlib";

/** Type and data of the mark: a tEXt chunk, keyword and text with a zero between. */
const CHUNK = new TextEncoder().encode("tEXtComment\0polysem: made to be looked at");
/** Where the first chunk, the header, ends. */
const HEADER_END = 8 + 12 + 13;

/** The whole chunk: length of the data, type, data, checksum of type and data. */
function mark(): Uint8Array {
  const bytes = new Uint8Array(CHUNK.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CHUNK.length - 4);
  bytes.set(CHUNK, 4);
  view.setUint32(4 + CHUNK.length, crc32(CHUNK));
  return bytes;
}

/** A PNG with the mark after its header. */
export function markForPeople(png: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = mark();
  const marked = new Uint8Array(png.length + chunk.length);
  marked.set(png.subarray(0, HEADER_END));
  marked.set(chunk, HEADER_END);
  marked.set(png.subarray(HEADER_END), HEADER_END + chunk.length);
  return marked;
}

/** Whether a file is a PNG with the mark, as {@linkcode markForPeople} sets it. */
export function isForPeople(bytes: Uint8Array): boolean {
  return mark().every((byte, i) => bytes[HEADER_END + i] === byte);
}

/** Whether a file is a PNG with the mark; its beginning alone is read. A file that cannot be read is none. */
export async function isFileForPeople(path: string): Promise<boolean> {
  try {
    if (!(await Deno.stat(path)).isFile) return false; // a pipe gives its beginning once
    using file = await Deno.open(path);
    const begin = new Uint8Array(HEADER_END + CHUNK.length + 8);
    let length = 0;
    for (let read = await file.read(begin); read; read = await file.read(begin.subarray(length))) length += read;
    return isForPeople(begin.subarray(0, length));
  } catch {
    return false;
  }
}
