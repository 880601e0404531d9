import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import {
  CIFAR10_CLASSES,
  CIFAR10_SHA256,
  cifar10Directory,
  datasetIn,
  type DatasetRef,
  DATASETS,
  firstImages,
  indexRange,
  isCifar10Present,
  locateDataset,
  openDataset,
} from "../../lib/data/mod.ts";
import { randomPixels, sharedRef, sourceOf, unlabelledSource } from "./made_up_dataset.ts";

const SIZE = { height: 32, width: 32 };
const TRAIN = { ...randomPixels(5, SIZE, "train"), labels: Uint8Array.of(4, 0, 9, 9, 1) };
const TEST = { ...randomPixels(3, SIZE, "test"), labels: Uint8Array.of(2, 8, 0) };

Deno.test("openDataset() opens memory that another thread holds, without reading a file", async () => {
  const shared = sharedRef(TRAIN, TEST);
  const nowhere: DatasetRef = { ...shared, directory: "/no/such/folder" };
  for (const ref of [shared, nowhere, structuredClone(nowhere)]) {
    const dataset = await openDataset(ref);
    assert.deepEqual(
      [dataset.name, dataset.title, dataset.sha256, dataset.classes],
      ["cifar10", "CIFAR-10", CIFAR10_SHA256, CIFAR10_CLASSES],
    );
    for (const [source, images] of [[dataset.train, TRAIN], [dataset.test, TEST]] as const) {
      assert.equal(source.count, images.count);
      assert.deepEqual(source.labels, images.labels);
      const order = indexRange(0, images.count).toReversed();
      assert.deepEqual(await source.images(order), await sourceOf(images).images(order));
    }
  }
});

Deno.test("a dataset's reference is plain data whose memory is shared, not copied", async () => {
  const { ref } = await openDataset(sharedRef(TRAIN, TEST));
  assert.ok(ref.kind === "cifar10");
  const copy = structuredClone(ref);
  assert.deepEqual(copy, ref);
  assert.deepEqual((await openDataset(copy)).ref, ref);
  assert.ok(ref.shared!.train.pixels instanceof SharedArrayBuffer);
  // what one thread writes the other sees
  new Uint8Array(ref.shared!.test.pixels)[0] = 255;
  const [first] = (await (await openDataset(copy)).test.images([0])).data;
  assert.equal(first, 1);
  new Uint8Array(ref.shared!.test.pixels)[0] = 0;
  assert.equal((await (await openDataset(copy)).test.images([0])).data[0], 0);
});

Deno.test("openDataset() refuses a kind that it does not know", async () => {
  assert.deepEqual(DATASETS, ["cifar10", "images", "arrays"]);
  for (const kind of ["imagenet", "", "constructor", undefined]) {
    await assert.rejects(openDataset({ kind } as unknown as DatasetRef), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.ok(error.message.startsWith(`there is no dataset of the kind ${JSON.stringify(kind)}; known is cifar10`));
      return true;
    });
  }
});

Deno.test("openDataset() of the files and of their memory is the same dataset", async (test) => {
  const present = isCifar10Present();
  await test.step({
    name: present ? "on the real files" : "skipped: CIFAR-10 is not in the cache; run `deno task setup`",
    ignore: !present,
    fn: async () => {
      const files = await openDataset({ kind: "cifar10" });
      assert.deepEqual([files.train.count, files.test.count], [50_000, 10_000]);
      const memory = await openDataset({ ...structuredClone(files.ref), directory: "/no/such/folder" });
      assert.equal(memory.sha256, files.sha256);
      for (const part of ["train", "test"] as const) {
        assert.deepEqual(memory[part].labels, files[part].labels);
        const some = [0, files[part].count - 1, 1234];
        assert.deepEqual(await memory[part].images(some), await files[part].images(some));
      }
    },
  });
});

Deno.test("locateDataset() tells where a dataset is looked for, and whether its files are there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const place = { title: "CIFAR-10", directory: folder, present: false };
    assert.deepEqual(locateDataset({ kind: "cifar10", directory: folder }), place);
    const names = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
    for (const name of [...names, "test_batch.bin"]) {
      assert.equal(locateDataset({ kind: "cifar10", directory: folder }).present, false, `without ${name}`);
      await Deno.writeFile(`${folder}/${name}`, new Uint8Array(1));
    }
    assert.deepEqual(locateDataset({ kind: "cifar10", directory: folder }), { ...place, present: true });
    assert.deepEqual(locateDataset({ kind: "cifar10" }).directory, cifar10Directory());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("firstImages() are the first of a source, with their labels if it has any", async () => {
  const first = firstImages(sourceOf(TRAIN), 3);
  assert.equal(first.count, 3);
  assert.deepEqual(Array.from(first.labels!), [4, 0, 9]);
  assert.deepEqual(await first.images([2, 0]), await sourceOf(TRAIN).images([2, 0]));
  assert.equal(firstImages(sourceOf(TRAIN), 100).count, 5);
  assert.equal(firstImages(unlabelledSource(TRAIN), 3).labels, null);
});

Deno.test("indexRange() counts from the first to before the last", () => {
  assert.deepEqual(indexRange(3, 6), [3, 4, 5]);
  assert.deepEqual(indexRange(3, 3), []);
});

Deno.test("datasetIn() tells by the names of its files what a folder holds", async () => {
  for (
    const [names, kind] of [
      [["data_batch_1.bin"], "cifar10"],
      [["readme.html", "test_batch.bin"], "cifar10"],
      [["images.npy", "a.png"], "arrays"],
      [["test_images.npy"], "arrays"],
      [["a.png"], "images"],
      [[], "images"],
    ] as const
  ) {
    const folder = await Deno.makeTempDir();
    try {
      for (const name of names) await Deno.writeFile(`${folder}/${name}`, new Uint8Array(1));
      assert.deepEqual(datasetIn(folder), { kind, directory: folder });
      const { directory, present } = locateDataset(datasetIn(folder));
      assert.deepEqual([directory, present], [folder, kind !== "cifar10"]); // one batch is not all of them
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("datasetIn() refuses a folder that is not there, a file, and CIFAR-10 as Python objects", async () => {
  const refused = (path: string, pattern: RegExp) =>
    assert.throws(() => datasetIn(path), (error) => error instanceof InputError && pattern.test(error.message));
  refused("/no/such/folder", /^the dataset \/no\/such\/folder cannot be opened: there is no such folder; give --data/);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/data_batch_1`, new Uint8Array(1));
    refused(`${folder}/data_batch_1`, /cannot be opened: /);
    refused(folder, /holds CIFAR-10 as Python objects; give the folder of its binary version/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
