/**
 * Generated images as files: PNG or .npy, a table of what they are, and a sheet.
 *
 * @module
 */
import { join } from "node:path";
import { toCsv } from "../../csv.ts";
import { InputError } from "../../errors.ts";
import { contactSheet, encodePng, markForPeople } from "../../images/mod.ts";
import { encodeNpyHeader } from "../../npy.ts";
import type { ImageBatch } from "../../types.ts";
import { MASK_SIZE } from "../masks/mod.ts";
import { type ImageGenerator, LABEL_NAMES } from "../network/image_generator.ts";
import {
  type GeneratedImages,
  generatePlanned,
  type GenerationPlan,
  type PlannedImage,
  plannedImages,
} from "./plan_generation.ts";
import { UnfinishedFile, writeWhole } from "../../whole_file.ts";

/** How images are written. */
export interface FileRequest {
  /** `png`: a file for each image. `npy`: one file of all images, one of labels and one of masks. */
  readonly format: string;
  /** How often each pixel of a PNG is repeated in both directions. */
  readonly scale: number;
  /** Whether a sheet of the first images is written too. */
  readonly sheet?: boolean;
}

/** Which images are on a sheet. */
export interface SheetPlan {
  readonly columns: number;
  /** Images of each label and mask. */
  readonly each: number;
  /** Images on the sheet. */
  readonly shown: number;
}

/** How the images of a plan are written. */
export interface FilePlan {
  readonly format: "png" | "npy";
  readonly scale: number;
  /** Null for no sheet. */
  readonly sheet: SheetPlan | null;
}

/** Images generated and written at a time: only these are in memory. */
const BATCH = 200;
/** Most columns of a sheet. */
const SHEET_COLUMNS = 16;
/** Most rows of a sheet of several labels or masks: a sheet has some millions of pixels at most. */
const SHEET_ROWS = 100;

/**
 * Plans the files of images.
 *
 * @throws {InputError} when there is no such format, or when it cannot be scaled.
 */
export function planFiles({ format, scale, sheet = false }: FileRequest, plan: GenerationPlan): FilePlan {
  if (format !== "png" && format !== "npy") {
    throw new InputError(`there is no format "${format}"; choose png or npy`);
  }
  if (format === "npy" && scale !== 1) {
    throw new InputError("--scale is for PNG files, and .npy files hold images as they are; leave one out");
  }
  return { format, scale, sheet: sheet ? planSheet(plan) : null };
}

/** A row for each label and mask. Single images have a row for each label, and a single pair fills a square. */
function planSheet({ labels, masks, count }: GenerationPlan): SheetPlan {
  const pairs = labels.length * masks.length;
  if (pairs === 1) {
    const each = Math.min(count, SHEET_COLUMNS ** 2);
    return { columns: Math.min(each, SHEET_COLUMNS), each, shown: each };
  }
  const each = Math.min(count, SHEET_COLUMNS);
  const columns = each > 1 ? each : Math.min(masks.length > 1 ? masks.length : labels.length, SHEET_COLUMNS);
  return { columns, each, shown: Math.min(pairs * each, columns * SHEET_ROWS) };
}

const COLUMNS = ["file", "label", "label_name", "mask", "seed", "latent"] as const;
/** The first line of the table: the names of its columns. */
const HEAD = toCsv(COLUMNS, []);

/**
 * Generates the images of a plan and writes them, batch by batch.
 *
 * @param folder there already.
 * @param onDone called with the number of images done.
 * @returns paths of all files but those of single images.
 * @throws {InputError} when the folder cannot be written; then no file is left half written.
 */
