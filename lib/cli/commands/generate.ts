/**
 * `polysem generate --label ship --mask disk`: images on demand, by label and by mask.
 *
 * @module
 */
import type { Command } from "commander";
import {
  type FilePlan,
  type GenerationPlan,
  LABEL_NAMES,
  MOST_IMAGES,
  planFiles,
  planGeneration,
  USUAL_COUNT,
  writeGeneration,
} from "../../gan/generation/mod.ts";
import { type LoadGenerator, loadOntoEngine, WEIGHTS_HELP } from "../options/generator.ts";
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

/** Adds the command to the program. */
export function registerGenerate(program: Command, load: LoadGenerator = loadOntoEngine): void {
  program.command("generate")
    .description("Generate 32 x 32 images of CIFAR-10's labels with their object where a mask is.")
    .requiredOption("--out <dir>", "folder to write into")
    .option("--label <labels>", "names or numbers of labels, with commas between them, or all", "all")
    .option(
      "--mask <mask>",
      "a PNG or .npy file, or a shape such as disk, letter-T or disk:x=.2,y=-.1,size=.4,angle=30; may be given several times",
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
      const plan = await planGeneration(options);
      const files = planFiles(options, plan);
      await createImageFolder(options.out); // before the work
      const generator = await load(options.weights);
      const { quiet } = globalOptions(command);
      const progress = createProgress({ title: "generating", total: plan.total, unit: "images", quiet });
      try {
        const paths = writeGeneration(options.out, generator, plan, files, (done) => progress.update(done));
        progress.stop(); // a bar would stand in the result
        print(command, generator.name, plan, files, options.out, paths);
      } finally {
        generator.dispose();
      }
    });
}

function print(
  command: Command,
  generator: string,
  { labels, masks, firstLatent, count, total, seed }: GenerationPlan,
  { format, sheet }: FilePlan,
  folder: string,
  files: readonly string[],
): void {
  if (sheet !== null && sheet.shown < total) {
    printNote(command, `note: sheet.png shows ${sheet.shown} of ${total} images`);
  }
  const numberOf = (many: number, word: string) => `${many} ${word}${many === 1 ? "" : "s"}`;
  printResult(
    command,
    {
      generator,
      images: total,
      labels: labels.map((label) => LABEL_NAMES[label]),
      masks: masks.map(({ text }) => text),
      seed,
      latents: { first: firstLatent, count },
      format,
      folder,
      files,
    },
    `${total} images of ${generator} in ${folder}: ${numberOf(labels.length, "label")}, ` +
      `${numberOf(masks.length, "mask")}, ${numberOf(count, "latent")}; labels.csv says which is which`,
  );
}
