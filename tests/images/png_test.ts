import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { decodePng, decodePngPixels, encodePng, readPng, writePng } from "../../lib/images/png.ts";

const FIXTURES = new URL("../../fixtures/png/", import.meta.url);

// A PNG writer of the test's own, after the standard: chunks of length, type, data and CRC.
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function chunk(type: string, data: ArrayLike<number>): number[] {
  const body = Uint8Array.from([...new TextEncoder().encode(type), ...Array.from(data)]);
  const word = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  return [...word(data.length), ...body, ...word(crc32(body))];
}

interface Spec {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  /** Scanlines without their filter bytes; for an interlaced image those of all passes in turn. */
  lines: number[][];
  interlaced?: boolean;
  /** Chunks between the header and the pixels. */
  extra?: number[];
}

function png({ width, height, depth, colourType, lines, interlaced = false, extra = [] }: Spec): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  [depth, colourType, 0, 0, interlaced ? 1 : 0].forEach((value, i) => header.setUint8(8 + i, value));
  const pixels = deflateSync(Uint8Array.from(lines.flatMap((line) => [0, ...line])));
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk("IHDR", new Uint8Array(header.buffer)),
    ...extra,
    ...chunk("IDAT", pixels),
    ...chunk("IEND", []),
  ]);
}

/** Decodes and asserts the size; returns the values times `white`, which must be whole. */
function values(bytes: Uint8Array, width: number, height: number, white = 255): number[] {
  const image = decodePng(bytes, "some.png");
  assert.deepEqual([image.count, image.height, image.width, image.data.length], [1, height, width, height * width * 3]);
  return [...image.data].map((value) => {
    assert.ok(Math.abs(value * white - Math.round(value * white)) < 1e-2, String(value));
    return Math.round(value * white);
  });
}

