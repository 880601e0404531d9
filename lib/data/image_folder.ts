/**
 * A folder of PNG and JPEG files as a dataset. Paths, labels and hashes are in memory; an image is read when it is asked for,
 * and each time it must be, to the byte, what it was when the dataset was opened.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { cropSquare, decodeImage, imageSize, isForPeople } from "../images/mod.ts";
import type { ImageBatch } from "../types.ts";
import type { Dataset, DatasetRef, ImageSource } from "./dataset.ts";
import { type ListedImage, listFolder } from "./list_folder.ts";
import { sha256 } from "./split.ts";

/** This kind of reference. */
export const IMAGES = "images";

/** Smallest and largest side at which images are given, in pixels. */
export const [LEAST_SIDE, MOST_SIDE] = [32, 256];

/** Largest file that is read, in bytes. */
const MAX_BYTES = 2 ** 27;

/** Bytes of a sha256. */
const HASH_BYTES = 32;

/** Training or test images as another thread takes them over. */
export interface ImageFiles {
  /** Paths from the folder, their parts joined by `/`. */
  readonly paths: readonly string[];
  /** Class of each image; null where images have none. */
  readonly labels: Uint32Array | null;
  /** sha256 of each file, one after the other. */
  readonly hashes: SharedArrayBuffer;
}

/** A folder that was opened: what another thread need not find out again. */
export interface OpenedFolder {
  readonly sha256: string;
  readonly classes: readonly string[];
  /** Side at which images are given, in pixels. */
  readonly side: number;
  readonly train: ImageFiles;
  readonly test: ImageFiles;
}

/**
 * Opens a folder of images: all files are read once, for their sizes and hashes, none is decoded.
 *
 * @throws {InputError} when the folder has not what {@linkcode listFolder} lists, or one of the files is no image.
 */
export async function openImageFolder(ref: Extract<DatasetRef, { kind: "images" }>): Promise<Dataset> {
  const { directory } = ref;
  const { opened, notes } = ref.opened === undefined ? await readFolder(directory) : { opened: ref.opened, notes: [] };
  const { classes, side, train, test } = opened;
  const name = basename(resolve(directory)) || IMAGES;
  return {
    name,
    title: name,
    sha256: opened.sha256,
    classes,
    train: sourceOf(directory, train, side),
    test: sourceOf(directory, test, side),
    ref: { kind: IMAGES, directory, opened },
    notes,
  };
}

async function readFolder(directory: string): Promise<{ opened: OpenedFolder; notes: string[] }> {
  const { train, test, classes, notes } = await listFolder(directory);
  const sides = new Map<number, number>();
  const hashOf = new Map<string, string>();
  for (const { path } of [...train, ...test]) {
    const file = join(directory, path);
    const bytes = await readFile(file);
    if (isForPeople(bytes)) {
      throw new InputError(
        `${file} is a sheet or figure that polysem made to be looked at, no image; move it elsewhere`,
      );
    }
    const { height, width } = imageSize(bytes, file);
    const side = Math.min(height, width);
    sides.set(side, (sides.get(side) ?? 0) + 1);
    hashOf.set(path, sha256(bytes));
  }
  const whole = createHash("sha256");
  for (const path of [...hashOf.keys()].sort()) whole.update(`${hashOf.get(path)}  ${path}\n`); // as sha256sum writes it
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const part = (images: readonly ListedImage[]): ImageFiles => {
    const hashes = new SharedArrayBuffer(images.length * HASH_BYTES);
    images.forEach(({ path }, i) =>
      new Uint8Array(hashes, i * HASH_BYTES, HASH_BYTES).set(Uint8Array.fromHex(hashOf.get(path)!))
    );
    return {
      paths: images.map(({ path }) => path),
      labels: classes.length === 0 ? null : Uint32Array.from(images, ({ className }) => labelOf.get(className!)!),
      hashes,
    };
  };
  const opened = {
    sha256: whole.digest("hex"),
    classes,
    side: chooseSide(sides),
    train: part(train),
    test: part(test),
  };
  const labels = classes.length === 0
    ? "without labels"
    : `of ${classes.length} class${classes.length > 1 ? "es" : ""}`;
  return {
    opened,
    notes: [
      `${train.length} images to start from and ${test.length} to compare with, ${labels}, as squares of ${opened.side} px`,
      ...notes,
    ],
  };
}

/**
 * The side at which all images are given: the most common shorter side, the larger one where two are as common, within
 * 32 .. 256.
 *
 * @param sides how many images have each shorter side.
 */
export function chooseSide(sides: ReadonlyMap<number, number>): number {
  const [[side]] = [...sides].sort(([a, countA], [b, countB]) => countB - countA || b - a);
  return Math.min(Math.max(side, LEAST_SIDE), MOST_SIDE);
}

async function readFile(file: string): Promise<Uint8Array> {
  try {
    const { size } = await Deno.stat(file);
    if (size > MAX_BYTES) throw new InputError(`${file} has ${size} bytes, over ${MAX_BYTES}; make the image smaller`);
    return await Deno.readFile(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(
        `the image ${file} is gone since the folder was listed; put it back, or start anew without it`,
      );
    }
    throw new InputError(`the image ${file} cannot be read: ${messageOf(error)}; check the file`);
  }
}

function sourceOf(directory: string, { paths, labels, hashes }: ImageFiles, side: number): ImageSource {
  const known = new Uint8Array(hashes);
  const one = async (index: number): Promise<ImageBatch> => {
    const file = join(directory, paths[index]);
    const bytes = await readFile(file);
    const found = createHash("sha256").update(bytes).digest();
    if (!found.every((byte, i) => byte === known[index * HASH_BYTES + i])) {
      throw new InputError(
        `the image ${file} has changed since the folder was opened; put the old one back, or start anew`,
      );
    }
    return cropSquare(await decodeImage(bytes, file), side);
  };
  return {
    count: paths.length,
    labels,
    size: { height: side, width: side },
    images: async (indices) => {
      const perImage = side * side * 3;
      const data = new Float32Array(indices.length * perImage);
      for (let i = 0; i < indices.length; i++) data.set((await one(indices[i])).data, i * perImage);
      return { count: indices.length, height: side, width: side, data };
    },
  };
}
