/**
 * `polysem probe RUN`: what of generated images drives the units of a run, their label or their contour?
 *
 * @module
 */
import type { Command } from "commander";
import { basename, join, resolve } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import type { ProbeDesign, UnitProbe } from "../../gan/probe/mod.ts";
import type { RunReader } from "../../store/mod.ts";
import { type LoadGenerator, loadOntoEngine, WEIGHTS_HELP } from "../options/generator.ts";
import type { ProbedUnit, SelectivityCorrelation } from "../../validate/selectivity/mod.ts";
import { integerOption, seedOption } from "../options/values.ts";
import { decimals, formatTable, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";

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
    .option("--model-weights <file>", "weights of the run's model in place of the committed ones")
    .action(async (name: string, options: ProbeOptions, command: Command) => {
      const { readRun, runDirectory, writeWhole } = await import("../../store/mod.ts");
      const { PROBE_SHAPES, probeMasks, probeSize } = await import("../../gan/probe/mod.ts");
      const { correlateSelectivity, readCorrelations, withScores } = await import(
        "../../validate/selectivity/mod.ts"
      );
      const { createRandom } = await import("../../random.ts");
      const { latents, seed } = options;
      const masks = probeMasks(options.shapes?.split(",").map((each) => each.trim()) ?? PROBE_SHAPES);
      using run = readRun(runDirectory(name));
      const units = run.units();
      if (units.length === 0) {
        throw new InputError(`run ${name} has no finished units; let score-all commit some first`);
      }
      const pending = run.pendingJobs().length;
      if (pending > 0) {
        printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are probed`);
      }
      const figures = join(run.directory, "figures");
      try {
        await Deno.mkdir(figures, { recursive: true }); // before the work
      } catch (error) {
        throw new InputError(
          `${figures} cannot be made: ${messageOf(error)}; probe a run in a folder that can be written`,
        );
      }
      const design = { masks, latents, seed };
      const { probes, generator, grid } = await probe(run, name, design, options, load, command);
      const rows = withScores(probes, units);
      const correlations = correlateSelectivity(rows, (...parts) => createRandom(seed, ...parts));
      const readings = (["S", "S_paper"] as const).map((score) => readCorrelations(rows, correlations, score));

      const files = {
        csv: join(run.directory, "probe.csv"),
        json: join(run.directory, "probe.json"),
        scatter: join(figures, "probe.svg"),
        grid: join(figures, "probe_grid.png"),
      };
      const result = {
        run: basename(resolve(run.directory)),
        model: run.manifest.model,
        generator,
        images: probeSize(design),
        shapes: [...new Set(masks.map(({ shape }) => shape))],
        masks: masks.map((mask) => mask.name),
        latents,
        seed,
        files,
        correlations,
        readings: readings.flat(),
      };
      const described = probes.map((probe, i) => describe(probe, rows[i]));
      writeWhole(files.csv, await csvOf(described));
      const withCells = described.map((unit, i) => ({ ...unit, cell_means: probes[i].cellMeans }));
      writeWhole(files.json, `${JSON.stringify({ ...result, units: withCells })}\n`);
      const { renderPng, renderSvg } = await import("../../report/mod.ts");
      writeWhole(files.scatter, await renderSvg(await scatterOf(rows, correlations, result)));
      writeWhole(files.grid, await renderPng(await renderSvg(grid)));
      printResult(command, { ...result, units: described }, () =>
        [
          `${probes.length} units and ${result.images} images of ${generator}: 10 labels, ${masks.length} masks, ` +
          `${latents} of each. Means by layer:`,
          layerTable(described),
          "Spearman's rank correlation with the score, 95 % interval, p by permutation:",
          correlationTable(correlations),
          ...readings.flat(),
          `Every unit in ${files.csv}; means of each label and mask in ${files.json}; ${files.scatter}, ${files.grid}`,
        ].join("\n"));
    });
}

/** Loads the run's model and a generator, and does the work that needs an engine. */
async function probe(
  run: RunReader,
  name: string,
  design: ProbeDesign,
  options: ProbeOptions,
  load: LoadGenerator,
  command: Command,
) {
  const { probeSize, probeUnits } = await import("../../gan/probe/mod.ts");
  const { sampleGrid } = await import("../../gan/training/mod.ts");
  const { sampleGridSheet } = await import("../../report/charts/mod.ts");
  const { loadNetwork } = await import("../../networks/mod.ts");
  const { parseProfile } = await import("../../pipeline/mod.ts");
  const { useBackend } = await import("../../engine/mod.ts");
  const { manifest } = run;
  // a field that profiles have gained since the run was made is as in `paper`, where what is new is off
  const profile = parseProfile({ extends: "paper", ...manifest.profile }, `of run ${name}`);
  await useBackend();
  const { network, sha256 } = await loadNetwork(manifest.model, options.modelWeights);
  try {
    if (sha256 !== manifest.modelSha256) {
      throw new InputError(
        `run ${name} was made with another model ${manifest.model} (sha256 ${
          manifest.modelSha256.slice(0, 12)
        }...) than ` +
          `the one at hand (${sha256.slice(0, 12)}...); give --model-weights FILE, or score again into another run`,
      );
    }
    const generator = await load(options.weights);
    const progress = createProgress({
      title: "probing",
      total: probeSize(design),
      unit: "images",
      quiet: globalOptions(command).quiet,
    });
    try {
      const units = run.units().map(({ layer, unit }) => ({ layer, unit }));
      const { activation } = profile.visualize;
      const probes = probeUnits(generator, network, units, design, activation, (done) => progress.update(done));
      const columns = design.masks.map(({ name, mask }) => ({ name, mask, latent: 0 }));
      const samples = sampleGrid(generator, Array.from({ length: 10 }, (_, label) => label), columns, design.seed);
      const grid = sampleGridSheet(samples, {
        text: "What the units were shown",
        subtitle: [`one latent under every label and mask · generator ${generator.name} · seed ${design.seed}`],
      });
      return { probes, generator: generator.name, grid };
    } finally {
      progress.stop();
      generator.dispose();
    }
  } finally {
    network.dispose();
  }
}

/** One unit in files: its scores, its shares, and what drives it. */
function describe({ mean, shares, labels, shapes }: UnitProbe, { layer, unit, S, S_paper }: ProbedUnit) {
  return {
    layer,
    unit,
    S,
    S_paper,
    mean_activation: mean,
    label_share: shares?.label ?? null,
    mask_share: shares?.mask ?? null,
    interaction_share: shares?.interaction ?? null,
    rest_share: shares?.rest ?? null,
    label_omega: shares?.labelOmega ?? null,
    mask_omega: shares?.maskOmega ?? null,
    interaction_omega: shares?.interactionOmega ?? null,
    labels: labels.length,
    shapes: shapes.length,
    driving_labels: labels,
    driving_shapes: shapes,
  };
}

type Described = ReturnType<typeof describe>;

async function csvOf(units: readonly Described[]): Promise<string> {
  const { toCsv } = await import("../../csv.ts");
  const columns = Object.keys(units[0]) as (keyof Described)[];
  return toCsv(
    columns,
    units.map(({ driving_labels, driving_shapes, ...unit }) => ({
      ...unit,
      driving_labels: driving_labels.join(" "),
      driving_shapes: driving_shapes.join(" "),
    })),
  );
}

function layerTable(units: readonly Described[]): string {
  const keys = ["label_share", "mask_share", "interaction_share", "rest_share", "labels", "shapes"] as const;
  const rows = [...new Set(units.map(({ layer }) => layer))].map((layer) => {
    const own = units.filter((unit) => unit.layer === layer);
    const means = keys.map((key) => {
      const values = own.map((unit) => unit[key]).filter((value) => value !== null);
      return decimals(values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length, 2);
    });
    return [layer, own.length, ...means];
  });
  return formatTable(["layer", "units", "label", "mask", "both", "latent", "driving labels", "driving shapes"], rows);
}

function correlationTable(correlations: readonly SelectivityCorrelation[]): string {
  const cells = ({ rho, low, high, p }: SelectivityCorrelation) => [
    two(rho),
    low === null ? "-" : `[${two(low)}, ${two(high)}]`,
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

/** A correlation with two decimals; what rounds to nothing has no sign. */
function two(rho: number | null): string {
  return decimals(rho, 2).replace(/^-0\.00$/, "0.00");
}

async function scatterOf(
  units: readonly ProbedUnit[],
  correlations: readonly SelectivityCorrelation[],
  made: { readonly run: string; readonly model: string; readonly generator: string; readonly images: number },
) {
  const { selectivityPanels } = await import("../../validate/selectivity/mod.ts");
  const { selectivityScatter } = await import("../../report/charts/mod.ts");
  const { emptyChart } = await import("../../report/charts/mod.ts");
  const panels = selectivityPanels(units, correlations, "S");
  const title = {
    text: "What drives units, and their score S",
    subtitle: [
      "A point a unit, moved a little aside. Rank correlation within layers, 95 % interval, p by permutation within layers.",
      `model ${made.model} · generator ${made.generator} · ${made.images} images · run ${made.run}`,
    ],
  };
  return panels.length === 0
    ? emptyChart(title, "No unit of this run has both a score and a selectivity.")
    : selectivityScatter(panels, "S", title);
}
