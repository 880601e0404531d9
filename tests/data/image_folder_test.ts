import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { chooseSide } from "../../lib/data/image_folder.ts";
import { type Dataset, indexRange, openDataset } from "../../lib/data/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { inFolder } from "../in_folder.ts";
import { plainFiles, plainPng, randomPng, writeFiles } from "./image_files.ts";

const open = (directory: string) => openDataset({ kind: "images", directory });
const JPEG = Deno.readFileSync(new URL("../../fixtures/jpeg/colour.jpg", import.meta.url));

async function refused(work: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, pattern);
    assert.match(error.message, /[;:] \S/, "says what to do");
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

/** The bytes of grey images, one number an image. */
async function greys({ images }: Dataset["train"], count: number): Promise<number[]> {
  const { height, width, data } = await images(indexRange(0, count));
  return indexRange(0, count).map((i) => Math.round(255 * data[i * height * width * 3]));
}

const sha = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

Deno.test("a flat folder has no labels; the sixth with the lowest hashes of their paths is for tests", () =>
  inFolder(async (folder) => {
    const files = plainFiles(30, "");
    await writeFiles(folder, files);
    const { name, title, classes, train, test, notes, ref } = await open(folder);
    assert.deepEqual([name, title, classes], [basename(folder), basename(folder), []]);
    assert.deepEqual([train.count, test.count, train.labels, test.labels], [25, 5, null, null]);
    assert.deepEqual(notes, ["25 images to start from and 5 to compare with, without labels, as squares of 40 px"]);
    assert.equal(ref.kind, "images");
    const paths = Object.keys(files).sort();
    const lowest = paths.toSorted((a, b) => sha(a) < sha(b) ? -1 : 1).slice(0, 5);
    const bytes = (wanted: string[]) => wanted.map((path) => Number(path.replace(".png", "")));
    assert.deepEqual(await greys(test, 5), bytes(paths.filter((path) => lowest.includes(path))));
    assert.deepEqual(await greys(train, 25), bytes(paths.filter((path) => !lowest.includes(path))));
  }));

Deno.test("folders of classes give labels in the order of their names, and the hash is that of sha256sum's lines", () =>
  inFolder(async (folder) => {
    const files = { ...plainFiles(15, "zebra/", 0), ...plainFiles(15, "ant/", 100) };
    await writeFiles(folder, files);
    const { classes, sha256, train, test } = await open(folder);
    assert.deepEqual(classes, ["ant", "zebra"]);
    for (const source of [train, test]) {
      const expected = (await greys(source, source.count)).map((grey) => grey >= 100 ? 0 : 1);
      assert.deepEqual(Array.from(source.labels!), expected);
    }
    assert.deepEqual([train.count, test.count], [25, 5]);
    const lines = Object.keys(files).sort().map((path) => `${sha(files[path as keyof typeof files])}  ${path}\n`);
    assert.equal(sha256, sha(lines.join("")));
    // and so another folder of the same files is the same dataset
    await inFolder(async (copy) => {
      await writeFiles(copy, files);
      assert.equal((await open(copy)).sha256, sha256);
      await Deno.rename(join(copy, "ant"), join(copy, "bee"));
      assert.notEqual((await open(copy)).sha256, sha256);
    });
  }));

Deno.test("train and test, or train and val, are taken as they are", async () => {
  for (const held of ["test", "val"]) {
    await inFolder(async (folder) => {
      await writeFiles(folder, {
        ...plainFiles(4, "train/b/", 10),
        ...plainFiles(3, "train/a/", 20),
        ...plainFiles(4, `${held}/c/`, 30),
      });
      const { classes, train, test } = await open(folder);
      assert.deepEqual(classes, ["a", "b", "c"]);
      assert.deepEqual(await greys(train, 7), [20, 21, 22, 10, 11, 12, 13]);
      assert.deepEqual([Array.from(train.labels!), Array.from(test.labels!)], [[0, 0, 0, 1, 1, 1, 1], [2, 2, 2, 2]]);
      assert.deepEqual(await greys(test, 4), [30, 31, 32, 33]);
    });
  }
  await inFolder(async (folder) => {
    await writeFiles(folder, { ...plainFiles(4, "train/", 10), ...plainFiles(5, "test/", 20) });
    const { classes, train, test } = await open(folder);
    assert.deepEqual([classes, train.labels, train.count, test.count], [[], null, 4, 5]);
  });
  await inFolder(async (folder) => { // with no test beside it, train is a class, such as a railway's
    await writeFiles(folder, { ...plainFiles(12, "train/"), ...plainFiles(12, "truck/") });
    assert.deepEqual((await open(folder)).classes, ["train", "truck"]);
  });
});

Deno.test("PNG and JPEG of any size become squares of the most common shorter side", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      ...plainFiles(20, "a", 0, 40),
      "b.png": randomPng(60, 91, "b"),
      "c.JPG": JPEG,
      "d.jpeg": JPEG,
      "e.png": JPEG, // told by content
      ...plainFiles(3, "f", 0, 20),
    });
    const { train, test } = await open(folder);
    for (const source of [train, test]) {
      const { height, width, data } = await source.images(indexRange(0, source.count));
      assert.deepEqual([height, width, data.length], [40, 40, source.count * 40 * 40 * 3]);
      assert.ok(data.every((value) => value >= 0 && value <= 1));
      const again = await source.images([1, 1]);
      assert.deepEqual(again.data.subarray(0, 4800), data.subarray(4800, 9600));
      assert.deepEqual(again.data.subarray(4800), data.subarray(4800, 9600));
    }
  }));

