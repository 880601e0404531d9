/**
 * The pixels of a PNG, decoded by pngjs from the chunks that decide them alone.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, inflateSync } from "node:zlib";
// @ts-types="@types/pngjs"
import { PNG } from "pngjs";
import { messageOf } from "../errors.ts";
import { type PngChunks, SIGNATURE } from "./png_chunks.ts";

/** Where the passes of an interlaced image begin, and the steps between their pixels: left, top, right, down. */
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/**
 * Decodes pixels. A transparent colour stays opaque: pngjs would make it black.
 *
 * @returns red, green, blue and opacity of every pixel, row-major: 0 to 65535 for 16 bits a sample, else 0 to 255.
 * @throws {Error} when the pixels do not decompress to exactly the size in the header (no more than that is decompressed),
 * or name a colour that the palette has not.
 */
export function decodePixels(png: PngChunks): Uint8Array | Uint16Array {
  const compressed = Buffer.concat(png.compressed);
  checkSize(compressed, png);
  const { header, depth, palette, transparency } = png;
  const bytes = Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    ...(palette === null ? [] : [chunk("PLTE", palette)]),
    ...(palette === null || transparency === null ? [] : [chunk("tRNS", Uint8Array.from(transparency))]),
    chunk("IDAT", compressed),
    chunk("IEND", new Uint8Array()),
  ]);
  // of 16 bits its data are 16-bit numbers, whatever its types say
  return PNG.sync.read(bytes, { skipRescale: depth === 16 }).data;
}

/** Refuses compressed pixels that are not exactly as many bytes as the header says, without decompressing more. */
function checkSize(compressed: Uint8Array, { width, height, depth, channels, interlaced }: PngChunks): void {
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  const expected = passes.reduce((sum, [left, top, right, down]) => {
    const columns = Math.max(0, Math.ceil((width - left) / right));
    const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - top) / down));
    return sum + rows * (1 + Math.ceil(columns * channels * depth / 8)); // each row has its filter's byte
  }, 0);
  let length: number;
  try {
    length = inflateSync(compressed, { maxOutputLength: expected + 1 }).length;
  } catch (error) {
    throw new Error(`its pixels do not decompress to the size in its header (${messageOf(error)})`);
  }
  if (length !== expected) throw new Error(`its pixels have ${length} bytes instead of ${expected}`);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
