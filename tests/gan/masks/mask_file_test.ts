import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { join } from "node:path";
import { InputError } from "../../../lib/errors.ts";
import { decodeMask, readMask } from "../../../lib/gan/masks/mask_file.ts";
import { drawShape, type Mask } from "../../../lib/gan/masks/shapes.ts";

const N = 32;

// A PNG writer of the test's own, after the standard: chunks of length, type, data and CRC.
function chunk(type: string, data: ArrayLike<number>): number[] {
  const body = Uint8Array.from([...new TextEncoder().encode(type), ...Array.from(data)]);
  const word = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  return [...word(data.length), ...body, ...word(crc32(body))];
}

interface Kind {
  colourType: 0 | 2 | 3 | 4 | 6;
  depth?: number;
  extra?: number[];
}

/** A PNG whose pixels have the bytes that `pixel` gives. */
function png(
  width: number,
  height: number,
  { colourType, depth = 8, extra = [] }: Kind,
  pixel: (row: number, column: number) => number[],
): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  [depth, colourType].forEach((value, i) => header.setUint8(8 + i, value));
  const lines = Array.from(
    { length: height },
    (_, row) => [0, ...Array.from({ length: width }, (_, column) => pixel(row, column)).flat()],
  );
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", new Uint8Array(header.buffer)),
    ...extra,
    ...chunk("IDAT", deflateSync(Uint8Array.from(lines.flat()))),
    ...chunk("IEND", []),
  ]);
}

const made = (value: (row: number, column: number) => number): Mask =>
  Float32Array.from({ length: N * N }, (_, i) => value(Math.floor(i / N), i % N));

function same(found: Mask, expected: Mask, tolerance = 1e-6): void {
  assert.equal(found.length, N * N);
  for (let i = 0; i < N * N; i++) {
    assert.ok(
      Math.abs(found[i] - expected[i]) <= tolerance,
      `row ${Math.floor(i / N)}, column ${i % N}: ${found[i]} instead of ${expected[i]}`,
    );
  }
}

