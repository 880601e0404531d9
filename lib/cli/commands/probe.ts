/**
 * `polysem probe RUN`: what of generated images drives the units of a run, their label or their contour?
 *
 * @module
 */
import type { Command } from "commander";
import type { ProbedLayer, ProbeDocument, SelectivityCorrelation } from "../../validate/selectivity/mod.ts";
import { type LoadGenerator, loadOntoEngine, WEIGHTS_HELP } from "../options/generator.ts";
import { integerOption, seedOption } from "../options/values.ts";
import { correlationText, decimals, formatTable, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress, type Progress } from "../console/progress.ts";

interface ProbeOptions {
  readonly latents: number;
  readonly seed: number;
  readonly shapes?: string;
  readonly weights?: string;
  readonly modelWeights?: string;
}

/** Adds the command to the program. */
export function registerProbe(program: Command, load: LoadGenerator = loadOntoEngine): void {
  program.command("probe")
    .description(
      "Show generated images of every label under many masks to a run's units: which of the two drives them, and how that " +
        "goes with S. Writes probe.csv, probe.json and two figures into the run.",
    )
    .argument("<run>", "name under runs/, or path of a run")
    .option("--latents <n>", "images of each label and mask, each of a latent of its own", integerOption(2, 500), 16)
    .option("--seed <n>", "seed of the latents", seedOption, 0)
    .option("--shapes <names>", "shapes of the masks, with commas between them (default: six unlike ones)")
    .option("--weights <file>", WEIGHTS_HELP)
    .option(
      "--model-weights <file>",
      "weights of the run's model in place of the committed ones, or its .onnx or .ts file",
    )
    .action(async (name: string, options: ProbeOptions, command: Command) => {
      const { readRun, runDirectory } = await import("../../store/mod.ts");
      const { probeMasks, probeSize } = await import("../../gan/probe/mod.ts");
      const { createFiguresFolder, probedLayers, probeRun, writeProbe } = await import(
        "../../validate/selectivity/mod.ts"
      );
      const { latents, seed, modelWeights } = options;
      const design = { masks: probeMasks(options.shapes?.split(",").map((each) => each.trim())), latents, seed };
      using run = readRun(runDirectory(name));
      const pending = run.pendingJobs().length;
      if (pending > 0) {
        printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are probed`);
      }
      await createFiguresFolder(run.directory); // before the work
      const { quiet } = globalOptions(command);
      let progress: Progress | undefined;
      const probed = await probeRun(run, name, design, {
        modelWeights,
        loadGenerator: () => load(options.weights),
        onImages: (done) => {
          progress ??= createProgress({ title: "probing", total: probeSize(design), unit: "images", quiet });
          progress.update(done);
        },
      }).finally(() => progress?.stop());
      const document = await writeProbe(run.directory, probed);
      printResult(command, document, () => textOf(document, probedLayers(document.units)));
    });
}

function textOf(
  { units, images, generator, masks, latents, correlations, readings, files }: ProbeDocument,
  layers: readonly ProbedLayer[],
): string {
  return [
    `${units.length} units and ${images} images of ${generator}: 10 labels, ${masks.length} masks, ${latents} of each. ` +
    "Means by layer:",
    layerTable(layers),
    "Spearman's rank correlation with the score, 95 % interval, p by permutation:",
    correlationTable(correlations),
    ...readings,
    `Every unit in ${files.csv}; means of each label and mask in ${files.json}; ${files.scatter}, ${files.grid}`,
  ].join("\n");
}

function layerTable(layers: readonly ProbedLayer[]): string {
  return formatTable(
    ["layer", "units", "label", "mask", "both", "latent", "driving labels", "driving shapes"],
    layers.map(({ layer, units, means }) => [layer, units, ...Object.values(means).map((mean) => decimals(mean, 2))]),
  );
}

function correlationTable(correlations: readonly SelectivityCorrelation[]): string {
  const cells = ({ rho, low, high, p }: SelectivityCorrelation) => [
    correlationText(rho),
    low === null ? "-" : `[${correlationText(low)}, ${correlationText(high)}]`,
    decimals(p, 4),
  ];
  const all = correlations.filter(({ scope }) => scope === "all");
  return formatTable(
    ["selectivity", "score", "all units", "95 %", "p", "within layers", "95 %", "p", "units"],
    all.map((each) => {
      const within = correlations.find(({ score, selectivity, scope }) =>
        score === each.score && selectivity === each.selectivity && scope === "within layers"
      )!;
      return [each.selectivity, each.score, ...cells(each), ...cells(within), within.units];
    }),
  );
}
