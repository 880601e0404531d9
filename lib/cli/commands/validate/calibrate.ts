/**
 * `polysem validate calibrate`: the price of a cluster and the weights of the distances, for an embedder.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Command } from "commander";
import type { Choice } from "../../../validate/planted/mod.ts";
import { decimals, formatTable, printResult } from "../../console/output.ts";
import { type PlantedOptions, runStudy, withPlantedOptions } from "../../options/planted.ts";

interface CalibrateOptions extends PlantedOptions {
  readonly embedder: string;
  readonly out?: string;
}

/** Seeds of the calibration that is committed. */
const SEEDS = [101, 102, 103];
/** Name of the file beside an embedder's card. */
const FILE = "calibration.json";

/** Adds the command to `validate`. */
export function registerValidateCalibrate(validate: Command): void {
  withPlantedOptions(
    validate.command("calibrate")
      .description(
        "Find what an embedder's clusters cost (beta) and what LPIPS and pooled features weigh beside it, on planted " +
          "units; writes calibration.json beside the embedder's weights.",
      )
      .option("--embedder <name>", "resnet18-cifar10 or resnet18-imagenet", "resnet18-cifar10")
      .option("--out <file>", `file to write (default: ${FILE} beside the embedder's weights)`),
    SEEDS,
  ).action(async (options: CalibrateOptions, command: Command) => {
    const { parseProfile } = await import("../../../pipeline/mod.ts");
    const { calibrationDocument } = await import("../../../validate/planted/mod.ts");
    const { loadEmbedder } = await import("../../../embed/mod.ts");
    const { writeWhole } = await import("../../../store/mod.ts");
    const { useBackend } = await import("../../../engine/mod.ts");
    const profile = parseProfile(
      { extends: "calibrated", embed: { embedder: options.embedder } },
      `of --embedder ${options.embedder}`,
    );
    const file = options.out ?? await besideWeights(options.embedder, options.embedderWeights);
    await useBackend(undefined, { threads: 1 });
    const embedder = await loadEmbedder(options.embedder, options.embedderWeights); // before an hour of work, not after
    embedder.dispose();
    const { results, families } = await runStudy(
      options,
      { profiles: { calibrated: profile }, reference: "calibrated", calibrate: true },
      command,
    );
    const document = calibrationDocument(results, {
      embedder: options.embedder,
      embedder_sha256: embedder.sha256,
      lpips: profile.lpips.net,
      seeds: options.seeds,
      families,
      command: `deno task polysem validate calibrate --embedder ${options.embedder} --seeds ${options.seeds.join(",")}`,
    });
    const { lpips, pooled, beta } = document.best;
    writeWhole(file, `${JSON.stringify(document, null, 2)}\n`);
    printResult(command, { file, ...document }, () =>
      [
        table("weights", document.grid.map((choice) => [name(choice), choice])),
        table("left out", document.leave_one_family_out.map((choice) => [`${choice.family}: ${name(choice)}`, choice])),
        `Best on ${document.units} units: lpipsWeight ${lpips}, pooledWeight ${pooled}, beta ${
          decimals(beta, 2)
        }; the price ` +
        `may be ${decimals(document.forgiving.low, 2)} to ${decimals(document.forgiving.high, 2)} for nearly the same.`,
        `A profile with it: ${
          JSON.stringify({ extends: "calibrated", embed: profile.embed, cluster: document.cluster })
        }`,
        `Written: ${file}`,
      ].join("\n"));
  });
}

/** The calibration's place: with the weights that it is for. */
async function besideWeights(embedder: string, weights: string | undefined): Promise<string> {
  const { findWeightSet } = await import("../../../weights/mod.ts");
  return join(dirname(weights ?? (await findWeightSet(embedder)).files[0].path), FILE);
}

function name({ lpips, pooled }: Choice): string {
  return `lpips ${lpips}, pooled ${pooled}`;
}

function table(title: string, rows: readonly (readonly [string, Choice])[]): string {
  return formatTable(
    [title, "beta", "exact K", "one called several", "several called one", "AUROC", "Spearman"],
    rows.map(([label, { beta, fit }]) => [
      label,
      decimals(beta, 2),
      percent(fit.exact),
      percent(fit.one_called_several),
      percent(fit.several_called_one),
      decimals(fit.auroc),
      decimals(fit.spearman),
    ]),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
