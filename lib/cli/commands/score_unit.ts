/**
 * `polysem score-unit conv2:3`: one unit through all stages.
 *
 * @module
 */
import { join } from "node:path";
import type { Command } from "commander";
import { fileName } from "../../file_name.ts";
import { candidatesForJson, whyUnscored, withDatasetFlag } from "../../run_data.ts";
import type { ClusteringRecord, DatasetRecord, UnitRecord } from "../../types.ts";
import { activationText, decimals, formatTable, globalOptions, printResult, sharesInWords } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";
import { loadScoring, type ScoringOptions, withScoringOptions } from "../options/scoring.ts";
import { describeChosenModel, refuseUnscorable } from "../options/model.ts";
import { createImageFolder, writeImages } from "../console/write_images.ts";

interface ScoreUnitOptions extends ScoringOptions {
  readonly out?: string;
}

/** Adds the command to the program. */
export function registerScoreUnit(program: Command): void {
  withScoringOptions(
    program.command("score-unit")
      .description("Score one unit: its images, elbow, clusters and score, each stage shown.")
      .argument("<unit>", "the unit, such as conv2:3")
      .option("--out <dir>", "write its images there, and a sheet of them by cluster"),
  ).action(async (text: string, options: ScoreUnitOptions, command: Command) => {
    const { chooseFirstImages, clusterOptions, parseUnit, refuseUnfollowable, scoreUnits, PAPER } = await import(
      "../../pipeline/mod.ts"
    );
    const { compareCriteria } = await import("../../cluster/mod.ts");
    const { runningMeanDistances } = await import("../../elbow/mod.ts");
    const { activationCheck } = await import("../../validate/mod.ts");
    const { bestOfDataset } = await import("../../jobs/mod.ts");
    const described = await describeChosenModel(options, command);
    refuseUnscorable(described, text);
    const { layers, ref } = described;
    const { layer, unit } = parseUnit(text, layers); // before anything is loaded
    const context = await loadScoring(ref, options, command);
    try {
      await refuseUnfollowable(context.network, context.profile, [layer]);
      if (options.out !== undefined) await createImageFolder(options.out); // before the work
      const progress = createProgress({ title: text, total: 100, unit: "%", quiet: globalOptions(command).quiet });
      let record: UnitRecord;
      let dataset: DatasetRecord;
      try {
        dataset = await bestOfDataset(context, { layer, unit });
        [record] = await scoreUnits(context, layer, [unit], (share) => progress.update(Math.round(100 * share)));
      } finally {
        progress.stop();
      }
      const files = options.out === undefined ? [] : await writeUnit(options.out, record);
      const { images: _images, embeddings, ...plain } = record;
      const { score } = record;
      const flags = withDatasetFlag(record.flags, { ...record, ...dataset });
      const counted = score === null
        ? null
        : chooseFirstImages(embeddings, clusterOptions(context, layer, unit, record), score.I);
      const kByCriterion = counted === null ? null : compareCriteria(counted.embeddings, counted.options);
      const check = score === null || dataset.datasetMax === null
        ? null
        : activationCheck(record.activations.slice(0, score.I), dataset.datasetMax);
      const meanDistances = runningMeanDistances(record.distances);
      printResult(
        command,
        {
          ...plain,
          score: score && forJson(score),
          paper: record.paper && forJson(record.paper),
          flags,
          ...dataset,
          profile: context.profileName,
          embedder: context.embedder.name,
          meanDistances,
          check,
          k_by_criterion: kByCriterion,
          files,
        },
        () => {
          if (score === null) return `${text} has no score: ${whyUnscored(record)}.`;
          const parts = (name: string, each: NonNullable<UnitRecord["score"]>) => [
            name,
            each.I,
            each.K,
            decimals(each.C),
            decimals(each.D),
            decimals(each.S),
          ];
          const sizes = Array.from(
            { length: score.K },
            (_, k) => score.assignments.filter((each) => each === k).length,
          );
          const lines = [
            formatTable(["stop and rule for K", "I", "K", "C", "D", "S"], [
              parts(context.profileName, score),
              ...(record.paper === null
                ? []
                : [parts(`literal (change < ${PAPER.elbow.threshold}, BIC)`, record.paper)]),
            ]),
            `Mean LPIPS ${
              decimals(meanDistances[score.I - 2])
            } after ${score.I} images (stopped by: ${record.stopReason}).`,
            `Clusters of ${sizes.join(", ")} images; mean pairwise angle ${decimals(record.meanAngle)} of a half turn.`,
            surenessText(record),
            `K by criterion: ${Object.entries(kByCriterion!).map(([name, K]) => `${name} ${K ?? "-"}`).join(", ")}.`,
            check === null
              ? "Without a dataset there is no check of section 3."
              : `Activation ${activationText(check.mean)} (lowest ${activationText(check.min)}); best of ` +
                `${context.dataset!.test.count.toLocaleString("en")} test images ` +
                `${activationText(check.datasetMax)}; ${(100 * check.share).toFixed(0)} % of the images exceed it.`,
            ...(flags.length === 0 ? [] : [`Flags: ${flags.join(", ")}.`]),
            ...(files.length === 0 ? [] : [`Images: ${options.out}`]),
          ];
          return lines.join("\n");
        },
      );
    } finally {
      context.dispose();
    }
  });
}

/** How sure S and K are. */
function surenessText({ scoreInterval, kShares }: UnitRecord): string {
  if (scoreInterval === null || kShares === null) return "Too few images to tell how sure S and K are.";
  const { low, high } = scoreInterval;
  return `90 % interval of S: ${decimals(low)} to ${decimals(high)}; in random halves of its images ${
    sharesInWords(kShares)
  }.`;
}

function forJson(record: ClusteringRecord) {
  return { ...record, candidates: candidatesForJson(record.candidates) };
}

/** Writes the images that count, and a sheet with one row or more per cluster. */
async function writeUnit(directory: string, record: UnitRecord): Promise<string[]> {
  const { layer, unit, images, score, activations } = record;
  if (images.count === 0) return [];
  const counted = Array.from({ length: score?.I ?? images.count }, (_, i) => i);
  const clusters = score === null
    ? [counted]
    : Array.from({ length: score.K }, (_, cluster) => counted.filter((i) => score.assignments[i] === cluster));
  const names = (i: number) => {
    const cluster = score === null ? "" : `_cluster${score.assignments[i]}`;
    return `${fileName(layer)}_${unit}_${String(i).padStart(2, "0")}${cluster}_activation${
      activations[i].toFixed(2)
    }.png`;
  };
  return await writeImages(directory, images, clusters, names, join(directory, `${fileName(layer)}_${unit}_sheet.png`));
}
