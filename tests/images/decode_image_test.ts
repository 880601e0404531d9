import assert from "node:assert/strict";
import { encode } from "fast-png";
import { InputError } from "../../lib/errors.ts";
import { decodeImage, encodePng, imageSize } from "../../lib/images/mod.ts";

/** fixtures/jpeg/make_fixtures.py made the files, and their pixels with another decoder. */
const fixture = (name: string) => Deno.readFileSync(new URL(`../../fixtures/jpeg/${name}`, import.meta.url));
const COLOUR = fixture("colour.jpg");

async function refused(bytes: Uint8Array, pattern: RegExp, ofSize = true): Promise<void> {
  const isRefusal = (error: unknown) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, pattern);
    assert.match(error.message, /^some\.file is .*; /);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  };
  if (ofSize) assert.throws(() => imageSize(bytes, "some.file"), isRefusal);
  await assert.rejects(decodeImage(bytes, "some.file"), isRefusal);
}

/** The place of a marker of a JPEG's header. */
function placeOf(bytes: Uint8Array, marker: number): number {
  let at = 2;
  while (bytes[at + 1] !== marker) at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  return at;
}

/** The file with some bytes replaced. */
function changed(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
}

Deno.test("decodeImage() reads JPEG, in colour, progressive and grey, as another decoder does", async () => {
  for (const name of ["colour", "progressive", "grey"]) {
    const bytes = fixture(`${name}.jpg`);
    assert.deepEqual(imageSize(bytes, name), { height: 16, width: 24 });
    const { count, height, width, data } = await decodeImage(bytes, name);
    assert.deepEqual([count, height, width], [1, 16, 24]);
    const expected = fixture(`${name}.rgb`);
    assert.equal(expected.length, data.length);
    // decoders may differ by a rounding of the transform and one of the colours
    data.forEach((value, i) => assert.ok(Math.abs(255 * value - expected[i]) <= 2.01, `${name} ${i}`));
    if (name === "grey") { for (let i = 0; i < data.length; i += 3) assert.equal(data[i], data[i + 2]); }
  }
});

Deno.test("decodeImage() reads several at once, each as by itself", async () => {
  const names = ["colour", "grey", "progressive", "colour"];
  const together = await Promise.all(names.map((name) => decodeImage(fixture(`${name}.jpg`), name)));
  for (const [i, name] of names.entries()) {
    assert.deepEqual(together[i], await decodeImage(fixture(`${name}.jpg`), name));
  }
  const some = await Promise.allSettled([
    decodeImage(COLOUR.subarray(0, 300), "cut"),
    decodeImage(COLOUR, "whole"),
  ]);
  assert.deepEqual(some.map(({ status }) => status), ["rejected", "fulfilled"]);
});

Deno.test("decodeImage() refuses a JPEG cut anywhere", async () => {
  for (let length = 3; length < COLOUR.length - 1; length += 13) {
    await refused(COLOUR.subarray(0, length), /not a readable JPEG|no image/);
  }
});

Deno.test("a JPEG that is whole but for its pixels is refused when it is decoded", async () => {
  const scan = placeOf(COLOUR, 0xda);
  const hollow = Uint8Array.from([...COLOUR.subarray(0, scan + 20), 0xff, 0xd9]);
  assert.deepEqual(imageSize(hollow, "some.file"), { height: 16, width: 24 });
  await refused(hollow, /not a readable JPEG/, false);
  await decodeImage(COLOUR, "the next one");
});

Deno.test("a JPEG of a kind or size that is not read is refused by its header, before it is decoded", async () => {
  await refused(fixture("cmyk.jpg"), /4 colour channels \(CMYK\?\); convert it to RGB/);
  const frame = placeOf(COLOUR, 0xc0);
  await refused(changed(COLOUR, frame + 1, 0xc3), /lossless, hierarchical or arithmetically coded/);
  await refused(changed(COLOUR, frame + 4, 12), /12 bits a sample/);
  await refused(changed(COLOUR, frame + 5, 0, 0), /size is 24 x 0/);
  await refused(changed(COLOUR, frame + 5, 0xff, 0xff, 0xff, 0xff), /65535 x 65535 is over 25000000 pixels/);
});

Deno.test("imageSize() reads the size of a PNG without its pixels", async () => {
  const png = encodePng({ count: 1, height: 2, width: 3, data: new Float32Array(18).fill(0.5) });
  assert.deepEqual(imageSize(png, "a.png"), { height: 2, width: 3 });
  await refused(png.subarray(0, png.length - 3), /not a readable PNG: .*cut off/);
  await refused(changed(png, 16, 0x7f, 0xff, 0xff, 0xff), /over 25000000 pixels/);
});

Deno.test("decodeImage() refuses what is neither, whatever its name", async () => {
  await refused(new Uint8Array(0), /no image: it begins neither as a PNG nor as a JPEG/);
  await refused(new TextEncoder().encode("GIF89a and so on"), /no image/);
});

Deno.test("decodeImage() lays transparent pixels onto white", async () => {
  const data = Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 51); // opaque red, nothing, a fifth of blue
  const png = encode({ width: 3, height: 1, channels: 4, depth: 8, data });
  const { data: pixels } = await decodeImage(png, "a.png");
  const expected = [1, 0, 0, 1, 1, 1, 0.8, 0.8, 1];
  pixels.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6, `${i}: ${value}`));
});

Deno.test("a whole JPEG is decoded after two hundred damaged ones: each leaves the decoder in the middle of its work", async () => {
  const damaged = COLOUR.slice();
  const table = damaged.findIndex((byte, i) => byte === 0xff && damaged[i + 1] === 0xc4);
  damaged.fill(0xff, table + 5, table + 21); // more codes of each length than there can be
  const before = await decodeImage(COLOUR, "whole");
  for (let i = 0; i < 200; i++) await assert.rejects(decodeImage(damaged, "damaged"), /Bogus Huffman table definition/);
  assert.deepEqual(await decodeImage(COLOUR, "whole"), before);
});
