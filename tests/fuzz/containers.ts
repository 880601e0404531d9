/**
 * Mutations that know how a file is put together, and put it together again with the lengths and checksums that belong to
 * it, so that what lies deeper is reached.
 *
 * @module
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { unzipSync, zipSync } from "fflate";
import { joined, mutateBytes } from "./bytes.ts";
import { type Bytes, type Draw, ODD_NUMBERS, ODD_TEXTS } from "./draw.ts";
import { type Json, mutatedJsonText } from "./values.ts";

type Chunk = readonly [type: string, data: Bytes];

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0) & 255);

function big32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}

/** A PNG of chunks, with their lengths and checksums. */
export function pngOf(chunks: readonly Chunk[]): Bytes {
  return joined(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunks.map(([type, data]) => {
      const body = joined(latin1(type), data);
      return joined(big32(data.length), body, big32(crc32(body)));
    }),
  );
}

function readPngChunks(bytes: Bytes): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    chunks.push([
      new TextDecoder("latin1").decode(bytes.subarray(at + 4, at + 8)),
      bytes.slice(at + 8, at + 8 + length),
    ]);
    at += 12 + length;
  }
  return chunks;
}

/** A PNG of the header of 13 bytes that these numbers make. */
export function pngHeader(width: number, height: number, depth: number, colour: number, interlaced = 0): Bytes {
  return joined(big32(width), big32(height), [depth, colour, 0, 0, interlaced]);
}

