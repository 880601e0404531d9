/**
 * A PNG as the standard lays it out: a header, chunks, compressed pixels. What decides a pixel is checked; chunks that
 * decide none (texts, colour profiles, sizes in metres) are stepped over, damaged or not.
 *
 * @see https://www.w3.org/TR/png-3/
 * @module
 */
import { crc32 } from "node:zlib";

/** Largest image accepted, in pixels, such as 5000 x 5000: it is decoded in less than 1 GB of memory. */
export const MAX_PIXELS = 25_000_000;

/** Largest image of more than 24 bits a pixel, in pixels. */
const MAX_DEEP_PIXELS = MAX_PIXELS / 2;

/** Colour types of a PNG: samples a pixel, and the bit depths that the standard allows. */
const COLOUR_TYPES: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { channels: 3, depths: [8, 16] }, // RGB
  3: { channels: 1, depths: [1, 2, 4, 8] }, // palette
  4: { channels: 2, depths: [8, 16] }, // grey and alpha
  6: { channels: 4, depths: [8, 16] }, // RGB and alpha
};

/**
 * Chunks that decide no pixel here, whose checksums are not asked for: those of the standard, of its registered extensions, and
 * what cameras, screens and editors add (`caBX` is a statement of where an image comes from, `iDOT` is Apple's).
 */
const UNUSED = (
  "iCCP tEXt zTXt iTXt pHYs gAMA cHRM sRGB cICP mDCV cLLI sBIT bKGD hIST sPLT tIME eXIf acTL fcTL fdAT " +
  "oFFs pCAL sCAL gIFg gIFt gIFx sTER dSIG caBX iDOT vpAg orNT npTc"
).split(" ");

/** How every PNG begins. */
export const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** What the header of a PNG says. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colourType: number;
  /** Samples a pixel. */
  readonly channels: number;
  readonly interlaced: boolean;
  /** The 13 bytes that say so. */
  readonly header: Uint8Array;
}

/** What a PNG says of its pixels, known to be valid but for the compressed pixels themselves. */
export interface PngChunks extends Header {
  /** Colours by index, three bytes each. */
  readonly palette: Uint8Array | null;
  /** Opacities of the first colours of the palette, a byte each; of other images the transparent colour, a sample a channel. */
  readonly transparency: readonly number[] | null;
  /** The compressed pixels, in parts. */
  readonly compressed: readonly Uint8Array[];
}

/**
 * Reads the chunks of a PNG.
 *
 * @throws {Error} that says what is wrong with the file.
 */
export function readChunks(bytes: Uint8Array): PngChunks {
  if (!isPng(bytes)) throw new Error("it does not begin with the PNG signature");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const compressed: Uint8Array[] = [];
  const used = new Map<string, Uint8Array>();
  let header: Header | undefined;
  for (let at = 8, type = ""; type !== "IEND";) {
    if (bytes.length - at < 12) throw new Error("it is cut off");
    const length = view.getUint32(at);
    type = new TextDecoder("latin1").decode(bytes.subarray(at + 4, at + 8));
    if (length > bytes.length - at - 12) throw new Error(`its chunk ${type} is cut off`);
    if ((at === 8) !== (type === "IHDR" && length === 13)) throw new Error("it does not begin with one header");
    const data = bytes.subarray(at + 8, at + 8 + length);
    header ??= readHeader(data);
    if (!UNUSED.includes(type) && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw new Error(`its chunk ${type} is damaged (CRC mismatch)`);
    }
    if (type === "IDAT") compressed.push(data);
    else if (["IHDR", "PLTE", "tRNS"].includes(type)) {
      if (used.has(type)) throw new Error(`it has two chunks ${type}`);
      used.set(type, data);
    } else if (/^[A-Z]/.test(type) && type !== "IEND") {
      throw new Error(`it needs the chunk ${type}, which is not known`);
    }
    at += 12 + length;
  }
  const palette = used.get("PLTE") ?? null;
  const key = used.get("tRNS");
  return {
    ...header!,
    palette: header!.colourType === 3 ? checkPalette(palette) : null,
    transparency: key === undefined ? null : readTransparency(key, header!, palette),
    compressed,
  };
}

function readHeader(data: Uint8Array): Header {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, compression, filter, interlace] = data.subarray(8);
  const kind = COLOUR_TYPES[colourType];
  if (!kind?.depths.includes(depth)) throw new Error(`its header has colour type ${colourType} with ${depth} bits`);
  if (width === 0 || height === 0) throw new Error(`its size is ${width} x ${height}`);
  const most = kind.channels * depth > 24 ? MAX_DEEP_PIXELS : MAX_PIXELS;
  if (width * height > most) throw new Error(`its size of ${width} x ${height} is over ${most} pixels`);
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new Error(`its header has compression ${compression}, filter ${filter} and interlacing ${interlace}`);
  }
  return { width, height, depth, colourType, channels: kind.channels, interlaced: interlace === 1, header: data };
}

function checkPalette(palette: Uint8Array | null): Uint8Array {
  if (palette === null) throw new Error("its palette is missing");
  const isValid = palette.length % 3 === 0 && palette.length > 0 && palette.length <= 3 * 256;
  if (!isValid) throw new Error(`its palette has ${palette.length} bytes`);
  return palette;
}

function readTransparency(
  data: Uint8Array,
  { colourType, depth, channels }: Header,
  palette: Uint8Array | null,
): number[] {
  if (colourType === 3) {
    const colours = (palette?.length ?? 0) / 3;
    if (data.length > colours) throw new Error(`it has ${data.length} opacities for a palette of ${colours} colours`);
    return [...data];
  }
  if (colourType > 3) {
    throw new Error(`it has a transparent colour beside the alpha channel of colour type ${colourType}`);
  }
  if (data.length !== 2 * channels) throw new Error(`its transparent colour has ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  // of fewer than 16 bits the low ones count, and "the other bits are 0" only in files that keep to it
  return Array.from({ length: channels }, (_, c) => view.getUint16(2 * c) & (2 ** depth - 1));
}
