/**
 * `polysem embed IMAGE...`: images to embeddings.
 *
 * @module
 */
import type { Command } from "commander";
import { InputError } from "../../errors.ts";
import { isStandardInput, isStandardOutput } from "../../streams.ts";
import { globalOptions, printNote, printWritten, refuseTwoOutputs } from "../console/output.ts";
import { refuseUnwritable } from "../console/out_file.ts";
import { createProgress } from "../console/progress.ts";
import { startEngine } from "../options/engine.ts";
import { type EmbedderOptions, embedderRef, withEmbedderOptions } from "../options/embedder.ts";

interface EmbedOptions extends EmbedderOptions {
  readonly weights?: string;
  readonly out: string;
}

/** Adds the command to the program. */
export function registerEmbed(program: Command): void {
  withEmbedderOptions(
    program.command("embed")
      .description("Embed PNG images; those of another size are resized to the embedder's own.")
      .argument("<images...>", "PNG files; - is standard input")
      .requiredOption(
        "--out <file>",
        "where the embeddings go, .npy, shape [N, D], a row an image; - for standard output",
      ),
    "resnet18-cifar10, 512 dimensions",
  )
    .option("--weights <file>", "the former name of --embedder-weights")
    .action(async (given: string[], options: EmbedOptions, command: Command) => {
      refuseTwoOutputs(command, options.out);
      if (!isStandardOutput(options.out) && !options.out.endsWith(".npy")) {
        throw new InputError(`--out ${options.out} is not a .npy file; embeddings are written as NumPy arrays`);
      }
      refuseUnwritable(options.out);
      const { loadEmbedder } = await import("../../embed/mod.ts");
      const { checkPngs, isFileForPeople } = await import("../../images/mod.ts");
      const { writeMatrix } = await import("../../store/mod.ts");
      const paths: string[] = [];
      for (const path of given) {
        if (!isStandardInput(path) && await isFileForPeople(path)) { // what cannot be read is refused below
          printNote(command, `note: ${path} is left out: it is a sheet or figure that polysem made to be looked at`);
        } else paths.push(path);
      }
      if (paths.length === 0) throw new InputError("there is no image to embed; give PNG files that are no sheets");
      const images = await checkPngs(paths); // all before the first is embedded: a bad one costs nothing
      const chosen = { ...options, embedderWeights: options.embedderWeights ?? options.weights };
      const ref = await embedderRef({ embedder: "resnet18-cifar10", ...chosen }, command);
      await startEngine(command);
      const embedder = await loadEmbedder(ref!);
      try {
        const progress = createProgress({
          title: "embedding",
          total: paths.length,
          unit: "images",
          quiet: globalOptions(command).quiet,
        });
        const data = new Float32Array(paths.length * embedder.dimensions);
        for (const [i, path] of paths.entries()) {
          const { data: row } = await embedder.embed(await images.take(i));
          if (!row.every(Number.isFinite)) {
            throw new InputError(
              `${path}: ${embedder.name} embeds it as numbers that are not finite, so its weights are too large; ` +
                "nothing is written, give others with --embedder-weights",
            );
          }
          data.set(row, i * embedder.dimensions);
          progress.increment();
        }
        progress.stop();
        writeMatrix(options.out, { rows: paths.length, cols: embedder.dimensions, data });
        const shape = [paths.length, embedder.dimensions];
        printWritten(
          command,
          options.out,
          { out: options.out, shape, embedder: embedder.name, sha256: embedder.sha256, images: paths },
          `${options.out}: ${shape.join(" x ")}, ${embedder.name}`,
        );
      } finally {
        embedder.dispose();
      }
    });
}