function refused(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodePng(bytes, "some.png"), (error) => {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.ok(error.message.startsWith("some.png ") && !error.message.includes("\n"), error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

const rgb = { width: 2, height: 2, depth: 8, colourType: 2, lines: [[1, 2, 3, 4, 5, 6], [7, 8, 9, 253, 254, 255]] };

Deno.test("decodePng() reads 8-bit RGB in row-major order, and is given a view into a larger buffer", () => {
  const bytes = png(rgb);
  assert.deepEqual(values(bytes, 2, 2), [1, 2, 3, 4, 5, 6, 7, 8, 9, 253, 254, 255]);
  const larger = new Uint8Array(bytes.length + 9);
  larger.set(bytes, 5);
  assert.deepEqual(values(larger.subarray(5, 5 + bytes.length), 2, 2), [1, 2, 3, 4, 5, 6, 7, 8, 9, 253, 254, 255]);
});

Deno.test("decodePng() keeps the precision of 16-bit samples", () => {
  const lines = [[0x01, 0x00, 0xff, 0xff, 0x00, 0x01]];
  assert.deepEqual(values(png({ width: 1, height: 1, depth: 16, colourType: 2, lines }), 1, 1, 65535), [256, 65535, 1]);
});

Deno.test("decodePng() makes three equal channels of grey, at every depth", () => {
  const grey = (depth: number, width: number, lines: number[][]) =>
    png({ width, height: lines.length, depth, colourType: 0, lines });
  const replicated = (...levels: number[]) => levels.flatMap((level) => [level, level, level]);
  assert.deepEqual(values(grey(8, 2, [[10, 200]]), 2, 1), replicated(10, 200));
  assert.deepEqual(values(grey(16, 1, [[0x12, 0x34]]), 1, 1, 65535), replicated(0x1234));
  // rows of 3 pixels do not fill their bytes: 101, then 011
  assert.deepEqual(values(grey(1, 3, [[0b10100000], [0b01100000]]), 3, 2), replicated(255, 0, 255, 0, 255, 255));
  assert.deepEqual(values(grey(2, 5, [[0b00011011, 0b10000000]]), 5, 1, 3), replicated(0, 1, 2, 3, 2));
  assert.deepEqual(values(grey(4, 3, [[0x0f, 0x70]]), 3, 1, 15), replicated(0, 15, 7));
});

Deno.test("decodePng() looks palette colours up, at every depth", () => {
  const extra = chunk("PLTE", [10, 20, 30, 40, 50, 60, 70, 80, 90]);
  const [a, b, c] = [[10, 20, 30], [40, 50, 60], [70, 80, 90]];
  const eight = { width: 3, height: 1, depth: 8, colourType: 3, lines: [[2, 0, 1]], extra };
  assert.deepEqual(values(png(eight), 3, 1), [...c, ...a, ...b]);
  assert.deepEqual(values(png({ ...eight, depth: 2, lines: [[0b10000100]] }), 3, 1), [...c, ...a, ...b]);
  refused(png({ ...eight, lines: [[0, 0, 3]] }), /palette/); // no such colour
  refused(png({ ...eight, extra: [] }), /palette/i);
});

Deno.test("decodePng() drops alpha that is opaque everywhere and refuses any other", () => {
  const rgba = (alpha: number) => ({
    width: 2,
    height: 1,
    depth: 8,
    colourType: 6,
    lines: [[1, 2, 3, 255, 4, 5, 6, alpha]],
  });
  assert.deepEqual(values(png(rgba(255)), 2, 1), [1, 2, 3, 4, 5, 6]);
  refused(png(rgba(254)), /transparent pixels \(row 0, column 1\); flatten it/);
  const greyAlpha = (alpha: number) => ({ width: 1, height: 1, depth: 8, colourType: 4, lines: [[9, alpha]] });
  assert.deepEqual(values(png(greyAlpha(255)), 1, 1), [9, 9, 9]);
  refused(png(greyAlpha(0)), /transparent/);
  const deep = (alpha: number[]) => ({ width: 1, height: 1, depth: 16, colourType: 4, lines: [[0, 9, ...alpha]] });
  assert.deepEqual(values(png(deep([255, 255])), 1, 1, 65535), [9, 9, 9]);
  refused(png(deep([255, 254])), /transparent/);
});

Deno.test("decodePng() refuses transparency given by palette entry or by colour only where a pixel uses it", () => {
  const palette = [...chunk("PLTE", [1, 2, 3, 4, 5, 6]), ...chunk("tRNS", [255, 7])];
  const indexed = (index: number) => ({
    width: 1,
    height: 1,
    depth: 8,
    colourType: 3,
    lines: [[index]],
    extra: palette,
  });
  assert.deepEqual(values(png(indexed(0)), 1, 1), [1, 2, 3]);
  refused(png(indexed(1)), /transparent/);
  const keyed = (...key: number[]) => ({ ...rgb, extra: chunk("tRNS", key.flatMap((value) => [0, value])) });
  assert.equal(values(png(keyed(4, 5, 7)), 2, 2).length, 12);
  refused(png(keyed(4, 5, 6)), /transparent pixels \(row 0, column 1\)/);
});

Deno.test("decodePng() puts the passes of an interlaced image where they belong", () => {
  // 3 x 3, pixel (x, y) = 10 y + x; Adam7 gives here pass 1 (0,0); 4 (2,0); 5 (0,2) (2,2); 6 (1,0), (1,2); 7 row 1
  const at = (x: number, y: number) => Array(3).fill(10 * y + x);
  const lines = [at(0, 0), at(2, 0), [...at(0, 2), ...at(2, 2)], at(1, 0), at(1, 2), [
    ...at(0, 1),
    ...at(1, 1),
    ...at(2, 1),
  ]];
  const image = png({ width: 3, height: 3, depth: 8, colourType: 2, lines, interlaced: true });
  const rows = [0, 1, 2].flatMap((y) => [0, 1, 2].flatMap((x) => at(x, y)));
  assert.deepEqual(values(image, 3, 3), rows);
  // 2 x 2 of one bit, all bits a pass of its own but the last row: pass 1 (0,0); 6 (1,0); 7 row 1
  const bits = { width: 2, height: 2, depth: 1, colourType: 0, lines: [[0x80], [0x00], [0x40]], interlaced: true };
  assert.deepEqual(values(png(bits), 2, 2), [255, 0, 0, 255].flatMap((level) => [level, level, level]));
});

interface Expected {
  readonly width: number;
  readonly height: number;
  readonly rgba: readonly number[];
}

const pixels: Record<string, Expected> = JSON.parse(Deno.readTextFileSync(new URL("pixels.json", FIXTURES)));
for (const [name, { width, height, rgba }] of Object.entries(pixels)) {
  Deno.test(`decodePngPixels() reads ${name}.png as Pillow does`, () => {
    const { images, opacity } = decodePngPixels(Deno.readFileSync(new URL(`${name}.png`, FIXTURES)), name);
    assert.deepEqual([images.count, images.height, images.width], [1, height, width]);
    const found = Array.from({ length: width * height }, (_, i) => [
      ...images.data.subarray(3 * i, 3 * i + 3),
      opacity?.[i] ?? 1,
    ]).flat();
    assert.deepEqual(found.map((value) => Math.round(255 * value)), rgba);
  });
}

Deno.test("decodePng() steps over chunks that decide no pixel, damaged or not", () => {
  const damaged = (type: string, data: ArrayLike<number>) =>
    chunk(type, data).map((byte, i, { length }) => i < length - 4 ? byte : byte ^ 1);
  for (
    const extra of [
      chunk("iCCP", [105, 99, 99]), // no end of its name
      chunk("zTXt", []),
      chunk("iTXt", [0, 255, 255]),
      chunk("pHYs", [0, 0]),
      chunk("prVt", [1, 2, 3]),
      damaged("tEXt", [107, 0, 116]),
      damaged("iCCP", []),
      // of an animation, whose first image is the file's own; where it comes from; of Apple's screenshots
      ...["acTL", "fcTL", "fdAT", "oFFs", "caBX", "iDOT"].map((type) => damaged(type, [0, 0, 0, 1])),
      // a profile of 64 MB that is never decompressed
      chunk("iCCP", [105, 0, 0, ...deflateSync(new Uint8Array(2 ** 26))]),
    ]
  ) assert.equal(values(png({ ...rgb, extra }), 2, 2).length, 12);
  refused(png({ ...rgb, extra: damaged("tRNS", [0, 1, 0, 2, 0, 3]) }), /chunk tRNS is damaged/);
  refused(png({ ...rgb, extra: damaged("prVt", []) }), /chunk prVt is damaged/); // it may be another one, its name damaged
  refused(png({ ...rgb, extra: chunk("PRVt", []) }), /needs the chunk PRVt, which is not known/);
});

Deno.test("decodePng() compares the transparent colour in the bits that samples have", () => {
  // PNG specification, tRNS: of fewer than 16 bits the least significant are used
  const grey = (depth: number, line: number, key: number) =>
    png({ width: 1, height: 1, depth, colourType: 0, lines: [[line]], extra: chunk("tRNS", [key >> 8, key & 255]) });
  for (const key of [1, 0x00ff, 0xfffd]) refused(grey(1, 0x80, key), /transparent pixels \(row 0, column 0\)/);
  assert.deepEqual(values(grey(1, 0x80, 0xfffe), 1, 1), [255, 255, 255]);
  refused(grey(2, 0xc0, 0x00ff), /transparent/);
  refused(grey(4, 0x70, 0xaa07), /transparent/);
  assert.deepEqual(values(grey(4, 0x70, 0xaa08), 1, 1, 15), [7, 7, 7]);
  refused(png({ ...rgb, extra: chunk("tRNS", [0x10, 4, 0x20, 5, 0xff, 6]) }), /transparent pixels \(row 0, column 1\)/);
  // 16 bits count whole
  const deep = (key: number[]) =>
    png({ width: 1, height: 1, depth: 16, colourType: 2, lines: [[1, 2, 3, 4, 5, 6]], extra: chunk("tRNS", key) });
  refused(deep([1, 2, 3, 4, 5, 6]), /transparent/);
  assert.equal(values(deep([9, 2, 3, 4, 5, 6]), 1, 1, 65535)[0], 0x0102);
  const { opacity } = decodePngPixels(grey(1, 0x80, 0x00ff), "key");
  assert.deepEqual(opacity, new Float32Array(1));
});

Deno.test("decodePng() refuses a transparent colour and palettes that are not the standard's", () => {
  refused(png({ ...rgb, extra: chunk("tRNS", [0, 1, 0, 2]) }), /transparent colour has 4 bytes/);
  refused(
    png({ ...rgb, extra: [...chunk("tRNS", [0, 1, 0, 2, 0, 3]), ...chunk("tRNS", [0, 1, 0, 2, 0, 3])] }),
    /two chunks tRNS/,
  );
  refused(
    png({ width: 1, height: 1, depth: 8, colourType: 6, lines: [[1, 2, 3, 255]], extra: chunk("tRNS", [0, 1]) }),
    /beside the alpha channel/,
  );
  const indexed = { width: 1, height: 1, depth: 8, colourType: 3, lines: [[0]] };
  refused(png({ ...indexed, extra: chunk("PLTE", [1, 2]) }), /palette has 2 bytes/);
  refused(
    png({ ...indexed, extra: [...chunk("PLTE", [1, 2, 3]), ...chunk("tRNS", [1, 2])] }),
    /2 opacities for a palette of 1/,
  );
});

Deno.test("decodePng() refuses what is not a PNG", () => {
  refused(new Uint8Array(0), /signature/);
  refused(new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16]), /signature/); // a JPEG
  refused(new TextEncoder().encode("<svg/>"), /signature/);
});

Deno.test("decodePng() refuses a PNG cut anywhere", () => {
  const whole = png(rgb);
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), /not a readable PNG/);
});

