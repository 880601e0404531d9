/**
 * The images in a folder: where they lie, what class they are of, and which are for tests. Nothing is opened.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { requireSome, splitByName } from "./split.ts";

/** An image in a folder. */
export interface ListedImage {
  /** Path from the folder, its parts joined by `/`. */
  readonly path: string;
  /** Name of its class; null where images have none. */
  readonly className: string | null;
}

/** The images in a folder. */
export interface ListedFolder {
  readonly train: readonly ListedImage[];
  readonly test: readonly ListedImage[];
  /** Names of the classes, sorted; none where images have none. */
  readonly classes: readonly string[];
  /** What a user should know, a line each. */
  readonly notes: readonly string[];
}

const IMAGE_NAME = /\.(png|jpe?g)$/i;

/** Names of the folder of test images, beside `train`; the first that is there is taken. */
const TEST_NAMES = ["test", "val"];

/** What one folder holds, hidden files left out, names in the order of their code units. */
interface Entries {
  readonly images: string[];
  readonly folders: string[];
  /** Other files. */
  readonly others: number;
}

/**
 * Lists a folder of PNG and JPEG files. Images lie in it (no classes) or in a folder for each class; either may be twofold,
 * in `train` and `test` (or `val`). Where it is not, one image in six is for tests, by the hash of its path.
 *
 * @throws {InputError} when the folder cannot be read, has no images, too few, links, folders in the folders of classes, or
 * images both in and beside them.
 */
export async function listFolder(directory: string): Promise<ListedFolder> {
  const top = await readEntries(directory, "");
  const testName = TEST_NAMES.find((name) => top.folders.includes(name));
  const isStated = top.folders.includes("train") && testName !== undefined;
  if (!isStated) {
    const part = await listPart(directory, "", top);
    const { train, test } = splitByName(part.images);
    if (part.images.length === 0) {
      throw new InputError(
        `${directory} holds no images; give a folder with PNG or JPEG files (flat, or a folder for each class), with ` +
          "images.npy, or with CIFAR-10's data_batch_1.bin to test_batch.bin",
      );
    }
    requireSome(directory, train.length, test.length, false);
    return { train, test, ...summary([part]) };
  }
  if (top.images.length > 0) {
    throw new InputError(
      `${directory} has images beside its folders train and ${testName}, such as ${
        top.images[0]
      }; move them into one of the two`,
    );
  }
  const parts = [];
  for (const name of ["train", testName]) {
    parts.push(await listPart(directory, name, await readEntries(directory, name)));
  }
  const [train, test] = parts.map(({ images }) => images);
  requireSome(directory, train.length, test.length, true);
  if (parts[0].isClassed !== parts[1].isClassed) {
    const [withClasses, without] = parts[0].isClassed ? ["train", testName] : [testName, "train"];
    throw new InputError(
      `${directory} has a folder for each class in ${withClasses} and none in ${without}; make both alike`,
    );
  }
  return { train, test, ...summary(parts) };
}

/** The images of one part: the folder itself, `train` or `test`. */
interface Part {
  readonly images: ListedImage[];
  readonly isClassed: boolean;
  readonly empty: string[];
  readonly others: number;
}

async function listPart(directory: string, prefix: string, { images, folders, others }: Entries): Promise<Part> {
  const within = (...names: string[]) => [prefix, ...names].filter((name) => name !== "").join("/");
  const part: Part = {
    images: images.map((name) => ({ path: within(name), className: null })),
    isClassed: images.length === 0 && folders.length > 0,
    empty: [],
    others,
  };
  let further = 0;
  for (const className of folders) {
    const inside = await readEntries(directory, within(className));
    if (inside.folders.length > 0) {
      throw new InputError(
        `${
          join(directory, within(className, inside.folders[0]))
        } is a folder in the folder of a class; images lie in ` +
          "the folder of their class itself: move them up",
      );
    }
    if (inside.images.length > 0 && images.length > 0) {
      throw new InputError(
        `${join(directory, prefix)} has images both in it (${images[0]}) and in its folder ${className}; sort all ` +
          "into folders of classes, or none",
      );
    }
    if (inside.images.length === 0) part.empty.push(within(className));
    for (const name of inside.images) part.images.push({ path: within(className, name), className });
    further += inside.others;
  }
  return { ...part, others: others + further };
}

function summary(parts: readonly Part[]): Pick<ListedFolder, "classes" | "notes"> {
  const named = parts.flatMap(({ images }) => images.flatMap(({ className }) => className ?? []));
  const classes = [...new Set(named)].sort();
  const others = parts.reduce((sum, part) => sum + part.others, 0);
  const empty = parts.flatMap((part) => part.empty);
  const files = others === 1 ? "1 file is" : `${others} files are`;
  return {
    classes,
    notes: [
      ...(classes.length === 1
        ? [`all images are of one class, ${classes[0]}: no class can be told from another`]
        : []),
      ...(others > 0 ? [`${files} left out: named neither .png nor .jpg nor .jpeg`] : []),
      ...(empty.length > 0 ? [`left out as without images: ${shortList(empty)}`] : []),
    ],
  };
}

function shortList(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

async function readEntries(directory: string, inside: string): Promise<Entries> {
  const folder = join(directory, inside);
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) entries.push(entry);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such folder" : messageOf(error);
    throw new InputError(`the images in ${folder} cannot be listed: ${why}; check the path`);
  }
  const visible = entries.filter(({ name }) => !name.startsWith(".") && name !== "__MACOSX");
  const link = visible.find(({ isSymlink }) => isSymlink);
  if (link) {
    throw new InputError(
      `${
        join(folder, link.name)
      } is a link, and what it leads to may lie anywhere; put the file or folder itself there`,
    );
  }
  const names = (wanted: (entry: Deno.DirEntry) => boolean) => visible.filter(wanted).map(({ name }) => name).sort();
  const images = names(({ isFile, name }) => isFile && IMAGE_NAME.test(name));
  const folders = names(({ isDirectory }) => isDirectory);
  return { images, folders, others: visible.length - images.length - folders.length };
}
