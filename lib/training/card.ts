/**
 * The card of a trained model: how it was made and what it does, in numbers that its training measured.
 *
 * @module
 */
import type { EpochRecord } from "./checkpoint.ts";
import type { Recipe } from "./recipe.ts";
import { writeWhole } from "../whole_file.ts";

/** What is known of a trained model. */
export interface ModelReport {
  readonly name: string;
  /** A sentence on what it is. */
  readonly about: string;
  /** The command that made it. */
  readonly command: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly history: readonly EpochRecord[];
  /** Share of the 10,000 test images classified right by the weights as stored. */
  readonly testAccuracy: number;
  /** Trainable parameters. */
  readonly parameters: number;
  /** Size of the weight file. */
  readonly bytes: number;
  /** sha256 of the weight file. */
  readonly sha256: string;
}

/** Writes the card as Markdown. */
export function writeCard(path: string, report: ModelReport): void {
  const percent = (share: number | null) => share === null ? "" : `${(100 * share).toFixed(2)} %`;
  const seconds = report.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const recipe = Object.entries(report.recipe).map(([name, value]) => `| ${name} | ${value} |`);
  const curve = report.history.map(({ epoch, loss, trainAccuracy, testAccuracy, seconds }) =>
    `| ${epoch} | ${loss.toFixed(4)} | ${percent(trainAccuracy)} | ${percent(testAccuracy)} | ${seconds.toFixed(0)} |`
  );
  const lines = [
    `# ${report.name}`,
    "",
    report.about,
    "",
    "| | |",
    "|---|---|",
    `| made by | \`${report.command}\` |`,
    `| test accuracy | ${percent(report.testAccuracy)} of the 10,000 CIFAR-10 test images (the stored weights) |`,
    `| parameters | ${report.parameters.toLocaleString("en")} |`,
    `| training time | ${(seconds / 60).toFixed(1)} minutes on two CPU cores, test passes not counted |`,
    `| seed | ${report.seed} |`,
    `| file | weights.safetensors, ${report.bytes.toLocaleString("en")} bytes, ${report.recipe.storage} |`,
    `| sha256 | ${report.sha256} |`,
    "| licence | MIT, as the code; trained on CIFAR-10 (Krizhevsky 2009) |",
    "",
    "Tensors have PyTorch's names and layouts. Input: pixels in [0, 1], minus (.4914, .4822, .4465), over (.2470, .2435, .2616).",
    "",
    "## Recipe",
    "",
    "| setting | value |",
    "|---|---|",
    ...recipe,
    "",
    "## Curve",
    "",
    "Training accuracy is on the augmented images as they were trained on.",
    "",
    "| epoch | loss | training accuracy | test accuracy | seconds |",
    "|---|---|---|---|---|",
    ...curve,
    "",
  ];
  writeWhole(path, lines.join("\n"));
}