Deno.test("decodePng() refuses a PNG with any one byte changed", () => {
  const whole = png(rgb);
  for (let i = 0; i < whole.length; i++) {
    const damaged = whole.slice();
    damaged[i] ^= 0x10;
    refused(damaged, /not a readable PNG/);
  }
});

Deno.test("decodePng() refuses headers that are not the standard's, or do not fit the pixels", () => {
  refused(png({ ...rgb, depth: 4 }), /colour type 2 with 4 bits/);
  refused(png({ ...rgb, colourType: 5 }), /colour type 5/);
  refused(png({ ...rgb, width: 0 }), /size is 0 x 2/);
  refused(png({ ...rgb, width: 100_000, height: 100_000 }), /100000 x 100000 is over/);
  refused(png({ ...rgb, height: 3 }), /have 14 bytes instead of 21/);
  refused(png({ ...rgb, height: 1 }), /decompress|have/);
  refused(png({ ...rgb, lines: [[1, 2, 3, 4, 5, 6], [7, 8]] }), /have 10 bytes instead of 14/); // a row cut off
  refused(png({ ...rgb, lines: Array(100_000).fill([0, 0, 0, 0, 0, 0]) }), /decompress/); // a small file, large inside
  const twice = chunk("IHDR", png(rgb).subarray(16, 29));
  refused(png({ ...rgb, extra: twice }), /one header/);
});