function refused(act: () => unknown, pattern: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.ok(!error.message.includes("\n"), error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

const GREY: Kind = { colourType: 0 };
const ramp = (row: number, column: number) => (row * 8 + column) % 256;

Deno.test("decodeMask() takes grey of the mask's size as it is", () => {
  same(decodeMask(png(N, N, GREY, (row, column) => [ramp(row, column)]), "m.png"), made((r, c) => ramp(r, c) / 255));
  const deep = png(N, N, { colourType: 0, depth: 16 }, (row, column) => [ramp(row, column), 0]);
  same(decodeMask(deep, "m.png"), made((row, column) => ramp(row, column) * 256 / 65535));
});

Deno.test("decodeMask() takes the luminance of colours, white being 1", () => {
  const colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
  const shares = [0.2126, 0.7152, 0.0722, 1];
  const found = decodeMask(png(N, N, { colourType: 2 }, (_, column) => colours[column % 4]), "m.png");
  same(found, made((_, column) => shares[column % 4]));
  assert.ok(found.every((value) => value <= 1));
});

Deno.test("decodeMask() takes opacity for the mask, whatever the colours, unless all is opaque", () => {
  const alpha = (row: number, column: number) => row < 16 ? 0 : 8 * column;
  const expected = made((row, column) => alpha(row, column) / 255);
  same(decodeMask(png(N, N, { colourType: 6 }, (r, c) => [0, 0, 0, alpha(r, c)]), "m.png"), expected);
  same(decodeMask(png(N, N, { colourType: 6 }, (r, c) => [255, c, 9, alpha(r, c)]), "m.png"), expected);
  same(decodeMask(png(N, N, { colourType: 4 }, (r, c) => [77, alpha(r, c)]), "m.png"), expected);
  const deep = png(N, N, { colourType: 4, depth: 16 }, (r, c) => [1, 2, alpha(r, c), 0]);
  same(decodeMask(deep, "m.png"), made((row, column) => alpha(row, column) * 256 / 65535));
  const opaque = png(N, N, { colourType: 6 }, (r, c) => [ramp(r, c), ramp(r, c), ramp(r, c), 255]);
  same(decodeMask(opaque, "m.png"), made((row, column) => ramp(row, column) / 255));
});

Deno.test("decodeMask() knows transparency by palette entry and by colour", () => {
  const entries = [...chunk("PLTE", [255, 0, 0, 255, 0, 0, 255, 0, 0]), ...chunk("tRNS", [0, 51])];
  const palette = png(N, N, { colourType: 3, extra: entries }, (_, column) => [column % 3]);
  same(decodeMask(palette, "m.png"), made((_, column) => [0, 0.2, 1][column % 3]));
  const red = { colourType: 2, extra: chunk("tRNS", [0, 255, 0, 0, 0, 0]) } as const;
  const keyed = png(N, N, red, (row) => row < 10 ? [255, 0, 0] : [0, 0, 0]);
  same(decodeMask(keyed, "m.png"), made((row) => Number(row >= 10)));
  const bits = png(8, 1, { colourType: 0, depth: 1, extra: chunk("tRNS", [0, 1]) }, (_, c) => c === 0 ? [0x0f] : []);
  same(decodeMask(bits, "m.png"), made((_, column) => Number(column < 16))); // four pixels of 0, four of the key
});

Deno.test("decodeMask() brings any size to 32 x 32 by means over areas", () => {
  // each new pixel is the mean of 3 x 2 old ones: levels 0, 1 and 2 of column over row parity 0 and 1
  const larger = png(96, 64, GREY, (row, column) => [10 * (column % 3) + 30 * (row % 2) + (column < 48 ? 0 : 100)]);
  same(decodeMask(larger, "m.png"), made((_, column) => (10 + 15 + (column < 16 ? 0 : 100)) / 255));
  // one old pixel of two is 16 new ones
  const smaller = png(2, 1, GREY, (_, column) => [column === 0 ? 51 : 255]);
  same(decodeMask(smaller, "m.png"), made((_, column) => column < 16 ? 0.2 : 1));
  // of 48 old columns, new ones hold 1 1/2: the edge at 23.. lies inside new column 15 = [22.5, 24]
  const between = png(48, 48, GREY, (_, column) => [column < 23 ? 0 : 255]);
  same(decodeMask(between, "m.png"), made((_, column) => column < 15 ? 0 : column > 15 ? 1 : 1 / 1.5));
  // of 3 old columns the first ends inside new column 10 = [.9375, 1.03125]
  const three = png(3, 1, GREY, (_, column) => [column === 0 ? 255 : 0]);
  same(decodeMask(three, "m.png"), made((_, column) => column < 10 ? 1 : column > 10 ? 0 : 2 / 3));
});

Deno.test("decodeMask() keeps the mean of pictures of awkward sizes", () => {
  for (const size of [7, 33, 31, 100, 257]) {
    const level = (row: number, column: number) => (row * 37 + column * 11) % 200;
    let sum = 0;
    for (let i = 0; i < size * size; i++) sum += level(Math.floor(i / size), i % size) / 255;
    const found = decodeMask(png(size, size, GREY, (row, column) => [level(row, column)]), "m.png");
    const mean = found.reduce((total, value) => total + value, 0) / (N * N);
    assert.ok(Math.abs(mean - sum / size ** 2) < 1e-6, `${size}: ${mean} instead of ${sum / size ** 2}`);
  }
  const white = decodeMask(png(45, 45, GREY, (row) => [row === 0 ? 0 : 255]), "m.png");
  assert.ok(white.every((value) => value <= 1) && Math.abs(white[N * N - 1] - 1) < 1e-6);
});

Deno.test("decodeMask() gives a shape drawn large as the library draws it", () => {
  const side = 256;
  const disk = png(side, side, { colourType: 4 }, (row, column) => {
    const distance = Math.hypot(column + 0.5 - 0.65 * side, row + 0.5 - 0.4 * side);
    return [0, distance <= 0.25 * side ? 255 : 0];
  });
  same(decodeMask(disk, "disk.png"), drawShape("disk", { x: 0.3, y: 0.2, size: 0.5 }), 0.2);
});

Deno.test("decodeMask() refuses what is no PNG, is cut off, or has no contour", () => {
  const whole = png(N, N, GREY, (row, column) => [ramp(row, column)]);
  refused(
    () => decodeMask(new TextEncoder().encode("P5 32 32"), "m.pgm"),
    /m\.pgm is not a readable PNG: .*check the file/,
  );
  refused(() => decodeMask(new Uint8Array(0), "m.png"), /not a readable PNG/);
  const transparent = png(N, N, { colourType: 4 }, (row, column) => [0, ramp(row, column)]);
  for (const bytes of [whole, transparent]) {
    for (const length of [20, 60, bytes.length - 20, bytes.length - 1]) {
      refused(() => decodeMask(bytes.subarray(0, length), "m.png"), /m\.png is not a readable PNG: .*cut off/);
    }
    const damaged = bytes.slice();
    damaged[60] ^= 4;
    refused(() => decodeMask(damaged, "m.png"), /not a readable PNG/);
  }
  refused(() => decodeMask(png(N, N, GREY, () => [0]), "m.png"), /the mask m\.png is empty/);
  refused(() => decodeMask(png(N, N, GREY, () => [255]), "m.png"), /the mask m\.png is full/);
  refused(() => decodeMask(png(N, N, { colourType: 4 }, () => [255, 0]), "m.png"), /the mask m\.png is empty/);
});

Deno.test("readMask() reads a file, and names the one that it cannot", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "half.png");
    await Deno.writeFile(path, png(64, 64, GREY, (row) => [row < 32 ? 255 : 0]));
    same(await readMask(path), drawShape("half-top"));
    await assert.rejects(readMask(join(folder, "none.png")), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /^cannot read the mask .*none\.png: .*; check the path$/);
      return true;
    });
    await assert.rejects(readMask(folder), InputError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
