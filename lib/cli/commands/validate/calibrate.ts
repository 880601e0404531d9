/**
 * `polysem validate calibrate`: the price of a cluster and the weights of the distances, for an embedder.
 *
 * @module
 */
import type { Command } from "commander";
import type { Choice } from "../../../validate/planted/mod.ts";
import { refuseUnwritable } from "../../console/out_file.ts";
import { decimals, formatTable, printWritten, refuseTwoOutputs } from "../../console/output.ts";
import { embedderRef } from "../../options/embedder.ts";
import { type PlantedOptions, runStudy, withPlantedOptions } from "../../options/planted.ts";
import { writeWhole } from "../../../whole_file.ts";

interface CalibrateOptions extends PlantedOptions {
  readonly out?: string;
}

/** Seeds of the calibration that is committed. */
const SEEDS = [101, 102, 103];

/** Adds the command to `validate`. */
export function registerValidateCalibrate(validate: Command): void {
  withPlantedOptions(
    validate.command("calibrate")
      .description(
        "Find what an embedder's clusters cost (beta) and what LPIPS and pooled features weigh beside it, on planted " +
          "units; writes calibration.json beside the embedder's weights, or NAME.calibration.json beside NAME.onnx, where " +
          "scoring with that embedder finds it.",
      )
      .option("--out <file>", "file to write in place of that one"),
    SEEDS,
  ).action(async (options: CalibrateOptions, command: Command) => {
    refuseTwoOutputs(command, options.out);
    const { CALIBRATED, CALIBRATED_NAME, calibrationPath, withEmbedder } = await import("../../../pipeline/mod.ts");
    const { calibrationDocument } = await import("../../../validate/planted/mod.ts");
    const { loadEmbedder } = await import("../../../embed/mod.ts");
    const { useBackend } = await import("../../../engine/mod.ts");
    const named = options.embedder ?? CALIBRATED.embed.embedder;
    const ref = (await embedderRef({ ...options, embedder: named }, command))!;
    const profile = withEmbedder(CALIBRATED, ref);
    const file = options.out ?? await calibrationPath(ref);
    refuseUnwritable(file);
    await useBackend(undefined, { threads: 1 });
    const { sha256, dispose } = await loadEmbedder(ref); // before an hour of work, not after
    dispose();
    const { results, families } = await runStudy(
      options,
      ref,
      { profiles: { [CALIBRATED_NAME]: profile }, reference: CALIBRATED_NAME, calibrate: true },
      command,
    );
    const { tensor, pool } = (ref.kind === "onnx" ? ref.options : undefined) ?? {};
    const document = calibrationDocument(results, {
      embedder: profile.embed.embedder,
      embedder_sha256: sha256,
      ...(tensor === undefined ? {} : { embedder_tensor: tensor }),
      ...(pool === undefined ? {} : { embedder_pool: pool }),
      lpips: profile.lpips.net,
      seeds: options.seeds,
      families,
      command: `deno task polysem validate calibrate --embedder ${named} --seeds ${options.seeds.join(",")}`,
    });
    const { lpips, pooled, beta } = document.best;
    writeWhole(file, `${JSON.stringify(document, null, 2)}\n`);
    printWritten(command, file, { file, ...document }, () =>
      [
        table("weights", document.grid.map((choice) => [name(choice), choice])),
        table("left out", document.leave_one_family_out.map((choice) => [`${choice.family}: ${name(choice)}`, choice])),
        `Best on ${document.units} units: lpipsWeight ${lpips}, pooledWeight ${pooled}, beta ${
          decimals(beta, 2)
        }; the price ` +
        `may be ${decimals(document.forgiving.low, 2)} to ${decimals(document.forgiving.high, 2)} for nearly the same.`,
        `A profile with it: ${
          JSON.stringify({
            extends: CALIBRATED_NAME,
            ...(ref.kind === "onnx" ? {} : { embed: profile.embed }), // no profile names a file
            cluster: document.cluster,
          })
        }`,
        `Written: ${file}`,
      ].join("\n"));
  });
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