Deno.test("chooseSide() is the most common, the larger of two as common, within 32 .. 256", () => {
  assert.equal(chooseSide(new Map([[40, 2], [64, 3], [200, 1]])), 64);
  assert.equal(chooseSide(new Map([[40, 2], [64, 2], [48, 2]])), 64);
  assert.equal(chooseSide(new Map([[24, 60]])), 32);
  assert.equal(chooseSide(new Map([[3000, 60]])), 256);
});

Deno.test("another thread opens the same by what was found out, without reading the folder", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { ...plainFiles(15, "a/", 0), ...plainFiles(15, "b/", 100) });
    const first = await open(folder);
    const ref = structuredClone(first.ref);
    await writeFiles(folder, { "a/new.png": plainPng(40, 40, 9), "a/readme.txt": "not seen" });
    const second = await openDataset(ref);
    assert.deepEqual(
      [second.name, second.sha256, second.classes, second.train.count, second.test.count],
      [first.name, first.sha256, first.classes, 25, 5],
    );
    assert.deepEqual(second.notes, [], "said once");
    assert.deepEqual(second.test.labels, first.test.labels);
    assert.deepEqual(await second.test.images([0, 3]), await first.test.images([0, 3]));
  }));

Deno.test("a file that changes or goes is refused when it is read, by its name", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { ...plainFiles(4, "train/", 10), ...plainFiles(4, "test/", 20) });
    const { train } = await open(folder);
    await writeFiles(folder, { "train/1.png": plainPng(40, 40, 99) });
    await Deno.remove(join(folder, "train/2.png"));
    assert.equal((await train.images([0, 3])).count, 2);
    await refused(train.images([0, 1]), /train\/1\.png has changed since the folder was opened/);
    await refused(train.images([2]), /train\/2\.png is gone/);
  }));

Deno.test("what is no image, or damaged, is refused by its name", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, plainFiles(30, ""));
    for (
      const [content, pattern] of [
        ["not an image", /own\.png is no image/],
        ["", /own\.png is no image/],
        [JPEG.subarray(0, 400), /own\.png is not a readable JPEG: it is cut off/],
        [plainPng(9, 9, 9).subarray(0, 50), /own\.png is not a readable PNG/],
      ] as const
    ) {
      await writeFiles(folder, { "own.png": content });
      await refused(open(folder), pattern);
    }
  }));

Deno.test("hidden files are passed over; other files, empty folders and a class that is alone are told of", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      ...plainFiles(24, "only/"),
      ".hidden.png": "no image",
      ".git/x.png": "no image",
      "only/.DS_Store": "",
      "__MACOSX/x.png": "no image",
      "only/notes.txt": "text",
      "labels.csv": "text",
    });
    await Deno.mkdir(join(folder, "empty"));
    const { train, test, classes, notes } = await open(folder);
    assert.deepEqual([train.count + test.count, classes], [24, ["only"]]);
    assert.deepEqual(notes!.slice(1), [
      "all images are of one class, only: no class can be told from another",
      "2 files are left out: named neither .png nor .jpg nor .jpeg",
      "left out as without images: empty",
    ]);
  }));

Deno.test("folders that are not as they should be are refused", async () => {
  const cases: [Record<string, Uint8Array | string>, RegExp][] = [
    [{ "a.txt": "" }, /holds no images; give a folder with PNG or JPEG files/],
    [plainFiles(23, ""), /has 23 images, of which one in 6 is for tests; give at least 24/],
    [{ ...plainFiles(9, "train/"), ...plainFiles(3, "test/") }, /has 9 training and 3 test images; .* at least 4/],
    [{ ...plainFiles(24, "a/"), "a/b/c.png": "" }, /a\/b is a folder in the folder of a class; .*: move them up/],
    [{ ...plainFiles(24, "a/"), "b.png": "" }, /has images both in it \(b\.png\) and in its folder a; sort all/],
    [{ ...plainFiles(9, "train/a/"), ...plainFiles(9, "test/") }, /a folder for each class in train and none in test/],
    [
      { ...plainFiles(9, "train/"), ...plainFiles(9, "test/"), "x.png": "" },
      /images beside its folders train and test, such as x\.png/,
    ],
  ];
  for (const [files, pattern] of cases) {
    await inFolder(async (folder) => {
      await writeFiles(folder, files);
      await refused(open(folder), pattern);
    });
  }
  await refused(open("/no/such/folder"), /there is no such folder/);
});

Deno.test("links are refused, wherever they lead", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, plainFiles(24, "a/"));
    await inFolder(async (outside) => {
      await writeFiles(outside, { "x.png": plainPng(40, 40, 1) });
      await Deno.symlink(join(outside, "x.png"), join(folder, "a", "x.png"));
      await refused(open(folder), /a\/x\.png is a link/);
      await Deno.remove(join(folder, "a", "x.png"));
      await Deno.symlink(outside, join(folder, "b"));
      await refused(open(folder), /b is a link/);
    });
  }));
