/**
 * JPEG files to pixels. The header is read here, before a decoder sees the bytes: what is too large or of a kind that the
 * decoder does not know is refused by name.
 *
 * @see ITU-T T.81, annex B
 * @module
 */
import decode, { init } from "@jsquash/jpeg/decode.js";
import { InputError, messageOf } from "../errors.ts";
import type { ImageBatch, Size } from "../types.ts";
import { MAX_PIXELS } from "./png_chunks.ts";

const [START, END, SCAN] = [0xd8, 0xd9, 0xda];
/** Frames that are decoded: baseline, extended and progressive, all with Huffman's coding. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** Markers of this range that are no frames: Huffman tables, an extension, arithmetic conditioning. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** Whether bytes begin as a JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === START && bytes[2] === 0xff;
}

/**
 * The size of a JPEG by its header, and whether the file has an end.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are no JPEG, are cut off, too large, or of a kind that is not decoded.
 */
export function jpegSize(bytes: Uint8Array, source: string): Size {
  try {
    return readFrame(bytes);
  } catch (error) {
    throw unreadable(source, messageOf(error));
  }
}

function unreadable(source: string, why: string): InputError {
  return new InputError(`${source} is not a readable JPEG: ${why}; check the file`);
}

function readFrame(bytes: Uint8Array): Size {
  if (!isJpeg(bytes)) throw new Error("it does not begin as one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: Size | undefined;
  for (let at = 2;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++; // a marker may be preceded by any number of these
    if (at + 4 > bytes.length) throw new Error("it is cut off");
    if (bytes[at] !== 0xff) throw new Error("its header is damaged");
    const marker = bytes[at + 1];
    if (marker === END) throw new Error("it holds no image");
    if (marker === SCAN) {
      if (size === undefined) throw new Error("its size is missing");
      if (!hasEnd(bytes, at)) throw new Error("it is cut off");
      const scans = countScans(bytes, at);
      if (scans > MOST_SCANS) throw new Error(`it has ${scans} scans, over ${MOST_SCANS}; save it anew`);
      return size;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) throw new Error("it is cut off");
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) {
      if (length < 8) throw new Error("its header is damaged");
      size = frameSize(marker, view, at + 4);
    }
    at += 2 + length;
  }
}

function frameSize(marker: number, view: DataView, at: number): Size {
  if (!FRAMES.includes(marker)) {
    throw new Error("it is lossless, hierarchical or arithmetically coded, which is not known");
  }
  const [bits, height, width, colours] = [
    view.getUint8(at),
    view.getUint16(at + 1),
    view.getUint16(at + 3),
    view.getUint8(at + 5),
  ];
  if (bits !== 8) throw new Error(`it has ${bits} bits a sample; convert it to 8`);
  if (colours !== 1 && colours !== 3) throw new Error(`it has ${colours} colour channels (CMYK?); convert it to RGB`);
  if (width === 0 || height === 0) throw new Error(`its size is ${width} x ${height}`);
  if (width * height > MAX_PIXELS) throw new Error(`its size of ${width} x ${height} is over ${MAX_PIXELS} pixels`);
  return { height, width };
}

/** Most scans of an image. Encoders write about ten; each is gone through for the whole image, however few bytes it has. */
const MOST_SCANS = 100;

/** How many scans there are, the first one's marker among them: their data have no marker. */
function countScans(bytes: Uint8Array, first: number): number {
  let count = 0;
  for (let at = bytes.indexOf(0xff, first); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === SCAN) count++;
  }
  return count;
}

/** Whether the marker of the end comes after the first scan, as it does once in a whole file. */
function hasEnd(bytes: Uint8Array, scan: number): boolean {
  for (let at = bytes.length - 2; at > scan; at--) if (bytes[at] === 0xff && bytes[at + 1] === END) return true;
  return false;
}

/** What the decoder said of the file at hand. */
const said: string[] = [];

/** The decoder's program, compiled once in each thread. */
let program: Promise<WebAssembly.Module> | undefined;

/** Loads the decoder; the type of its last argument is missing where the package declares it. */
const loadDecoder = init as (wasm: WebAssembly.Module, options: { printErr: (text: string) => void }) => Promise<void>;

/**
 * The decoder; none before the first file, and after one that it could not decode: such a file leaves it as it was in the middle of
 * its work, and some later file, be it whole, would never end.
 */
let decoder: Promise<void> | undefined;

async function startDecoder(): Promise<void> {
  program ??= Deno.readFile(new URL(import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")))
    .then((wasm) => new WebAssembly.Module(wasm));
  await loadDecoder(await program, { printErr: (text) => said.push(text) });
}

/** The work on the file before: one is decoded at a time, so that what the decoder says is of that one. */
let before: Promise<unknown> = Promise.resolve();

async function decodePixels(bytes: Uint8Array): Promise<ImageData> {
  decoder ??= startDecoder();
  await decoder;
  said.length = 0;
  let image: ImageData;
  try {
    image = await decode(Uint8Array.from(bytes).buffer);
  } catch (error) { // of a broken file it throws what is no Error
    decoder = undefined;
    throw error instanceof Error ? error : new Error(said.join(", ") || "its pixels are damaged");
  }
  const broken = said.find((text) => /premature end|corrupt/i.test(text) && !/extraneous bytes/i.test(text));
  if (broken !== undefined) throw new Error(broken);
  return image;
}

/**
 * Decodes a JPEG, grey or in colour, baseline or progressive. Grey becomes RGB with three equal channels. Colour profiles
 * and the orientation that a camera noted are not applied, as `torchvision` does not either.
 *
 * @param source the file's name, for errors.
 * @returns a batch of one image, values in [0, 1].
 * @throws {InputError} as {@linkcode jpegSize}, and when its pixels are damaged.
 */
export async function decodeJpeg(bytes: Uint8Array, source: string): Promise<ImageBatch> {
  const { height, width } = jpegSize(bytes, source);
  const work = before.then(() => decodePixels(bytes));
  before = work.catch(() => {});
  let image: ImageData;
  try {
    image = await work;
    if (image.width !== width || image.height !== height) throw new Error("its header names two sizes");
  } catch (error) {
    throw unreadable(source, messageOf(error));
  }
  const pixels = image.data;
  const data = new Float32Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) data[pixel * 3 + c] = pixels[pixel * 4 + c] / 255;
  }
  return { count: 1, height, width, data };
}
