import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { datasetIn, indexRange, openDataset } from "../../lib/data/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { encodeNpy } from "../../lib/npy.ts";
import { inFolder } from "../in_folder.ts";
import { writeFiles } from "./image_files.ts";

const open = (directory: string) => openDataset({ kind: "arrays", directory });

/** A .npy file by hand, as NumPy writes it. */
function npy(descr: string, shape: readonly number[], entries: Uint8Array, order = "False"): Uint8Array {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`.padEnd(117) + "\n";
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    118,
    0,
    ...new TextEncoder().encode(header),
    ...entries,
  ]);
}

/** Bytes: image i, row y, column x, colour c has (7 i + 3 y + x + 50 c) mod 256. */
function bytesOf(count: number, height: number, width: number, channels: number): Uint8Array {
  const bytes = new Uint8Array(count * height * width * channels);
  for (let at = 0; at < bytes.length; at++) {
    const c = at % channels;
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / channels / width) % height;
    bytes[at] = 7 * Math.floor(at / channels / width / height) + 3 * y + x + 50 * c;
  }
  return bytes;
}

const colour = (count: number) => npy("|u1", [count, 8, 9, 3], bytesOf(count, 8, 9, 3));
const labels = (...values: number[]) => npy("|u1", [values.length], Uint8Array.from(values));

async function refused(files: Record<string, Uint8Array | string>, pattern: RegExp): Promise<void> {
  await inFolder(async (folder) => {
    await writeFiles(folder, files);
    await assert.rejects(open(folder), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, pattern);
      assert.match(error.message, /[;:] \S/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}

Deno.test("images.npy: every sixth image is for tests, and labels follow their images", () =>
  inFolder(async (folder) => {
    const files = { "images.npy": colour(26), "labels.npy": labels(...indexRange(0, 26).map((i) => i % 5)) };
    await writeFiles(folder, files);
    assert.equal(datasetIn(folder).kind, "arrays");
    const { train, test, classes, sha256, notes } = await open(folder);
    assert.deepEqual([train.count, test.count, classes], [22, 4, ["0", "1", "2", "3", "4"]]);
    assert.deepEqual(Array.from(test.labels!), [5, 11, 17, 23].map((i) => i % 5));
    assert.deepEqual([train.labels!.length, train.labels![5]], [22, 6 % 5]); // image 5 is for tests
    assert.match(notes![0], /^22 images to start from and 4 to compare with, with labels 0 to 4, of 9 x 8 px$/);
    const { count, height, width, data } = await test.images([2, 0, 2]);
    assert.deepEqual([count, height, width], [3, 8, 9]);
    for (const [place, image] of [17, 5, 17].entries()) {
      for (const [y, x, c] of [[0, 0, 0], [7, 8, 2], [3, 4, 1]]) {
        const byte = (7 * image + 3 * y + x + 50 * c) % 256;
        assert.equal(data[((place * 8 + y) * 9 + x) * 3 + c], Math.fround(byte / 255));
      }
    }
    const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const lines = Object.entries(files).map(([file, bytes]) => `${sha(bytes)}  ${file}\n`);
    assert.equal(sha256, createHash("sha256").update(lines.join("")).digest("hex"));
  }));

Deno.test("train_images.npy and test_images.npy, grey and floats, without labels", () =>
  inFolder(async (folder) => {
    const pixels = Float32Array.from({ length: 5 * 64 }, (_, i) => (i % 11) / 10);
    await writeFiles(folder, {
      "train_images.npy": encodeNpy({ shape: [5, 8, 8], data: pixels }),
      "test_images.npy": npy("|u1", [4, 8, 8, 1], bytesOf(4, 8, 8, 1)),
    });
    const { train, test, classes } = await open(folder);
    assert.deepEqual([train.count, test.count, train.labels, test.labels, classes], [5, 4, null, null, []]);
    const { data } = await train.images([4]);
    for (const pixel of [0, 17, 63]) {
      for (let c = 0; c < 3; c++) assert.equal(data[pixel * 3 + c], pixels[4 * 64 + pixel]);
    }
    assert.equal((await test.images([1])).data[2], Math.fround(7 / 255));
  }));

Deno.test("another thread opens arrays by what was found out, and sees when they change", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { "images.npy": colour(26) });
    const first = await open(folder);
    const second = await openDataset(structuredClone(first.ref));
    assert.deepEqual([second.sha256, second.train.count], [first.sha256, 22]);
    assert.deepEqual(await second.train.images([3]), await first.train.images([3]));
    await writeFiles(folder, { "images.npy": colour(27) });
    await assert.rejects(second.train.images([3]), /images\.npy has changed since it was opened; /);
    await Deno.remove(join(folder, "images.npy"));
    await assert.rejects(second.train.images([3]), /images\.npy cannot be read/);
  }));

Deno.test("arrays that are no images are refused", async () => {
  await refused({ "images.npy": npy("|u1", [26, 100], new Uint8Array(2600)) }, /shape \(26, 100\), which is not that/);
  await refused({ "images.npy": npy("|u1", [9, 8, 8, 4], new Uint8Array(9 * 256)) }, /shape \(9, 8, 8, 4\)/);
  await refused(
    { "images.npy": npy("|u1", [26, 4, 4], new Uint8Array(26 * 16)) },
    /images of 4 x 4 pixels; give sides of 8/,
  );
  await refused({ "images.npy": npy("<i4", [2, 8, 8], new Uint8Array(512)) }, /pixels of the type i4; save uint8/);
  await refused({ "images.npy": npy("|O", [2, 8, 8], new Uint8Array(512)) }, /Python objects/);
  await refused({ "images.npy": npy("|u1", [2, 8, 8], new Uint8Array(128), "True") }, /Fortran order/);
  await refused({ "images.npy": colour(26).subarray(0, 5000) }, /needs 5616 bytes, but 4872 follow/);
  await refused({ "images.npy": "text" }, /does not begin as one/);
  await refused({ "images.npy": colour(23) }, /has 23 images, of which one in 6 .* at least 24/);
  for (const value of [1.5, -0.1, NaN]) {
    const data = new Float32Array(26 * 64);
    data[26 * 64 - 1] = value;
    await refused(
      { "images.npy": encodeNpy({ shape: [26, 8, 8], data }) },
      /floats must lie in \[0, 1\]: divide by 255/,
    );
  }
});

Deno.test("files of arrays that do not fit one another are refused", async () => {
  await refused({ "train_images.npy": colour(9) }, /has no test_images\.npy; give images\.npy, or both/);
  await refused({ "images.npy": colour(26), "test_images.npy": colour(9) }, /keep one or the other/);
  await refused(
    { "train_images.npy": colour(9), "test_images.npy": npy("|u1", [9, 8, 8], new Uint8Array(576)) },
    /training images of 9 x 8 pixels and test images of 8 x 8; give one size/,
  );
  await refused(
    { "train_images.npy": colour(9), "test_images.npy": colour(9), "test_labels.npy": labels(...new Array(9).fill(0)) },
    /labels for test_images\.npy alone; give train_labels\.npy and test_labels\.npy, or neither/,
  );
  await refused(
    { "images.npy": colour(26), "labels.npy": labels(1, 2) },
    /labels\.npy has the shape \(2\) for 26 images/,
  );
  const negative = encodeNpy({ shape: [26], data: new Float32Array(26).fill(-1) });
  await refused({ "images.npy": colour(26), "labels.npy": negative }, /the label -1 for image 0; labels are whole/);
});
