import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { readImageFolder, readImages } from "../../lib/images/folder.ts";
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

Deno.test("readImageFolder() reads the PNG files of a folder in the order of their names", async () => {
  const files = { "b.png": { level: 1, width: 1 }, "a.PNG": { level: 0, width: 1 }, "c.png": { level: 0, width: 1 } };
  await withFolder(files, async (directory) => {
    await Deno.writeTextFile(join(directory, "labels.csv"), "1");
    await Deno.mkdir(join(directory, "d.png"));
    const { images, names } = await readImageFolder(directory);
    assert.deepEqual(names, ["a.PNG", "b.png", "c.png"]);
    const data = new Float32Array([0, 0, 0, 1, 1, 1, 0, 0, 0]);
    assert.deepEqual(images, { count: 3, height: 1, width: 1, data });
  });
});

Deno.test("readImageFolder() refuses images of two sizes, naming both files and sizes", async () => {
  await withFolder({ "a.png": { level: 0, width: 1 }, "b.png": { level: 0, width: 2 } }, async (directory) => {
    await assert.rejects(
      readImageFolder(directory),
      saysInput(/b\.png \(unlike .*a\.png\) is 2 x 1 pixels instead of 1 x 1/),
    );
  });
});

Deno.test("readImageFolder() refuses a folder without images, one that is not there, and a damaged image", async () => {
  await withFolder({}, async (directory) => {
    await assert.rejects(readImageFolder(directory), saysInput(/holds no PNG file/));
    await assert.rejects(readImageFolder(join(directory, "none")), saysInput(/^cannot read the folder/));
    await Deno.writeTextFile(join(directory, "x.png"), "not one");
    await assert.rejects(readImageFolder(directory), saysInput(/x\.png is not a readable PNG/));
  });
});

Deno.test("readImages() needs at least one image", async () => {
  await assert.rejects(readImages([]), saysInput(/at least one PNG/));
});
