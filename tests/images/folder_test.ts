import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { readImages } from "../../lib/images/folder.ts";
import { writePng } from "../../lib/images/png.ts";

/** Runs a test with a folder of PNG files, each of one grey level (0 or 1) and a width. */
async function withFolder(
  files: Record<string, { level: number; width: number }>,
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, { level, width }] of Object.entries(files)) {
      await writePng(join(directory, name), {
        count: 1,
        height: 1,
        width,
        data: new Float32Array(3 * width).fill(level),
      });
    }
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const saysInput = (pattern: RegExp) => (error: unknown) => error instanceof InputError && pattern.test(error.message);

Deno.test("readImages() reads PNG files in the order given", async () => {
  const files = { "a.png": { level: 0, width: 1 }, "b.png": { level: 1, width: 1 }, "c.png": { level: 0, width: 1 } };
  await withFolder(files, async (directory) => {
    const read = (...names: string[]) => readImages(names.map((name) => join(directory, name)));
    const images = (...levels: number[]) => {
      const data = Float32Array.from(levels.flatMap((level) => [level, level, level]));
      return { count: levels.length, height: 1, width: 1, data };
    };
    assert.deepEqual(await read("b.png"), images(1));
    assert.deepEqual(await read("a.png", "b.png", "c.png"), images(0, 1, 0));
    assert.deepEqual(await read("b.png", "a.png", "b.png"), images(1, 0, 1));
  });
});

Deno.test("readImages() refuses images of two sizes, naming both files and sizes", async () => {
  await withFolder({ "a.png": { level: 0, width: 1 }, "b.png": { level: 0, width: 2 } }, async (directory) => {
    await assert.rejects(
      readImages([join(directory, "a.png"), join(directory, "b.png")]),
      saysInput(/b\.png \(unlike .*a\.png\) is 2 x 1 pixels instead of 1 x 1/),
    );
  });
});

Deno.test("readImages() refuses no image, one that is not there, and a damaged one at any place", async () => {
  await assert.rejects(readImages([]), saysInput(/at least one PNG/));
  await withFolder({ "a.png": { level: 0, width: 1 } }, async (directory) => {
    const [whole, damaged, none] = ["a.png", "x.png", "none.png"].map((name) => join(directory, name));
    await Deno.writeTextFile(damaged, "not one");
    for (const paths of [[damaged], [whole, damaged]]) {
      await assert.rejects(readImages(paths), saysInput(/x\.png is not a readable PNG/));
    }
    await assert.rejects(readImages([whole, none]), saysInput(/^cannot read the image .*none\.png/));
  });
});
