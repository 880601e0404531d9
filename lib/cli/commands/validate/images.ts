/**
 * `polysem validate images`: what are a unit's images worth to explain it?
 *
 * @module
 */
import type { Command } from "commander";
import type { Dataset } from "../../../data/mod.ts";
import type { Profile } from "../../../pipeline/mod.ts";
import type { UnitId } from "../../../types.ts";
import type { ImagesDifference, ImagesRow, ImagesSetting, ImagesSummary } from "../../../validate/images/mod.ts";
import { between, signed } from "../../console/estimates.ts";
import { formatTable, globalOptions, printDetail, printNote, printResult } from "../../console/output.ts";
import { makeFolder, writeFiles } from "../../console/study_files.ts";
import { createProgress } from "../../console/progress.ts";
import { type DataOptions, withDataOption } from "../../options/data.ts";
import { describeChosenModel, type ModelOptions, refuseUnscorable, withModelOptions } from "../../options/model.ts";
import { DEFAULT_PROFILE, readProfiles } from "../../options/profiles.ts";
import { integerOption, seedOption } from "../../options/values.ts";

interface ImagesOptions extends DataOptions, ModelOptions {
  readonly layers?: string;
  readonly units?: string;
  readonly limit?: number;
  readonly sample?: number;
  readonly profiles: string;
  readonly pairs: number;
  readonly images: number;
  readonly seed: number;
  readonly workers?: number;
  readonly out?: string;
}

/**
 * Nine references a side are what people were shown (Borowski et al. 2021); of twenty pairs the share of a unit is known to
 * .11, one standard error at chance.
 */
const USUAL = { pairs: 20, images: 9 };
/** More would take memory for nothing: there are units to tell more by. */
const MOST = { pairs: 1000, images: 100 };

/** Adds the command to `validate`. */
export function registerValidateImages(validate: Command): void {
  withDataOption(withModelOptions(
    validate.command("images")
      .description(
        "What are a unit's images worth to explain it? By images that excite it and images that do not, LPIPS guesses which " +
          "of two test images excites it more; beside it by real images, and by those of another unit (chance).",
      )
      .option("--layers <names>", "layers, such as conv1,conv2 (default: all)")
      .option("--units <list>", "units, such as conv2:0-7,fc1:3 (default: all)")
      .option("--limit <n>", "at most so many units, the first ones", integerOption(1))
      .option("--sample <n>", "so many units of each layer, drawn by the seed", integerOption(1))
      .option(
        "--profiles <list>",
        "profiles side by side, each makes its own images: names or JSON files",
        DEFAULT_PROFILE,
      )
      .option("--pairs <n>", "pairs of test images asked about each unit", integerOption(1, MOST.pairs), USUAL.pairs)
      .option(
        "--images <n>",
        "images that excite the unit, and as many that do not",
        integerOption(1, MOST.images),
        USUAL.images,
      )
      .option("--seed <n>", "seed of everything random", seedOption, 0)
      .option(
        "--workers <n>",
        "jobs under way at a time, each on a core of its own; results do not depend on it (default: as score-all)",
        integerOption(1),
      )
      .option(
        "--out <dir>",
        "folder for images.json, images.csv (a line a unit and setting), images.svg and images.png",
      ),
  )).action(async (options: ImagesOptions, command: Command) => {
    const { selectUnits } = await import("../../../pipeline/mod.ts");
    const { imagesRows, REAL, refuseUnlike, summarizeImages } = await import("../../../validate/images/mod.ts");
    const profiles = await readProfiles(options.profiles, [REAL]);
    refuseUnlike(profiles);
    const described = await describeChosenModel(options, command, { threads: 1 }); // the cores are for the workers
    refuseUnscorable(described, options.layers, options.units);
    const units = selectUnits(described.layers, options); // before anything is loaded
    const dataset = await openData(options, command);
    if (options.out !== undefined) makeFolder(options.out);
    const { judged, leftOut } = await runStudy(options, { ...described, dataset, profiles, units }, command);
    const parametrizations = Object.fromEntries(
      Object.entries(profiles).map(([name, { visualize }]) => [name, visualize.parametrization]),
    );
    const { pairs, images, seed } = options;
    const { lpips, visualize: { activation } } = Object.values(profiles)[0];
    const study: StudyDocument = {
      model: described.name,
      dataset: dataset.name,
      seed,
      pairs,
      images,
      lpips,
      activation,
      left_out: leftOut,
      ...summarizeImages(judged, parametrizations, seed),
      rows: imagesRows(judged, parametrizations, pairs),
    };
    const files = options.out === undefined ? [] : await writeStudy(options.out, study);
    printResult(command, { ...study, files }, () => [...studyText(study), ...files].join("\n"));
  });
}

/** A study and what it was made of, as JSON has it. */
interface StudyDocument extends ImagesSummary {
  readonly model: string;
  readonly dataset: string;
  readonly seed: number;
  readonly pairs: number;
  readonly images: number;
  readonly lpips: Profile["lpips"];
  readonly activation: Profile["visualize"]["activation"];
  readonly left_out: readonly UnitId[];
  readonly rows: readonly ImagesRow[];
}

/** The dataset that is asked about; the command cannot do without one. */
async function openData({ data }: DataOptions, command: Command): Promise<Dataset> {
  const { datasetIn, DEFAULT_DATASET, openDataset } = await import("../../../data/mod.ts");
  const dataset = await openDataset(data ? datasetIn(data) : DEFAULT_DATASET);
  for (const note of dataset.notes ?? []) printNote(command, `note: ${dataset.title}: ${note}`);
  return dataset;
}

