/**
 * What the rooms above know of a dataset: images by index, their labels if any, the names of the classes, and a hash.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import type { ImageBatch, Size } from "../types.ts";
import { CIFAR10, cifar10Directory, isCifar10Present, openCifar10 } from "./cifar10.ts";
import { ARRAY_FILES, ARRAYS, type OpenedArrays, openImageArrays } from "./image_arrays.ts";
import { IMAGES, type OpenedFolder, openImageFolder } from "./image_folder.ts";

/** Images by index, read when they are asked for. */
export interface ImageSource {
  /** Number of images N. */
  readonly count: number;
  /** Class of each image, 0 .. number of classes - 1; null where images have none. */
  readonly labels: ArrayLike<number> | null;
  /** Height and width of every image, so that a reader takes fewer large ones at once; missing where all are small. */
  readonly size?: Size;
  /**
   * The images of these indices, in their order, all of one size.
   *
   * @param indices in 0 .. N - 1; one may come more than once.
   */
  images(indices: ArrayLike<number>): Promise<ImageBatch>;
}

/** A dataset: images to learn from and to start from, and images to compare with. */
export interface Dataset {
  /** Short name, such as `cifar10`: what a run's manifest calls it. */
  readonly name: string;
  /** Name as people write it, such as `CIFAR-10`. */
  readonly title: string;
  /** Hash of all its images and labels. */
  readonly sha256: string;
  /** Names of the classes in the order of the labels; none where images have no labels. */
  readonly classes: readonly string[];
  readonly train: ImageSource;
  readonly test: ImageSource;
  /** What another thread opens the same dataset by; its images are not read again where threads can share memory. */
  readonly ref: DatasetRef;
  /** What a user should know of it, a line each; said where it is opened first. */
  readonly notes?: readonly string[];
}

/** How CIFAR-10's images are handed to another thread: shared memory, and labels, which are copied. */
export interface SharedCifar10 {
  readonly train: { readonly pixels: SharedArrayBuffer; readonly labels: Uint8Array };
  readonly test: { readonly pixels: SharedArrayBuffer; readonly labels: Uint8Array };
}

/**
 * Where a dataset is, as plain data: it crosses threads as it is, and hosts without `shared`.
 *
 * - `cifar10`: `directory` holds the official binary layout; by default that of `setup`. `shared` is memory that holds it
 *   already, checked.
 * - `images`: `directory` holds PNG and JPEG files, flat or in a folder for each class.
 * - `arrays`: `directory` holds `images.npy`, or `train_images.npy` and `test_images.npy`.
 *
 * `opened` is what was found out when the dataset was opened, so that it is not read through again; a file that is another
 * since then is refused when it is read.
 */
export type DatasetRef =
  | { readonly kind: "cifar10"; readonly directory?: string; readonly shared?: SharedCifar10 }
  | { readonly kind: "images"; readonly directory: string; readonly opened?: OpenedFolder }
  | { readonly kind: "arrays"; readonly directory: string; readonly opened?: OpenedArrays };

/** The kinds of datasets that are known. */
export const DATASETS: readonly DatasetRef["kind"][] = [CIFAR10, IMAGES, ARRAYS];

/** The dataset that is used where none is named. */
export const DEFAULT_DATASET: DatasetRef = { kind: CIFAR10 };

/** Where a dataset lies, and whether it does; nothing of it is read. */
export interface DatasetPlace {
  /** Name as people write it. */
  readonly title: string;
  readonly directory: string;
  readonly present: boolean;
}

/** Looks for a dataset. */
export function locateDataset(ref: DatasetRef): DatasetPlace {
  if (ref.kind === CIFAR10 || ref.directory === undefined) {
    const directory = ref.directory ?? cifar10Directory();
    return { title: "CIFAR-10", directory, present: isCifar10Present(directory) };
  }
  const { directory } = ref;
  return { title: basename(resolve(directory)), directory, present: isFolder(directory) };
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/**
 * What kind of dataset a folder holds, by the names of its files: CIFAR-10's official ones, .npy files, or else images.
 *
 * @throws {InputError} when there is no such folder, or it holds CIFAR-10 in a layout that is not read.
 */
export function datasetIn(directory: string): DatasetRef {
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(directory), ({ name }) => name);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such folder" : messageOf(error);
    throw new InputError(`the dataset ${directory} cannot be opened: ${why}; give --data the path of a folder`);
  }
  if (names.some((name) => /^(data_batch_\d|test_batch)\.bin$/.test(name))) return { kind: CIFAR10, directory };
  if (names.includes("data_batch_1")) {
    throw new InputError(`${directory} holds CIFAR-10 as Python objects; give the folder of its binary version (.bin)`);
  }
  const isArrays = ARRAY_FILES.some((file) => names.includes(file));
  return { kind: isArrays ? ARRAYS : IMAGES, directory };
}

/**
 * Opens a dataset and verifies all of it.
 *
 * @throws {InputError} naming what is missing, truncated or altered.
 */
export async function openDataset(ref: DatasetRef): Promise<Dataset> {
  switch (ref.kind) {
    case "cifar10":
      return await openCifar10(ref);
    case "images":
      return await openImageFolder(ref);
    case "arrays":
      return await openImageArrays(ref);
    default: // a reference comes from another version's file, or from a caller without types
      throw new InputError(
        `there is no dataset of the kind ${JSON.stringify((ref as { kind: unknown }).kind)}; known is ${
          DATASETS.join(", ")
        }`,
      );
  }
}

/** The first images of a source, all of them where there are no more. */
export function firstImages(source: ImageSource, most: number): ImageSource {
  const count = Math.min(most, source.count);
  return {
    count,
    size: source.size,
    labels: source.labels && Array.from({ length: count }, (_, i) => source.labels![i]),
    images: (indices) => source.images(indices),
  };
}

/** Indices `from` .. `to` - 1. */
export function indexRange(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
