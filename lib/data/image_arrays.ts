/**
 * Images in .npy files as a dataset: `images.npy`, or `train_images.npy` and `test_images.npy`, with labels beside them or
 * without. Pixels stay in the files; what is asked for is read at its place.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { decodeNpy, decodeNpyHeader, NPY_HEADER_BYTES, type NpyHeader, requireLength } from "../npy.ts";
import type { Dataset, DatasetRef, ImageSource } from "./dataset.ts";
import { requireSome, TEST_SHARE } from "./split.ts";

/** This kind of reference. */
export const ARRAYS = "arrays";

/** Smallest and largest height and width, in pixels. */
const [LEAST_SIDE, MOST_SIDE] = [8, 512];

/** Types of pixels: bytes, or floats in [0, 1]. */
const TYPES = ["u1", "f2", "f4", "f8"];

/** Highest label. */
const MAX_LABEL = 99_999;

/** Bytes that are read at a time while a file is hashed; a multiple of any entry's size. */
const READ_BYTES = 2 ** 20;

/** A file of images that was opened: what another thread need not find out again. */
export interface OpenedArray {
  /** Name of the file in the folder. */
  readonly file: string;
  readonly shape: readonly number[];
  /** Its length and when it was last written, by which a change is seen. */
  readonly size: number;
  readonly modified: number;
}

/** Training or test images: some of a file. */
export interface ArrayPart {
  readonly array: OpenedArray;
  /** Place of each image in the file. */
  readonly places: Uint32Array;
  readonly labels: Uint32Array | null;
}

/** Files that were opened. */
export interface OpenedArrays {
  readonly sha256: string;
  readonly classes: readonly string[];
  readonly train: ArrayPart;
  readonly test: ArrayPart;
}

/** The files of images that make a dataset; of each the file of labels has the name with `labels` for `images`. */
export const ARRAY_FILES = ["images.npy", "train_images.npy", "test_images.npy"] as const;

/**
 * Opens images in .npy files, of shape [N, H, W, 3] or, in grey, [N, H, W] or [N, H, W, 1]: bytes, or floats in [0, 1].
 * Every sixth image of `images.npy` is for tests.
 *
 * @throws {InputError} naming the file that is missing, cut off or holds something else.
 */
export async function openImageArrays(ref: Extract<DatasetRef, { kind: "arrays" }>): Promise<Dataset> {
  const { directory } = ref;
  const { opened, notes } = ref.opened === undefined ? await readArrays(directory) : { opened: ref.opened, notes: [] };
  const name = basename(resolve(directory)) || ARRAYS;
  return {
    name,
    title: name,
    sha256: opened.sha256,
    classes: opened.classes,
    train: sourceOf(directory, opened.train),
    test: sourceOf(directory, opened.test),
    ref: { kind: ARRAYS, directory, opened },
    notes,
  };
}

async function readArrays(directory: string): Promise<{ opened: OpenedArrays; notes: string[] }> {
  const there = (file: string) => {
    try {
      return Deno.statSync(join(directory, file)).isFile;
    } catch {
      return false;
    }
  };
  const isOne = there("images.npy");
  if (isOne && (there("train_images.npy") || there("test_images.npy"))) {
    throw new InputError(
      `${directory} has images.npy beside train_images.npy or test_images.npy; keep one or the other`,
    );
  }
  const files = isOne ? ["images.npy"] : ["train_images.npy", "test_images.npy"];
  const missing = files.find((file) => !there(file));
  if (missing !== undefined) {
    throw new InputError(
      `${directory} has no ${missing}; give images.npy, or both train_images.npy and test_images.npy`,
    );
  }
  const read = [];
  for (const file of files) read.push(await readArray(directory, file, there(labelsOf(file))));
  const labelled = read.filter(({ labels }) => labels !== null);
  if (labelled.length === 1 && read.length === 2) {
    throw new InputError(
      `${directory} has labels for ${labelled[0].array.file} alone; give ${
        files.map(labelsOf).join(" and ")
      }, or neither`,
    );
  }
  const [first, second = first] = read;
  const isTest = (place: number) => place % TEST_SHARE === TEST_SHARE - 1;
  const train = isOne ? chosen(first, (place) => !isTest(place)) : chosen(first, () => true);
  const test = isOne ? chosen(first, isTest) : chosen(second, () => true);
  requireSome(directory, train.places.length, test.places.length, !isOne);
  const [height, width] = first.array.shape.slice(1);
  if (second.array.shape[1] !== height || second.array.shape[2] !== width) {
    throw new InputError(
      `${directory} has training images of ${width} x ${height} pixels and test images of ${second.array.shape[2]} x ${
        second.array.shape[1]
      }; give one size`,
    );
  }
  const highest = labelled.reduce((most, { labels }) => labels!.reduce((a, b) => Math.max(a, b), most), -1);
  const classes = Array.from({ length: highest + 1 }, (_, label) => String(label));
  const whole = createHash("sha256");
  for (const { hashes } of read) for (const [file, hash] of hashes) whole.update(`${hash}  ${file}\n`);
  const labels = labelled.length === 0 ? "without labels" : `with labels 0 to ${highest}`;
  return {
    opened: { sha256: whole.digest("hex"), classes, train, test },
    notes: [
      `${train.places.length} images to start from and ${test.places.length} to compare with, ${labels}, of ${width} x ` +
      `${height} px`,
      ...(highest === 0 ? ["all images have the label 0: no class can be told from another"] : []),
    ],
  };
}

function labelsOf(file: string): string {
  return file.replace("images", "labels");
}