/** What a study is of. */
interface Subject extends Pick<Awaited<ReturnType<typeof describeChosenModel>>, "ref" | "layers" | "input"> {
  readonly dataset: Dataset;
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly units: readonly UnitId[];
}

/** Runs the study in workers, with progress. */
async function runStudy(
  { pairs, images, seed, workers }: ImagesOptions,
  { ref, layers, input, dataset, profiles, units }: Subject,
  command: Command,
) {
  const { loadSubject, refuseUnfollowable } = await import("../../../pipeline/mod.ts");
  const { refuseTooFew, runImagesStudy } = await import("../../../validate/images/mod.ts");
  const { suggestWorkers } = await import("../../../jobs/mod.ts");
  const { useBackend } = await import("../../../engine/mod.ts");
  refuseTooFew(units, dataset, { pairs, images });
  const backend = await useBackend(undefined, { threads: 1 });
  printDetail(command, `engine: ${JSON.stringify(backend)}`);
  const subject = await loadSubject({ model: ref, dataset: dataset.ref });
  try {
    for (const profile of Object.values(profiles)) {
      await refuseUnfollowable(subject.network, profile, units.map(({ layer }) => layer));
    }
  } finally {
    subject.dispose(); // workers load their own
  }
  const count = workers ?? suggestWorkers(backend, units.length);
  printDetail(command, `workers: ${count}`);
  const { quiet } = globalOptions(command);
  const progress = createProgress({ title: "judging", total: units.length, unit: "units", quiet });
  try {
    return await runImagesStudy(
      { units, layers, input, profiles, pairs, images, seed },
      backend,
      subject.ref,
      dataset,
      count,
      {
        onRead: (share) => progress.update(0, `the dataset, ${Math.round(100 * share)} %`),
        onJudged: (done, layer) => progress.update(Math.round(100 * done) / 100, layer),
      },
    );
  } finally {
    progress.stop();
  }
}

async function writeStudy(folder: string, study: StudyDocument): Promise<string[]> {
  const { toCsv } = await import("../../../csv.ts");
  const { imageShares } = await import("../../../report/charts/mod.ts");
  const { renderPng, renderSvg } = await import("../../../report/mod.ts");
  const { IMAGES_COLUMNS } = await import("../../../validate/images/mod.ts");
  const { model, dataset, seed, pairs, images, units, settings, by_layer, rows } = study;
  const share = (row: string, setting: ImagesSetting) => ({ ...setting, row, setting: settingName(setting) });
  const shares = [
    ...settings.map((each) => share("all units", each)),
    ...by_layer.map((each) => share(each.layer, each)),
  ];
  const svg = await renderSvg(imageShares(shares, {
    text: "Which of two real images excites the unit more? What its images tell",
    subtitle: [
      `${units} units, ${pairs} pairs of test images each; 95 % bootstrap intervals; dashed: chance`,
      `model ${model} · dataset ${dataset} · ${images} images a side · seed ${seed}`,
    ],
  }));
  return writeFiles(folder, [
    ["images.json", `${JSON.stringify(study, null, 2)}\n`],
    ["images.csv", toCsv(IMAGES_COLUMNS, rows)],
    ["images.svg", svg],
    ["images.png", await renderPng(svg)],
  ]);
}

function settingName({ name, parametrization }: Pick<ImagesSetting, "name" | "parametrization">): string {
  return parametrization === null ? name : `${name} (${parametrization})`;
}

function studyText(study: StudyDocument): string[] {
  const { units, pairs, chance, settings, by_layer, paired, without, left_out } = study;
  const line = (setting: ImagesSetting) => [
    `${settingName(setting)}${setting.references === "own" ? "" : `, ${setting.references}`}`,
    setting.units,
    between(setting.right, setting.right_low, setting.right_high, 2),
  ];
  const lacking = Object.entries(without).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  return [
    `Which of two test images excites the unit more? Share of right choices by LPIPS over ${units} units, ${pairs} pairs ` +
    `each; 95 % bootstrap intervals in brackets; chance is ${chance}.`,
    formatTable(["references", "units", "right"], settings.map(line)),
    formatTable(
      ["layer", "references", "units", "right"],
      by_layer.map((setting) => [setting.layer, ...line(setting)]),
    ),
    ...paired.map(differenceText),
    ...(lacking.length === 0 ? [] : [`Units without such images, left out of their rows: ${lacking.join(", ")}.`]),
    ...(left_out.length === 0 ? [] : [
      `${left_out.length} left out, to which the top and bottom 5 % of test images are alike: ${listed(left_out)}.`,
    ]),
  ];
}

function differenceText(
  { name, against, units, difference, difference_low, difference_high }: ImagesDifference,
): string {
  const estimate = { value: difference, low: difference_low, high: difference_high };
  return `${name} less ${against}: ${signed(estimate)} over ${units} units`;
}

/** Units that an output names; more are counted. */
const MOST_NAMED = 12;

function listed(units: readonly UnitId[]): string {
  const names = units.slice(0, MOST_NAMED).map(({ layer, unit }) => `${layer}:${unit}`).join(", ");
  return units.length > MOST_NAMED ? `${names} and ${units.length - MOST_NAMED} more` : names;
}
