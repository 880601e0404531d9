/**
 * `polysem generate --label ship --mask disk`: images on demand, by label and by mask.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import { type ImageGenerator, LATENT, latentOf } from "../../gan/network/mod.ts";
import { MASK_SIZE } from "../../gan/masks/mod.ts";
import { CIFAR10_CLASSES } from "../../data/mod.ts";
import { contactSheet, encodePng } from "../../images/mod.ts";
import { toCsv } from "../../csv.ts";
import { encodeNpyHeader, writeWhole } from "../../store/mod.ts";
import type { ImageBatch } from "../../types.ts";
import { type LoadGenerator, loadOntoEngine, WEIGHTS_HELP } from "../options/generator.ts";
import { GrowingFile, npyEntries } from "../console/growing_file.ts";
import { MASK_HELP, type NamedMask, readMasks } from "../options/mask.ts";
import { integerOption, seedOption } from "../options/values.ts";
import { globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";
import { createImageFolder } from "../console/write_images.ts";

interface GenerateOptions {
  readonly label: string;
  readonly mask: readonly string[];
  readonly count?: number;
  readonly latent?: number;
  readonly seed: number;
  readonly out: string;
  readonly format: string;
  readonly scale: number;
  readonly sheet?: boolean;
  readonly weights?: string;
}

/** Most images of one command. */
const MOST_IMAGES = 1_000_000;
const USUAL_COUNT = 16;
const FORMATS = ["png", "npy"];
/** Images generated and written at a time: what is held in memory, whatever their number. */
const BATCH = 200;