/** A PNG with its chunks changed. */
export function mutatePng(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  const chunks = readPngChunks(bytes);
  const at = draw.below(chunks.length - 1);
  const [type, data] = chunks[at];
  const place = chunks.findIndex(([name]) => name === "IDAT");
  switch (draw.below(8)) {
    case 0:
      chunks.splice(at, 1);
      break;
    case 1:
      chunks.splice(draw.below(chunks.length), 0, ...Array.from({ length: draw.pick([1, 2, 1000]) }, () => chunks[at]));
      break;
    case 2:
      chunks[at] = [draw.pick(["IDAT", "PLTE", "tRNS", "IHDR", "IEND", "zTXt", "iCCP", "ABCD", "abcd"]), data];
      break;
    case 3: { // a header of its own
      const side = () =>
        draw.pick([0, 1, 2, 3, 31, 32, 33, 4096, 8192, 8193, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
      chunks[0] = [
        "IHDR",
        joined(
          draw.chance(60) ? big32(side()) : data.subarray(0, 4),
          draw.chance(60) ? big32(side()) : chunks[0][1].subarray(4, 8),
          [draw.pick([1, 2, 4, 8, 16, 3, 0, 255]), draw.pick([0, 2, 3, 4, 6, 1, 5, 255])],
          [draw.pick([0, 0, 0, 1]), draw.pick([0, 0, 0, 1]), draw.pick([0, 1, 2])],
        ),
      ];
      break;
    }
    case 4: // other rows, compressed as they should be
    case 5: {
      const rows = attempt(() => inflateSync(chunks[place]![1]));
      if (rows !== null) chunks[place] = ["IDAT", deflateSync(mutateBytes(rows, [rows], draw))];
      break;
    }
    case 6: // nothing but zeros, many more than are wanted
      if (place >= 0) chunks[place] = ["IDAT", deflateSync(new Uint8Array(draw.pick([1, 1e5, 1e7])))];
      break;
    default:
      chunks[at] = [type, mutateBytes(data, [data], draw)];
  }
  const mutant = pngOf(chunks);
  return draw.chance(10) ? mutateBytes(mutant, others, draw) : mutant;
}

/** The segments of a JPEG up to its first scan, which is the last. */
function readSegments(bytes: Bytes): { marker: number; data: Bytes }[] {
  const segments: { marker: number; data: Bytes }[] = [];
  for (let at = 2; at + 4 <= bytes.length;) {
    const [marker, length] = [bytes[at + 1], bytes[at + 2] << 8 | bytes[at + 3]];
    if (marker === 0xda) {
      segments.push({ marker, data: bytes.slice(at + 4) });
      break;
    }
    segments.push({ marker, data: bytes.slice(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  return segments;
}

/** A JPEG of segments, with their lengths; that of a scan's header is the usual one for its colours. */
function jpegOf(segments: readonly { marker: number; data: Bytes }[]): Bytes {
  return joined(
    [0xff, 0xd8],
    ...segments.map(({ marker, data }) => {
      const length = marker === 0xda ? 6 + 2 * Math.min(4, data[0] ?? 1) : data.length + 2;
      return joined([0xff, marker, length >> 8 & 255, length & 255], data);
    }),
  );
}

/** A JPEG with its segments changed. */
export function mutateJpeg(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  const segments = readSegments(bytes);
  const at = draw.below(segments.length - 1);
  const { marker, data } = segments[at];
  switch (draw.below(6)) {
    case 0:
      segments.splice(at, 1);
      break;
    case 1:
      segments.splice(draw.below(segments.length), 0, segments[at]);
      break;
    case 2:
      segments[at] = { marker: draw.pick([0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc9, 0xda, 0xdb, 0xdd, 0xe0, 0xfe]), data };
      break;
    case 3: { // sizes
      const frame = segments.findIndex((each) => each.marker >= 0xc0 && each.marker <= 0xc2);
      if (frame < 0) break;
      const copy = segments[frame].data.slice();
      new DataView(copy.buffer).setUint16(draw.pick([1, 3]), draw.pick([0, 1, 7, 8, 9, 4096, 5792, 65535]));
      segments[frame] = { marker: segments[frame].marker, data: copy };
      break;
    }
    default:
      segments[at] = { marker, data: mutateBytes(data, [data], draw) };
  }
  const mutant = jpegOf(segments);
  return draw.chance(10) ? mutateBytes(mutant, others, draw) : mutant;
}

/** A .npy file with its header changed, and the length that belongs to it. */
export function mutateNpy(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  const version = bytes[6];
  const lengthBytes = version === 1 ? 2 : 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthBytes + length;
  let header = new TextDecoder("latin1").decode(bytes.subarray(8 + lengthBytes, start));
  const number = () => {
    const value = draw.pick(ODD_NUMBERS);
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
  };
  switch (draw.below(5)) {
    case 0: {
      const numbers = [...header.matchAll(/(?<=[(, ])\d+/g)];
      const found = numbers[draw.below(numbers.length - 1)];
      if (found) header = header.slice(0, found.index) + number() + header.slice(found.index + found[0].length);
      break;
    }
    case 1:
      header = header.replace(
        /\([^)]*\)/,
        `(${Array.from({ length: draw.pick([0, 1, 2, 3, 5, 70]) }, number).join(", ")},)`,
      );
      break;
    case 2: {
      const types = ["<f2", ">f4", "<f8", "|i1", "<i8", ">u2", "|b1", "|O", "<c8", "<U7", "<f99", "f4", "=i4"];
      header = header.replace(/'[<>|=]\w+'/, `'${draw.pick(types)}'`);
      break;
    }
    case 3:
      header = header.replace("False", draw.pick(["True", "0", "None", "'False'"]));
      break;
    default:
      header = new TextDecoder("latin1").decode(mutateBytes(latin1(header), [latin1(header)], draw)).slice(0, 60_000);
  }
  const text = latin1(header);
  const size = new Uint8Array(lengthBytes);
  if (version === 1) new DataView(size.buffer).setUint16(0, text.length, true);
  else new DataView(size.buffer).setUint32(0, text.length, true);
  const mutant = joined(bytes.subarray(0, 8), size, text, bytes.subarray(start));
  return draw.chance(20) ? mutateBytes(mutant, others, draw) : mutant;
}

/** A safetensors file with its header changed, and the length that belongs to it. */
export function mutateSafetensors(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Json;
  const text = new TextEncoder().encode(mutatedJsonText(header, draw));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  const mutant = joined(length, text, bytes.subarray(start));
  return draw.chance(15) ? mutateBytes(mutant, others, draw) : mutant;
}

/** A zip file with its entries changed, and the sizes and checksums that belong to them. */
export function mutateZip(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  const entries = Object.entries(unzipSync(bytes));
  const at = draw.below(entries.length - 1);
  const pickle = entries.findIndex(([name]) => name.endsWith("data.pkl"));
  const [name, data] = entries[at];
  switch (draw.below(8)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.push([draw.pick(["../../evil", "/etc/passwd", "archive/data/../../x", `${name}2`, name]), data]);
      break;
    case 2:
      entries[at] = [draw.chance(50) ? draw.pick(ODD_TEXTS).slice(0, 200) || "a" : `../${name}`, data];
      break;
    case 3:
      entries[at] = [
        name,
        draw.chance(50) ? new Uint8Array(draw.pick([0, 1, 1e5, 1e6])) : mutateBytes(data, [data], draw),
      ];
      break;
    default:
      if (pickle >= 0) entries[pickle] = [entries[pickle][0], mutatePickle(entries[pickle][1], draw)];
  }
  const mutant = zipSync(Object.fromEntries(entries.filter(([each]) => each !== "__proto__")), {
    level: draw.chance(90) ? 0 : 9,
  });
  return draw.chance(15) ? mutateBytes(mutant, others, draw) : mutant;
}

/** Opcodes of a pickle, those that readers refuse among them. */
const OPCODES = latin1("().0122FIJKLMNPQRSTUVXabcdeghijlopqrstu}]\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95");

/** A pickle with opcodes, counts or names changed. */
export function mutatePickle(pickle: Bytes, draw: Draw): Bytes {
  let mutant = pickle.slice();
  for (let times = 1 + draw.below(2); times > 0; times--) {
    const at = draw.below(mutant.length - 1);
    switch (draw.below(4)) {
      case 0:
        mutant[at] = draw.pick([...OPCODES]);
        break;
      case 1: { // a count, where one is likely: BININT, BININT1, BININT2
        const places = [...mutant.keys()].filter((i) => [0x4a, 0x4b, 0x4d].includes(mutant[i]));
        const place = places.length === 0 ? at : draw.pick(places);
        const size = mutant[place] === 0x4b ? 1 : mutant[place] === 0x4d ? 2 : 4;
        for (let i = 1; i <= size; i++) mutant[place + i] = draw.pick([0, 1, 255, 127, 128]);
        break;
      }
      case 2: {
        const globals = ["cos\nsystem\n", "cbuiltins\neval\n", "ctorch\nLongStorage\n", "c__builtin__\ngetattr\n"];
        mutant = joined(mutant.subarray(0, at), latin1(draw.pick(globals)), mutant.subarray(at));
        break;
      }
      default:
        mutant = mutateBytes(mutant, [pickle], draw);
    }
  }
  return mutant;
}

/** A table of numbers or texts with cells, lines or separators changed. */
export function mutateCsv(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  if (draw.chance(25)) return mutateBytes(bytes, others, draw);
  const lines = new TextDecoder().decode(bytes).split("\n").map((line) => line.split(","));
  for (let times = 1 + draw.below(3); times > 0; times--) {
    const row = draw.below(lines.length - 1);
    const column = draw.below(lines[row].length - 1);
    switch (draw.below(7)) {
      case 0:
        lines.splice(row, 1, ...(draw.chance(50) ? [] : [lines[row], lines[row]]));
        if (lines.length === 0) lines.push([""]);
        break;
      case 1:
        lines[row] = draw.chance(50) ? lines[row].slice(1) : [...lines[row], "1"];
        if (lines[row].length === 0) lines[row] = [""];
        break;
      case 2:
        lines[row][column] = `"${lines[row][column]}`;
        break;
      case 3:
        lines[row] = new Array(draw.pick([1, 100, 20_000])).fill(draw.pick(['"', "", "1", '""', " ", '"a', "x"]));
        break;
      case 4:
        lines[row][column] = draw.pick([
          "1e999",
          "-inf",
          "nan",
          "1,5",
          "0x1",
          "1_0",
          "١",
          "1e-400",
          "--1",
          "1e5e5",
          "=1+1",
        ]);
        break;
      case 5:
        lines[row][column] = draw.pick(ODD_TEXTS);
        break;
      default:
        lines[row][column] = String(draw.pick(ODD_NUMBERS));
    }
  }
  const text = lines.map((cells) => cells.join(draw.chance(99) ? "," : ";")).join(
    draw.pick(["\n", "\n", "\r\n", "\r"]),
  );
  return new TextEncoder().encode((draw.chance(5) ? "\ufeff" : "") + text);
}
