/**
 * `polysem validate layers RUN...`: how the score is distributed over the layers of networks.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../../errors.ts";
import { decimals, formatTable, printNote, printResult } from "../../console/output.ts";
import { makeFolder, writeFiles } from "../../console/study_files.ts";

interface LayersOptions {
  readonly out?: string;
}

/** Adds the command to `validate`. */
export function registerValidateLayers(validate: Command): void {
  validate.command("layers")
    .description(
      "How S is distributed over the layers of networks, beside the same networks where they have learned nothing, as far " +
        "as `validate stability RUN --null` has scored those.",
    )
    .argument("<runs...>", "names under runs/, or paths of runs")
    .option("--out <dir>", "folder for layers.json, layers.csv (a row a layer), layers.svg and layers.png")
    .action(async (names: string[], options: LayersOptions, command: Command) => {
      const { readNullScores, readRun, runDirectory } = await import("../../../store/mod.ts");
      const { scoresByLayer } = await import("../../../validate/mod.ts");
      if (options.out !== undefined) makeFolder(options.out);
      const runs = names.map((name): RunLayers => {
        using run = readRun(runDirectory(name));
        const { model, seed } = run.manifest;
        const pending = run.pendingJobs().length;
        if (pending > 0) {
          printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units count`);
        }
        const nulls = readNullScores(run.directory);
        const layers = scoresByLayer(run.units(), nulls, seed);
        if (layers.at(-1)!.S.length === 0) {
          throw new InputError(`run ${name} has no scored units; let score-all commit some first, or leave it out`);
        }
        return { run: basename(resolve(run.directory)), model, seed, null: nulls?.kind ?? null, layers };
      });
      const document = { runs: runs.map((run) => ({ ...run, layers: run.layers.map(rowOf) })) };
      const files = options.out === undefined ? [] : await writeLayers(options.out, runs, document);
      printResult(command, { ...document, files }, () => [...runs.map(runText), ...files].join("\n"));
    });
}

/** A run, layer by layer. */
interface RunLayers {
  readonly run: string;
  readonly model: string;
  readonly seed: number;
  /** The kind of its null, if that was scored. */
  readonly null: string | null;
  readonly layers: ReturnType<typeof import("../../../validate/mod.ts").scoresByLayer>;
}

/** Columns of `layers.csv`, and keys of a layer in JSON. */
const COLUMNS = [
  "layer",
  "units",
  "mean_S",
  "share_several",
  "null_units",
  "null_mean_S",
  "null_share_several",
  "auroc",
  "auroc_low",
  "auroc_high",
] as const;

function rowOf(each: RunLayers["layers"][number]): Record<typeof COLUMNS[number], string | number | null> {
  return {
    layer: each.layer,
    units: each.S.length,
    mean_S: each.meanS,
    share_several: each.several,
    null_units: each.null?.S.length ?? null,
    null_mean_S: each.null?.meanS ?? null,
    null_share_several: each.null?.several ?? null,
    auroc: each.auroc,
    auroc_low: each.aurocLow,
    auroc_high: each.aurocHigh,
  };
}

function runText({ run, model, null: kind, layers }: RunLayers): string {
  const percent = (share: number | null) => share === null ? null : `${(100 * share).toFixed(0)} %`;
  const table = formatTable(
    ["layer", "units", "mean S", "K > 1", "null units", "mean S, null", "K > 1, null", "AUROC", "95 %"],
    layers.map((each) => [
      each.layer,
      each.S.length,
      decimals(each.meanS),
      percent(each.several),
      each.null?.S.length ?? null,
      decimals(each.null?.meanS ?? null),
      percent(each.null?.several ?? null),
      decimals(each.auroc),
      each.aurocLow === null ? null : `${decimals(each.aurocLow)} to ${decimals(each.aurocHigh)}`,
    ]),
  );
  return `${model} (run ${run})${
    kind === null ? "; `validate stability RUN --null random` or `permuted` scores a null" : `; null: ${kind}`
  }\n${table}`;
}

async function writeLayers(folder: string, runs: readonly RunLayers[], document: unknown): Promise<string[]> {
  const { toCsv } = await import("../../../csv.ts");
  const { scoreByDepth } = await import("../../../report/charts/mod.ts");
  const { renderPng, renderSvg } = await import("../../../report/mod.ts");
  const rows = runs.flatMap(({ run, layers }) => layers.map((each) => ({ run, ...rowOf(each) })));
  const svg = await renderSvg(scoreByDepth(
    runs.map(({ model, null: kind, layers }) => ({
      name: kind === null ? model : `${model}; grey: ${NULL_NAMES[kind] ?? kind}`,
      layers: layers.slice(0, -1).map(({ layer, S, null: nulls }) => ({ name: layer, S, nullS: nulls?.S })),
    })),
    { text: "The score S, layer by layer", subtitle: ["a point for each unit, a line through the means of layers"] },
  ));
  return writeFiles(folder, [
    ["layers.json", `${JSON.stringify(document, null, 2)}\n`],
    ["layers.csv", toCsv(["run", ...COLUMNS], rows)],
    ["layers.svg", svg],
    ["layers.png", await renderPng(svg)],
  ]);
}

/** Nulls in the words of the chart. */
const NULL_NAMES: Readonly<Record<string, string>> = {
  random: "random weights",
  permuted: "its weights permuted",
  shuffled: "trained on shuffled labels",
};
