/**
 * `polysem validate gan`: is the generator any good?
 *
 * @module
 */
import type { Command } from "commander";
import { dirname, join } from "node:path";
import { InputError } from "../../../errors.ts";
import { isStandardOutput } from "../../../streams.ts";
import { cifar10Ref, type DataOptions, withCifar10Option } from "../../options/data.ts";
import { type LoadGenerator, loadOntoEngine, WEIGHTS_HELP } from "../../options/generator.ts";
import { integerOption, seedOption } from "../../options/values.ts";
import { jsonText } from "../../console/json_names.ts";
import { formatTable, globalOptions, printNote, printWritten, refuseTwoOutputs } from "../../console/output.ts";
import { refuseUnwritable } from "../../console/out_file.ts";
import { createProgress, type Progress } from "../../console/progress.ts";
import { writeWhole } from "../../../whole_file.ts";

interface GanOptions extends DataOptions {
  readonly count: number;
  readonly seed: number;
  readonly weights?: string;
  readonly out?: string;
  readonly card?: boolean;
}

/** Images to measure: at least five of each label, at most as many as there are training images. */
const COUNT = { least: 50, most: 50_000, usual: 5000 };

/** Adds the command to `validate`. */
export function registerValidateGan(validate: Command, load: LoadGenerator = loadOntoEngine): void {
  withCifar10Option(
    validate.command("gan")
      .description("Do generated images show their label, follow their mask, and look like real ones?")
      .option("--count <n>", "images to measure", integerOption(COUNT.least, COUNT.most), COUNT.usual)
      .option("--seed <n>", "seed of latents, masks and samples", seedOption, 0)
      .option("--weights <file>", WEIGHTS_HELP)
      .option("--out <file>", "write the measures as JSON into this file too")
      .option("--card", "write them and the card anew beside the committed generator, models/gan-cifar10"),
  ).action(async (options: GanOptions, command: Command) => {
    const { count, seed, out } = options;
    const { quiet } = globalOptions(command);
    if (options.card && options.weights !== undefined) {
      throw new InputError("--card is the committed generator's, and --weights names another; leave one out");
    }
    refuseTwoOutputs(command, out);
    if (out !== undefined) {
      await requireFolder(out); // before minutes of work
      refuseUnwritable(out);
    }
    const { openDataset } = await import("../../../data/mod.ts");
    const { measureGenerator, SUMMARY_HEAD, summaryRows } = await import("../../../gan/measures/mod.ts");
    const dataset = await openDataset(cifar10Ref(options));
    const generator = await load(options.weights);
    try {
      let progress: Progress | undefined;
      const measures = await measureGenerator(generator, dataset, {
        count,
        seed,
        onProgress: (done, total, doing) => {
          progress ??= createProgress({ title: "measuring", total, unit: "images", quiet });
          progress.update(done, doing);
        },
      });
      progress?.stop();
      if (out !== undefined) {
        writeWhole(out, jsonText(measures));
        printNote(command, `note: the measures are in ${out}`);
      }
      if (options.card) {
        const { MODELS_DIRECTORY } = await import("../../../weights/mod.ts");
        const { writeMeasures } = await import("../../../gan/training/mod.ts");
        const folder = join(MODELS_DIRECTORY, generator.name);
        await writeMeasures(folder, measures);
        printNote(command, `note: the card is ${join(folder, "card.md")}`);
      }
      printWritten(command, out ?? "", measures, () =>
        formatTable(SUMMARY_HEAD, summaryRows(measures)) +
        `\n${count} images of ${generator.name}, seed ${seed}; in brackets 95 % intervals. Frechet and nearest distances ` +
        `are in 512 features of ${measures.judge.name}: not the Inception FID.\nReal composites are test images pasted ` +
        "into each other along the same masks; a confusion matrix of labels comes with --json");
    } finally {
      generator.dispose();
    }
  });
}

async function requireFolder(file: string): Promise<void> {
  if (isStandardOutput(file)) return;
  const folder = dirname(file);
  // what lies around the file is not looked at: writing tells
  const there = await Deno.stat(folder).then(
    ({ isDirectory }) => isDirectory,
    (error) => error instanceof Deno.errors.NotCapable,
  );
  if (!there) throw new InputError(`--out ${file}: there is no folder ${folder}; make it, or choose another place`);
}
