/**
 * The generator's card, made of the documents beside it: how the generator was trained, and what it does.
 *
 * @module
 */
import { join } from "node:path";
import { ganCurveChart } from "../../report/charts/mod.ts";
import { renderSvg } from "../../report/mod.ts";
import type { GanRecord } from "./gan_state.ts";
import { cardSection } from "../measures/card_section.ts";
import type { GeneratorMeasures } from "../measures/measure_generator.ts";
import { LABEL_NAMES } from "../network/image_generator.ts";
import { type GanTraining, trainingFile } from "./train_gan_model.ts";
import { writeWhole } from "../../whole_file.ts";

/** Document of the measures in the model's folder, as `polysem validate gan --out` writes it. */
export const MEASURES_FILE = "measures.json";
/** Figure of the curve in the model's folder; the card shows it if it is there. */
export const CURVE_FILE = "curve.svg";

/** The trainings whose documents are in a folder, that of the model itself first. */
async function readTrainings(folder: string): Promise<GanTraining[]> {
  const found = await Promise.all(
    (["penalty", "clip"] as const).map((loss) => readDocument<GanTraining>(folder, trainingFile(loss))),
  );
  return found.filter((training) => training !== null);
}

async function readDocument<T>(folder: string, name: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(join(folder, name)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Writes the measures of a model into its folder, and its card anew. */
export async function writeMeasures(folder: string, measures: GeneratorMeasures): Promise<void> {
  writeWhole(join(folder, MEASURES_FILE), `${JSON.stringify(measures, null, 2)}\n`);
  await writeCardWithCurve(folder);
}

/**
 * Draws the curve of the trainings whose documents are in a folder, and writes the card. Training and measuring end
 * with it.
 */
export async function writeCardWithCurve(folder: string): Promise<void> {
  const trainings = await readTrainings(folder);
  if (trainings.length > 0) {
    writeWhole(join(folder, CURVE_FILE), await renderSvg(ganCurveChart(trainings)));
  }
  await writeGanCard(folder);
}

/**
 * Writes `card.md` from those of `training.json`, `training-clip.json` and `measures.json` that are in the folder.
 *
 * @param folder such as `models/gan-cifar10`. Without `training.json` in it nothing is written.
 */
export async function writeGanCard(folder: string): Promise<void> {
  const trainings = await readTrainings(folder);
  const training = trainings.find(({ recipe }) => recipe.loss === "penalty");
  if (training === undefined) return;
  const clip = trainings.find(({ recipe }) => recipe.loss === "clip");
  const measures = await readDocument<GeneratorMeasures>(folder, MEASURES_FILE);
  const figure = await Deno.stat(join(folder, CURVE_FILE)).then(({ isFile }) => isFile, () => false);
  const sections = [
    trainingSection(training),
    ...(measures === null ? [] : [cardSection(measures, `deno task polysem validate gan --card`)]),
    ...(clip === undefined ? [] : [comparisonSection(training, clip)]),
    curveSection(training, figure),
  ];
  writeWhole(join(folder, "card.md"), sections.join("\n"));
}

function trainingSection({ command, seed, recipe, steps, seconds, machine, parameters, file }: GanTraining): string {
  return [
    "# gan-cifar10",
    "",
    "A Wasserstein GAN conditioned on CIFAR-10's labels and on 32 x 32 masks (a WGAN-CGAN): `generate` makes images of a " +
    "label whose contours follow a mask drawn by hand. Trained on CIFAR-10 with masks made of the images themselves: soft " +
    "silhouettes (55 %), edges (20 %), and two images of one label pasted together along a random shape (25 %).",
    "",
    "![Rows: labels. Columns: latents, each with the silhouette of a test image, shown on top](labels.png)",
    "",
    `Rows: ${
      LABEL_NAMES.join(", ")
    }. Columns: twelve latents, each under the silhouette of a test image, shown on top.`,
    "",
    "![Rows: labels. Columns: shapes, shown on top, all of one latent](masks.png)",
    "",
    "The same labels; one latent under twelve shapes. Neither sheet was chosen: latents 0 to 11 of seed 0.",
    "",
    "| | |",
    "|---|---|",
    `| made by | \`${command}\` |`,
    `| steps | ${
      steps.toLocaleString("en")
    } of the generator, ${recipe.criticSteps} of the critic for each, ${recipe.batch} images |`,
    `| training time | ${
      (seconds / 60).toFixed(1)
    } minutes of steps on ${machine}; measures, samples and checkpoints not counted |`,
    `| parameters | generator ${parameters.generator.toLocaleString("en")}, critic ${
      parameters.critic.toLocaleString("en")
    } |`,
    `| seed | ${seed} |`,
    ...(file === null ? [] : [
      `| file | weights.safetensors, ${file.bytes.toLocaleString("en")} bytes, F16 |`,
      `| sha256 | ${file.sha256} |`,
    ]),
    "| licence | MIT, as the code; trained on CIFAR-10 (Krizhevsky 2009) |",
    "",
    "Inputs: 128 standard normal numbers, a label from 0 to 9, a mask in [0, 1]. Stored are the exponential moving average of " +
    "the generator and means and variances of its normalized layers over 40 batches, so that an image depends on its own " +
    "inputs alone. Tensors have PyTorch's layouts.",
    "",
    "| setting | value |",
    "|---|---|",
    ...Object.entries(recipe).map(([name, value]) => `| ${name} | ${value} |`),
    "",
  ].join("\n");
}

/** The last measured row of a curve up to `seconds`. */
function lastMeasured(curve: readonly GanRecord[], seconds: number): GanRecord | undefined {
  return curve.findLast((record) => record.frechet !== null && record.seconds <= seconds);
}

function comparisonSection(training: GanTraining, clip: GanTraining): string {
  const times = clip.curve.filter(({ frechet }) => frechet !== null).map(({ seconds }) => seconds);
  const rows = times.flatMap((seconds) => {
    const both = [training, clip].map(({ curve }) => lastMeasured(curve, seconds));
    if (both.some((record) => record === undefined)) return [];
    const cells = both.map((record) =>
      `${record!.step} | ${record!.frechet!.toFixed(2)} | ${(100 * record!.labelShare!).toFixed(1)} %`
    );
    return [`| ${(seconds / 60).toFixed(1)} | ${cells.join(" | ")} |`];
  });
  return [
    "## The two losses at equal time",
    "",
    `Gradient penalty (this model) and clipped weights (\`${clip.command}\`: bound ${clip.recipe.clip}, RMSprop ` +
    `${clip.recipe.criticRate}, ${clip.recipe.criticSteps} steps of the critic for one of the generator). Frechet distance of ` +
    "2,000 images of the averaged generator from 5,000 test images and share of labels as asked, both by our ResNet-18.",
    "",
    "| minutes | penalty: step | Frechet | labels | clip: step | Frechet | labels |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function curveSection({ curve }: GanTraining, figure: boolean): string {
  const number = (value: number | null, digits = 2) => value === null ? "" : value.toFixed(digits);
  return [
    "## Curve",
    "",
    ...(figure ? [`![Frechet distance and share of labels as asked, against minutes](${CURVE_FILE})`, ""] : []),
    "Means over the steps since the row before. Wasserstein: the critic's estimate, mean score of true less that " +
    "of generated images. Advantage: score of true images with their own label and mask less that with another's. Frechet and labels as above, of 2,000 images.",
    "",
    "| step | minutes | Wasserstein | advantage | penalty | critic's loss | generator's loss | Frechet | labels |",
    "|---|---|---|---|---|---|---|---|---|",
    ...curve.map(({ step, seconds, distance, advantage, penalty, criticLoss, generatorLoss, frechet, labelShare }) =>
      `| ${step} | ${number(seconds / 60, 1)} | ${number(distance)} | ${number(advantage)} | ${number(penalty, 3)} | ${
        number(criticLoss)
      } | ` +
      `${number(generatorLoss)} | ${number(frechet)} | ${
        labelShare === null ? "" : `${(100 * labelShare).toFixed(1)} %`
      } |`
    ),
    "",
  ].join("\n");
}