Deno.test("encodePng() rounds to the nearest of 256 levels and decodes to them", () => {
  const data = new Float32Array([0, 1, 0.5, 0.0019, 0.002, 0.9981]); // 127.5, 0.4845, 0.51, 254.5155
  assert.deepEqual(values(encodePng({ count: 1, height: 1, width: 2, data }), 2, 1), [0, 255, 128, 0, 1, 255]);
});

Deno.test("encodePng() and decodePng() return any 8-bit image of a batch", () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 0, max: 2 }), fc.noShrink(fc.integer()), (height, width, index, seed) => {
      const bytes = Array.from({ length: 3 * height * width * 3 }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 24));
      const images = { count: 3, height, width, data: Float32Array.from(bytes, (byte) => byte / 255) };
      const one = bytes.slice(index * height * width * 3, (index + 1) * height * width * 3);
      assert.deepEqual(values(encodePng(images, index), width, height), one);
    }),
  );
});

Deno.test("encodePng() refuses values outside [0, 1] and images that are not there", () => {
  for (const value of [1.01, -0.01, NaN, Infinity]) {
    const data = new Float32Array([0, value, 0]);
    assert.throws(() => encodePng({ count: 1, height: 1, width: 1, data }), /outside \[0, 1\]/);
  }
  const image = { count: 1, height: 1, width: 1, data: new Float32Array(3) };
  for (const index of [1, -1, 0.5]) assert.throws(() => encodePng(image, index), RangeError);
});

Deno.test("readPng() reads what writePng() wrote, and names a file that is not there", async () => {
  const path = await Deno.makeTempFile({ suffix: ".png" });
  try {
    const image = { count: 1, height: 1, width: 2, data: new Float32Array([0, 1, 0, 1, 0, 1]) };
    await writePng(path, image);
    assert.deepEqual(await readPng(path), image);
  } finally {
    await Deno.remove(path);
  }
  const sparse = await Deno.makeTempFile({ suffix: ".png" });
  try {
    await Deno.truncate(sparse, 2 ** 29 + 1);
    await assert.rejects(readPng(sparse), /it has 536870913 bytes, over 536870912; check the path$/);
  } finally {
    await Deno.remove(sparse);
  }
  await assert.rejects(readPng("/nowhere/x.png"), (error) => {
    return error instanceof InputError && /^cannot read the image \/nowhere\/x\.png: /.test(error.message);
  });
});