/** A file of images and its labels, read through once. */
interface ReadArray {
  readonly array: OpenedArray;
  readonly labels: Uint32Array | null;
  /** The files with their sha256. */
  readonly hashes: readonly (readonly [string, string])[];
}

function chosen({ array, labels }: ReadArray, isWanted: (place: number) => boolean): ArrayPart {
  const places = Uint32Array.from(Array.from({ length: array.shape[0] }, (_, place) => place).filter(isWanted));
  return { array, places, labels: labels && places.map((place) => labels[place]) };
}

async function readArray(directory: string, file: string, hasLabels: boolean): Promise<ReadArray> {
  const path = join(directory, file);
  try {
    using handle = await Deno.open(path);
    const { size, mtime } = await handle.stat();
    const header = await readHeader(handle, path, size);
    const { shape } = header;
    const hash = createHash("sha256");
    await handle.seek(0, Deno.SeekMode.Start);
    hash.update(await readExactly(handle, header.start, path));
    for (let at = 0; at < header.bytes; at += READ_BYTES) {
      const bytes = await readExactly(handle, Math.min(READ_BYTES, header.bytes - at), path);
      hash.update(bytes);
      if (header.type !== "u1") requireUnitRange(header.entries(bytes), path);
    }
    const hashes: [string, string][] = [[file, hash.digest("hex")]];
    let labels: Uint32Array | null = null;
    if (hasLabels) {
      const content = await Deno.readFile(join(directory, labelsOf(file)));
      hashes.push([labelsOf(file), createHash("sha256").update(content).digest("hex")]);
      labels = decodeLabels(content, join(directory, labelsOf(file)), shape[0]);
    }
    return { array: { file, shape, size, modified: mtime?.getTime() ?? 0 }, labels, hashes };
  } catch (error) {
    throw error instanceof InputError
      ? error
      : new InputError(`the images in ${path} cannot be read: ${messageOf(error)}; check the file`);
  }
}

async function readHeader(handle: Deno.FsFile, path: string, size: number): Promise<NpyHeader> {
  const header = decodeNpyHeader(await readExactly(handle, Math.min(size, NPY_HEADER_BYTES), path), path);
  const { shape, type, fortran } = header;
  const isGrey = shape.length === 3 || (shape.length === 4 && shape[3] === 1);
  if (!isGrey && !(shape.length === 4 && shape[3] === 3)) {
    throw new InputError(
      `${path} has the shape (${
        shape.join(", ")
      }), which is not that of images; save (N, H, W, 3), or (N, H, W) in grey`,
    );
  }
  if ([shape[1], shape[2]].some((side) => side < LEAST_SIDE || side > MOST_SIDE)) {
    throw new InputError(
      `${path} has images of ${shape[2]} x ${shape[1]} pixels; give sides of ${LEAST_SIDE} to ${MOST_SIDE}`,
    );
  }
  if (!TYPES.includes(type)) {
    throw new InputError(`${path} has pixels of the type ${type}; save uint8, or floats in [0, 1]`);
  }
  if (fortran) throw new InputError(`${path} is in Fortran order; save numpy.ascontiguousarray(images)`);
  requireLength(header, size, path);
  return header;
}

function requireUnitRange(entries: ArrayLike<number>, path: string): void {
  for (let i = 0; i < entries.length; i++) {
    if (!(entries[i] >= 0 && entries[i] <= 1)) {
      throw new InputError(
        `${path} has the value ${entries[i]}; floats must lie in [0, 1]: divide by 255, or save uint8`,
      );
    }
  }
}

function decodeLabels(content: Uint8Array, path: string, count: number): Uint32Array {
  const { shape, data } = decodeNpy(content, path);
  if (data.length !== count || shape.filter((n) => n !== 1).length > 1) {
    throw new InputError(`${path} has the shape (${shape.join(", ")}) for ${count} images; save one label for each`);
  }
  const bad = data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label <= MAX_LABEL));
  if (bad >= 0) {
    throw new InputError(`${path} has the label ${data[bad]} for image ${bad}; labels are whole numbers from 0`);
  }
  return Uint32Array.from(data);
}

async function readExactly(handle: Deno.FsFile, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await handle.read(bytes.subarray(at));
    if (read === null) throw new InputError(`${path} became shorter while it was read; put it back, and start anew`);
    at += read;
  }
  return bytes;
}

function sourceOf(directory: string, { array, places, labels }: ArrayPart): ImageSource {
  const path = join(directory, array.file);
  const [, height, width, channels = 1] = array.shape;
  return {
    count: places.length,
    labels,
    size: { height, width },
    images: async (indices) => {
      const data = new Float32Array(indices.length * height * width * 3);
      let at = 0;
      try {
        using handle = await Deno.open(path);
        const { size, mtime } = await handle.stat();
        if (size !== array.size || (mtime?.getTime() ?? 0) !== array.modified) {
          throw new InputError(`${path} has changed since it was opened; put the old one back, or start anew`);
        }
        const header = await readHeader(handle, path, size);
        const perImage = header.bytes / array.shape[0];
        const white = header.type === "u1" ? 255 : 1;
        for (let i = 0; i < indices.length; i++) {
          await handle.seek(header.start + places[indices[i]] * perImage, Deno.SeekMode.Start);
          const entries = header.entries(await readExactly(handle, perImage, path));
          for (let pixel = 0; pixel < height * width; pixel++) {
            for (let c = 0; c < 3; c++) data[at++] = entries[pixel * channels + (channels === 1 ? 0 : c)] / white;
          }
        }
      } catch (error) {
        throw error instanceof InputError
          ? error
          : new InputError(`the images in ${path} cannot be read: ${messageOf(error)}; put the file back`);
      }
      return { count: indices.length, height, width, data };
    },
  };
}
