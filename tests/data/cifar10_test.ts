import assert from "node:assert/strict";
import { join } from "node:path";
import { encode } from "fast-png";
import { InputError } from "../../lib/errors.ts";
import {
  CIFAR10_BATCHES,
  cifar10Directory,
  importCifar10Package,
  isCifar10Present,
  readCifar10,
} from "../../lib/data/cifar10.ts";
import { inFolder } from "../in_folder.ts";

const RECORD = 1 + 3 * 32 * 32;
const PRESENT = isCifar10Present();

/** Runs a test on the real files, or says why not. */
async function withDataset(test: Deno.TestContext, run: () => Promise<void>): Promise<void> {
  await test.step({
    name: PRESENT ? "on the real files" : "skipped: CIFAR-10 is not in the cache; run `deno task setup`",
    ignore: !PRESENT,
    fn: run,
  });
}

async function refused(work: Promise<unknown>, ...patterns: RegExp[]): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof InputError, String(error));
    for (const pattern of patterns) assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

Deno.test("readCifar10() names the file that is missing and what to do", async () => {
  await inFolder(async (folder) => {
    assert.equal(isCifar10Present(folder), false);
    await refused(readCifar10(folder), /data_batch_1\.bin is missing/, /deno task setup/, /--data/);
    await refused(readCifar10(join(folder, "no such folder")), /no such folder.data_batch_1\.bin is missing/);
  });
});

Deno.test("readCifar10() names the file that is truncated, with its bytes and those it should have", async () => {
  await inFolder(async (folder) => {
    for (const [name, bytes] of [["empty", 0], ["cut", RECORD * 9_999], ["longer", RECORD * 10_000 + 1]] as const) {
      const directory = join(folder, name);
      await Deno.mkdir(directory);
      await Deno.writeFile(join(directory, "data_batch_1.bin"), new Uint8Array(bytes));
      await refused(readCifar10(directory), new RegExp(`data_batch_1\\.bin has ${bytes} bytes instead of 30730000`));
    }
  });
});

Deno.test("readCifar10() refuses a file of the right size with other images", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "data_batch_1.bin"), new Uint8Array(RECORD * 10_000));
    await refused(
      readCifar10(folder),
      /the pixels of .*data_batch_1\.bin are not the published ones/,
      /deno task setup/,
    );
  });
});

Deno.test("readCifar10() names a folder in the place of a file", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "data_batch_1.bin"));
    await refused(readCifar10(folder), /data_batch_1\.bin cannot be read/);
    assert.equal(isCifar10Present(folder), false);
  });
});

Deno.test("readCifar10() finds one altered byte, in a pixel or in a label", async (test) => {
  await withDataset(test, () =>
    inFolder(async (folder) => {
      const bytes = await Deno.readFile(join(cifar10Directory(), "data_batch_1.bin"));
      const path = join(folder, "data_batch_1.bin");
      const last = 9_999 * RECORD;
      for (const [at, part] of [[last, "labels"], [last + RECORD - 1, "pixels"], [1, "pixels"]] as const) {
        const altered = Uint8Array.from(bytes);
        altered[at] ^= 1;
        await Deno.writeFile(path, altered);
        await refused(
          readCifar10(folder),
          new RegExp(`the ${part} of .*data_batch_1\\.bin are not the published ones`),
        );
      }
    }));
});

Deno.test("readCifar10() reads 50,000 + 10,000 images whose statistics are the published ones", async (test) => {
  await withDataset(test, async () => {
    const started = performance.now();
    const { train, test: held } = await readCifar10();
    console.log(`      read and verified in ${((performance.now() - started) / 1000).toFixed(2)} s`);
    assert.deepEqual([train.count, held.count], [50_000, 10_000]);
    assert.deepEqual([train.height, train.width, held.height, held.width], [32, 32, 32, 32]);
    for (const [images, each] of [[train, 5_000], [held, 1_000]] as const) {
      assert.equal(images.pixels.length, images.count * 3072);
      const counts = new Array(10).fill(0);
      for (const label of images.labels) counts[label]++;
      assert.deepEqual(counts, new Array(10).fill(each));
    }
    const [sum, squares] = [[0, 0, 0], [0, 0, 0]];
    for (let i = 0; i < train.pixels.length; i += 3) {
      for (let c = 0; c < 3; c++) {
        const value = train.pixels[i + c];
        sum[c] += value;
        squares[c] += value * value;
      }
    }
    const count = train.pixels.length / 3;
    const [means, deviations] = [[.49139968, .48215841, .44653091], [.24703223, .24348513, .26158784]]; // method.md, 0
    for (let c = 0; c < 3; c++) {
      const mean = sum[c] / count;
      assert.ok(Math.abs(mean / 255 - means[c]) < 1e-8);
      assert.ok(Math.abs(Math.sqrt(squares[c] / count - mean * mean) / 255 - deviations[c]) < 1e-8);
    }
    // the records begin with a label; pixels are planes there and interleaved here
    const bytes = await Deno.readFile(join(cifar10Directory(), "test_batch.bin"));
    for (const [image, y, x] of [[0, 0, 0], [123, 31, 30], [9_999, 4, 17]]) {
      assert.equal(held.labels[image], bytes[image * RECORD]);
      for (let c = 0; c < 3; c++) {
        const official = bytes[image * RECORD + 1 + 1024 * c + 32 * y + x];
        assert.equal(held.pixels[image * 3072 + (32 * y + x) * 3 + c], official);
      }
    }
  });
});

Deno.test("the pinned batches are six different ones", () => {
  assert.deepEqual(CIFAR10_BATCHES.map(({ name }) => name), [
    "data_batch_1",
    "data_batch_2",
    "data_batch_3",
    "data_batch_4",
    "data_batch_5",
    "test_batch",
  ]);
  assert.equal(new Set(CIFAR10_BATCHES.flatMap(({ pixels, labels }) => [pixels, labels])).size, 12);
});

Deno.test("importCifar10Package() refuses another picture and other pixels, and then leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const target = join(folder, "to");
    await Deno.writeTextFile(join(folder, "train_lables.json"), JSON.stringify(new Array(50_000).fill(0)));
    await Deno.writeTextFile(join(folder, "test_lables.json"), JSON.stringify(new Array(10_000).fill(0)));
    const picture = (width: number, height: number) =>
      Deno.writeFile(
        join(folder, "data_batch_1.png"),
        encode({ width, height, channels: 3, depth: 8, data: new Uint8Array(width * height * 3) }),
      );
    await picture(1024, 2);
    await refused(importCifar10Package(folder, target), /data_batch_1\.png is not a PNG of 1024 x 10000/);
    await picture(1024, 10_000);
    await refused(importCifar10Package(folder, target), /the pixels of .*data_batch_1\.png are not the published ones/);
    assert.deepEqual([...Deno.readDirSync(target)], []);
  });
});