export function writeGeneration(
  folder: string,
  generator: ImageGenerator,
  plan: GenerationPlan,
  files: FilePlan,
  onDone: (images: number) => void = () => {},
): string[] {
  const { format, scale, sheet } = files;
  const opened: UnfinishedFile[] = [];
  const open = (name: string, beginning: Uint8Array): UnfinishedFile => {
    const file = new UnfinishedFile(join(folder, name), "choose another folder with --out");
    opened.push(file);
    file.write(beginning);
    return file;
  };
  const onSheet: Float32Array[] = [];
  try {
    const table = open("labels.csv", encodeText(HEAD));
    const arrays = format === "npy" ? openArrays(open, plan.total) : [];
    for (let start = 0; start < plan.total; start += BATCH) {
      const planned = plannedImages(plan, start, Math.min(plan.total, start + BATCH));
      const made = generatePlanned(generator, plan, planned);
      const names = planned.map((image) => format === "npy" ? "images.npy" : nameOf(image, plan));
      if (format === "png") {
        names.forEach((name, i) => writeWhole(join(folder, name), encodePng(imageOf(made.images, i, scale))));
      }
      for (const { file, entriesOf } of arrays) file.write(npyEntries(entriesOf(made)));
      table.write(encodeText(rowsOf(planned, names, plan)));
      planned.forEach(({ latent }, i) => {
        if (sheet === null || latent - plan.firstLatent >= sheet.each || onSheet.length >= sheet.shown) return;
        onSheet.push(imageOf(made.images, i, 1).data);
      });
      onDone(start + planned.length);
    }
    for (const file of opened) file.finish();
  } finally {
    for (const file of opened) file.discard();
  }
  const paths = opened.map(({ path }) => path);
  if (sheet === null) return paths;
  const path = join(folder, "sheet.png");
  writeWhole(path, markForPeople(encodePng(sheetOf(onSheet, sheet.columns))));
  return [...paths, path];
}

/** An array that is written batch by batch. */
interface GrowingArray {
  readonly file: UnfinishedFile;
  readonly entriesOf: (made: GeneratedImages) => Float32Array;
}

/** Begins the .npy files of so many images, with their headers. */
function openArrays(open: (name: string, beginning: Uint8Array) => UnfinishedFile, total: number): GrowingArray[] {
  const begin = (name: string, shape: number[], entriesOf: GrowingArray["entriesOf"]): GrowingArray => ({
    file: open(name, encodeNpyHeader(shape, "f4")),
    entriesOf,
  });
  return [
    begin("images.npy", [total, MASK_SIZE, MASK_SIZE, 3], ({ images }) => images.data),
    begin("labels.npy", [total], ({ labels }) => labels),
    begin("masks.npy", [total, MASK_SIZE, MASK_SIZE], ({ masks }) => masks),
  ];
}

/** The name of an image's file. Latents have equally many digits, so that names sort by them. */
function nameOf({ label, mask, latent }: PlannedImage, { firstLatent, count }: GenerationPlan): string {
  const digits = String(firstLatent + count - 1).length;
  return `${LABEL_NAMES[label]}_${mask.name}_${String(latent).padStart(digits, "0")}.png`;
}

/** Rows of the table, without the names of its columns. */
function rowsOf(planned: readonly PlannedImage[], names: readonly string[], { seed }: GenerationPlan): string {
  const rows = planned.map(({ label, mask, latent }, i) => ({
    file: names[i],
    label,
    label_name: LABEL_NAMES[label],
    mask: mask.text,
    seed,
    latent,
  }));
  return toCsv(COLUMNS, rows).slice(HEAD.length);
}

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One image of a batch by itself, enlarged. */
function imageOf({ height, width, data }: ImageBatch, index: number, scale: number): ImageBatch {
  const size = height * width * 3;
  const single = { count: 1, height, width, data: data.slice(index * size, (index + 1) * size) };
  return scale === 1 ? single : contactSheet(single, { columns: 1, padding: 0, scale });
}

function sheetOf(images: readonly Float32Array[], columns: number): ImageBatch {
  const size = MASK_SIZE ** 2 * 3;
  const data = new Float32Array(images.length * size);
  images.forEach((image, i) => data.set(image, i * size));
  const batch = { count: images.length, height: MASK_SIZE, width: MASK_SIZE, data };
  return contactSheet(batch, { columns, padding: 2, scale: 2 });
}

/**
 * Numbers as bytes, in the order of .npy files: little-endian, which is the order of all machines that Deno runs on.
 */
function npyEntries(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