/** Adds the command to the program. */
export function registerGenerate(program: Command, load: LoadGenerator = loadOntoEngine): void {
  program.command("generate")
    .description("Generate 32 x 32 images of CIFAR-10's labels with their object where a mask is.")
    .requiredOption("--out <dir>", "folder to write into")
    .option("--label <labels>", "names or numbers of labels, with commas between them, or all", "all")
    .option(
      "--mask <mask>",
      `${MASK_HELP}; may be given several times`,
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--count <n>", `images of each label and mask (default: ${USUAL_COUNT})`, integerOption(1, MOST_IMAGES))
    .option("--latent <n>", "one image of each label and mask, all of this latent", integerOption(0, MOST_IMAGES))
    .option("--seed <n>", "seed of the latents", seedOption, 0)
    .option("--format <format>", "png: a file each; npy: images.npy, labels.npy and masks.npy", "png")
    .option("--scale <n>", "times that each pixel of a PNG is repeated in both directions", integerOption(1, 32), 1)
    .option("--sheet", "write sheet.png too: the first images of each label and mask side by side")
    .option("--weights <file>", WEIGHTS_HELP)
    .action(async (options: GenerateOptions, command: Command) => {
      const job = await planImages(options);
      await createImageFolder(options.out); // before the work
      const generator = await load(options.weights);
      const progress = createProgress({
        title: "generating",
        total: job.total,
        unit: "images",
        quiet: globalOptions(command).quiet,
      });
      try {
        const files = generateInto(options.out, generator, job, (done) => progress.update(done));
        progress.stop(); // a bar would stand in the result
        if (job.sheet !== null && job.sheet.shown < job.total) {
          printNote(command, `note: sheet.png shows ${job.sheet.shown} of ${job.total} images`);
        }
        const { total, seed, labels, masks, format } = job;
        printResult(
          command,
          {
            generator: generator.name,
            images: total,
            labels: labels.map((label) => CIFAR10_CLASSES[label]),
            masks: masks.map(({ text }) => text),
            seed,
            latents: { first: job.firstLatent, count: job.count },
            format,
            folder: options.out,
            files,
          },
          `${total} images of ${generator.name} in ${options.out}: ${labels.length} ${
            plural("label", labels.length)
          }, ` +
            `${masks.length} ${plural("mask", masks.length)}, ${job.count} ${plural("latent", job.count)}; ` +
            "labels.csv says which is which",
        );
      } finally {
        generator.dispose();
      }
    });
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** Images to be made: by label, then mask, then latent. */
interface Job {
  readonly labels: readonly number[];
  readonly masks: readonly NamedMask[];
  /** Latents `firstLatent` and on, the same for all labels and masks. */
  readonly firstLatent: number;
  readonly count: number;
  readonly total: number;
  readonly seed: number;
  readonly format: string;
  readonly scale: number;
  /** Images on the sheet, and those of each label and mask; null for no sheet. */
  readonly sheet: { readonly columns: number; readonly each: number; readonly shown: number } | null;
}

/** @throws {InputError} when an option is wrong, or options contradict each other. */
async function planImages(options: GenerateOptions): Promise<Job> {
  const { latent, seed, format, scale } = options;
  if (!FORMATS.includes(format)) throw new InputError(`there is no format "${format}"; choose ${FORMATS.join(" or ")}`);
  if (format === "npy" && scale !== 1) {
    throw new InputError("--scale is for PNG files, and .npy files hold images as they are; leave one out");
  }
  if (latent !== undefined && (options.count ?? 1) !== 1) {
    throw new InputError(
      `--latent ${latent} makes one image of each label and mask, and --count asks for ${options.count}; leave one out`,
    );
  }
  const labels = parseLabels(options.label);
  const masks = await readMasks(options.mask.length === 0 ? ["disk"] : options.mask);
  const count = latent === undefined ? options.count ?? USUAL_COUNT : 1;
  const total = count * labels.length * masks.length;
  if (total > MOST_IMAGES) {
    throw new InputError(
      `${count} images of ${labels.length} labels and ${masks.length} masks are ${total}, over ${MOST_IMAGES}; ` +
        "ask for fewer at a time",
    );
  }
  return {
    labels,
    masks,
    firstLatent: latent ?? 0,
    count,
    total,
    seed,
    format,
    scale,
    sheet: options.sheet ? planSheet(labels.length, masks.length, count) : null,
  };
}

/** The sheet of a job: no more than a picture of some millions of pixels. */
function planSheet(labels: number, masks: number, count: number): NonNullable<Job["sheet"]> {
  const [most, rows] = [16, 100];
  const pairs = labels * masks;
  if (pairs === 1) {
    const each = Math.min(count, most * most);
    return { columns: Math.min(each, most), each, shown: each };
  }
  const each = Math.min(count, most);
  // a row for each label and mask; of single images, one for each label
  const columns = each > 1 ? each : Math.min(masks > 1 ? masks : labels, most);
  return { columns, each, shown: Math.min(pairs * each, columns * rows) };
}

/**
 * Reads labels.
 *
 * @param text names or numbers with commas between them, or `all`.
 * @returns CIFAR-10's numbers.
 * @throws {InputError} when there is no such label, or one comes twice.
 */
export function parseLabels(text: string): number[] {
  if (text.trim() === "all") return CIFAR10_CLASSES.map((_, label) => label);
  const labels: number[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const label = /^\d+$/.test(part) ? Number(part) : CIFAR10_CLASSES.findIndex((name) => name === part.toLowerCase());
    if (!(label >= 0 && label < CIFAR10_CLASSES.length)) {
      throw new InputError(
        `there is no label ${JSON.stringify(part)}; choose among ${CIFAR10_CLASSES.join(", ")} (or 0 to 9), or all`,
      );
    }
    if (labels.includes(label)) {
      throw new InputError(`the label ${CIFAR10_CLASSES[label]} is given twice; give it once`);
    }
    labels.push(label);
  }
  return labels;
}

const COLUMNS = ["file", "label", "label_name", "mask", "seed", "latent"] as const;

/**
 * Generates and writes batch by batch.
 *
 * @returns paths of the files but for single images.
 * @throws {InputError} when the folder cannot be written.
 */
function generateInto(folder: string, generator: ImageGenerator, job: Job, onDone: (images: number) => void): string[] {
  const { total, sheet } = job;
  const files = new Map<string, GrowingFile>();
  const begin = (name: string, first: Uint8Array) => {
    const file = new GrowingFile(join(folder, name));
    files.set(name, file);
    file.write(first);
  };
  const text = new TextEncoder();
  const head = toCsv(COLUMNS, []);
  const onSheet: Float32Array[] = [];
  try {
    begin("labels.csv", text.encode(head));
    if (job.format === "npy") {
      begin("images.npy", encodeNpyHeader([total, MASK_SIZE, MASK_SIZE, 3], "f4"));
      begin("labels.npy", encodeNpyHeader([total], "f4"));
      begin("masks.npy", encodeNpyHeader([total, MASK_SIZE, MASK_SIZE], "f4"));
    }
    for (let start = 0; start < total; start += BATCH) {
      const places = placesOf(job, start, Math.min(total, start + BATCH));
      const { images, labels, masks } = generateAt(generator, job, places);
      if (job.format === "npy") {
        files.get("images.npy")!.write(npyEntries(images.data));
        files.get("labels.npy")!.write(npyEntries(labels));
        files.get("masks.npy")!.write(npyEntries(masks));
      } else {
        places.forEach((place, i) => writeImage(join(folder, place.file), imageOf(images, i, job.scale)));
      }
      const rows = places.map(({ file, label, mask, latent }) => ({
        file,
        label,
        label_name: CIFAR10_CLASSES[label],
        mask: mask.text,
        seed: job.seed,
        latent,
      }));
      files.get("labels.csv")!.write(text.encode(toCsv(COLUMNS, rows).slice(head.length)));
      places.forEach(({ latent }, i) => {
        if (sheet === null || latent - job.firstLatent >= sheet.each || onSheet.length >= sheet.shown) return;
        onSheet.push(imageOf(images, i, 1).data);
      });
      onDone(start + places.length);
    }
    for (const file of files.values()) file.finish();
  } finally {
    for (const file of files.values()) file.discard();
  }
  const paths = [...files.values()].map(({ path }) => path);
  if (sheet === null) return paths;
  const path = join(folder, "sheet.png");
  writeWhole(path, encodePng(sheetOf(onSheet, sheet.columns)));
  return [...paths, path];
}

/** What one image is made of, and where it goes. */
interface Place {
  readonly file: string;
  readonly label: number;
  readonly mask: NamedMask;
  readonly latent: number;
}

function placesOf({ masks, labels, count, firstLatent, format }: Job, from: number, to: number): Place[] {
  const digits = String(firstLatent + count - 1).length;
  return Array.from({ length: to - from }, (_, i) => {
    const pair = Math.floor((from + i) / count);
    const label = labels[Math.floor(pair / masks.length)];
    const mask = masks[pair % masks.length];
    const latent = firstLatent + (from + i) % count;
    const name = `${CIFAR10_CLASSES[label]}_${mask.name}_${String(latent).padStart(digits, "0")}.png`;
    return { file: format === "npy" ? "images.npy" : name, label, mask, latent };
  });
}

function generateAt(
  generator: ImageGenerator,
  { seed }: Job,
  places: readonly Place[],
): { images: ImageBatch; labels: Float32Array; masks: Float32Array } {
  const pixels = MASK_SIZE ** 2;
  const latents = new Float32Array(places.length * LATENT);
  const masks = new Float32Array(places.length * pixels);
  places.forEach(({ latent, mask }, i) => {
    latents.set(latentOf(seed, latent), i * LATENT);
    masks.set(mask.mask, i * pixels);
  });
  const labels = Float32Array.from(places, ({ label }) => label);
  return { images: generator.generate({ latents, labels, masks }), labels, masks };
}

/** One image of a batch by itself, enlarged. */
function imageOf({ height, width, data }: ImageBatch, index: number, scale: number): ImageBatch {
  const size = height * width * 3;
  const single = { count: 1, height, width, data: data.slice(index * size, (index + 1) * size) };
  return scale === 1 ? single : contactSheet(single, { columns: 1, padding: 0, scale });
}

function writeImage(path: string, image: ImageBatch): void {
  try {
    Deno.writeFileSync(path, encodePng(image));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new InputError(`${path} cannot be written: ${messageOf(error)}; choose another folder with --out`);
  }
}

function sheetOf(images: readonly Float32Array[], columns: number): ImageBatch {
  const size = MASK_SIZE ** 2 * 3;
  const data = new Float32Array(images.length * size);
  images.forEach((image, i) => data.set(image, i * size));
  const batch = { count: images.length, height: MASK_SIZE, width: MASK_SIZE, data };
  return contactSheet(batch, { columns, padding: 2, scale: 2 });
}
