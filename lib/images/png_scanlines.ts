/**
 * The pixels of a PNG: decompressed, without their filters, out of the passes of an interlaced image.
 *
 * @see https://www.w3.org/TR/png-3/#9Filters and #8InterlaceMethods
 * @module
 */
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { messageOf } from "../errors.ts";
import type { PngChunks } from "./png_chunks.ts";

/** Part of an image: where its pixels begin, and the steps between them. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly down: number;
}

const WHOLE: readonly Pass[] = [{ left: 0, top: 0, right: 1, down: 1 }];
const ADAM7: readonly Pass[] = [
  { left: 0, top: 0, right: 8, down: 8 },
  { left: 4, top: 0, right: 8, down: 8 },
  { left: 0, top: 4, right: 4, down: 8 },
  { left: 2, top: 0, right: 4, down: 4 },
  { left: 0, top: 2, right: 2, down: 4 },
  { left: 1, top: 0, right: 2, down: 2 },
  { left: 0, top: 1, right: 1, down: 2 },
];

/**
 * Hands over every row of pixels, of every pass.
 *
 * @param take gets the bytes of a row, which the next row needs as they are, and the place of each of its pixels in the image.
 * @throws {Error} when the pixels do not decompress to exactly the size in the header; no more than that is decompressed.
 */
export function readScanlines(
  png: PngChunks,
  take: (row: Uint8Array, count: number, place: (column: number) => number) => void,
): void {
  const { width, height, depth, channels } = png;
  const passes = (png.interlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.max(0, Math.ceil((width - pass.left) / pass.right));
    const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - pass.top) / pass.down));
    return { ...pass, columns, rows, bytes: Math.ceil(columns * channels * depth / 8) };
  });
  const lines = inflate(png.compressed, passes.reduce((sum, { rows, bytes }) => sum + rows * (1 + bytes), 0));
  const step = Math.max(1, channels * depth / 8); // bytes to the pixel on the left
  let at = 0;
  for (const { left, top, right, down, columns, rows, bytes } of passes) {
    let above: Uint8Array = new Uint8Array(bytes);
    for (let y = 0; y < rows; y++) {
      const row = lines.subarray(at + 1, at + 1 + bytes);
      unfilter(lines[at], row, above, step);
      take(row, columns, (column) => (top + y * down) * width + left + column * right);
      above = row;
      at += 1 + bytes;
    }
  }
}

/** Decompresses to exactly so many bytes. */
function inflate(parts: readonly Uint8Array[], expected: number): Uint8Array {
  let lines: Uint8Array;
  try {
    lines = inflateSync(parts.length === 1 ? parts[0] : Buffer.concat(parts), { maxOutputLength: expected + 1 });
  } catch (error) {
    throw new Error(`its pixels do not decompress to the size in its header (${messageOf(error)})`);
  }
  if (lines.length !== expected) throw new Error(`its pixels have ${lines.length} bytes instead of ${expected}`);
  return lines;
}

/** Adds to each byte of a row what its filter predicts from the pixels on the left, above, and above on the left. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) throw new Error(`a row of its pixels has the filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : row[i - step];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += above[i];
    else if (filter === 3) row[i] += (left + above[i]) >> 1;
    else row[i] += paeth(left, above[i], i < step ? 0 : above[i - step]);
  }
}

/** Whichever of three neighbours is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
