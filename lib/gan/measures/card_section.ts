/**
 * Measures for people to read: one table for the command line and for the generator's card.
 *
 * @module
 */
import type { Estimate } from "../../statistics/mod.ts";
import { LABEL_NAMES } from "../network/image_generator.ts";
import type { LabelFidelity } from "./label_fidelity.ts";
import type { GeneratorMeasures } from "./measure_generator.ts";
import type { Motion } from "./moved_mask.ts";

/** Names of the columns of {@linkcode summaryRows}. */
export const SUMMARY_HEAD = ["measure", "generated", "null", "real composites", "real images"] as const;

/**
 * A row of text for each measure: its name, its value, its value for a null, for real composites and for real images as
 * they are. A cell is `-` where there is no such value.
 */
export function summaryRows(measures: GeneratorMeasures): string[][] {
  const { generated, composites, test, frechet, nearest } = measures;
  const masks = (["silhouette", "shape"] as const).flatMap((kind) =>
    (["foreground", "edges"] as const).map((map) => {
      const [ours, real] = [generated, composites].map((source) => source.masks[kind][map]);
      const under = kind === "silhouette" ? "test images' silhouettes" : "random shapes";
      return [
        `${map === "foreground" ? "silhouette" : "edges"} with the mask's, r, ${under}`,
        interval(ours.own),
        `${interval(ours.shuffled)} masks shuffled`,
        decimal(real.own.value),
        "-",
      ];
    })
  );
  const moved = ([["change", "change where the masks differ, share"], ["foreground", "silhouette moves, r"], [
    "edges",
    "edges move, r",
  ]] as const).map(([key, what]) => {
    const value = (motion: Motion | null, side: "found" | "shuffled") => motion === null ? "-" : interval(motion[side]);
    const ours = generated.movedMask[key];
    return [
      `moved disk: ${what}`,
      value(ours, "found"),
      ours === null ? "-" : `${value(ours, "shuffled")} places shuffled`,
      decimal(composites.movedMask[key]?.found.value ?? null),
      "-",
    ];
  });
  return [
    [
      "label as asked",
      percentInterval(generated.label.share),
      `${percentInterval(generated.label.shuffled)} labels shuffled`,
      percent(composites.label.share.value),
      `${percent(test.label.share.value)} test`,
    ],
    ...masks,
    ...moved,
    [
      `Frechet distance from ${frechet.reference.toLocaleString("en")} test images`,
      decimal(generated.frechet),
      `${decimal(frechet.noise)} noise, ${decimal(frechet.permuted)} pixels permuted`,
      decimal(composites.frechet),
      `${decimal(frechet.training)} training, ${decimal(frechet.blurred)} blurred`,
    ],
    [
      "mean LPIPS within a label",
      decimal(generated.diversity.mean, 3),
      "-",
      decimal(composites.diversity.mean, 3),
      `${decimal(test.diversity.mean, 3)} test`,
    ],
    [
      "median distance to the nearest training image",
      decimal(nearest.generated),
      "-",
      "-",
      `${decimal(nearest.test)} test`,
    ],
  ];
}

/**
 * The measures as a section of a model's card, in Markdown.
 *
 * @param command the command that made them; default that with the same count and seed.
 */
export function cardSection(
  measures: GeneratorMeasures,
  command = `deno task polysem validate gan --count ${measures.count} --seed ${measures.seed}`,
): string {
  const { judge, generated, composites, nearest } = measures;
  const { label, masks, movedMask, diversity } = generated;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [
    "## Measures",
    "",
    `Made by \`${command}\`. In brackets: 95 % bootstrap intervals.`,
    "",
    ...table(SUMMARY_HEAD, summaryRows(measures)),
    "",
    `Labels and the 512 features of Frechet and nearest distances are those of our ResNet-18 (${judge.name}): this is not ` +
    "the Inception FID and not comparable with it. Real composites are test images of a label pasted into each other along " +
    "the same masks: what images reach that heed label and mask by construction. (A real image follows its own silhouette " +
    "perfectly, since it is made from it.) Shuffled masks are those of other images of the same label. " +
    `Silhouettes: ${masks.silhouette.count.toLocaleString("en")} images; random shapes: ` +
    `${
      masks.shape.count.toLocaleString("en")
    }; moved disk: ${movedMask.latents} latents at ${movedMask.places} places, ` +
    "with 1/2 for changes that care for no mask and 1 for changes within it alone, and correlations of the disk's " +
    "displacement with that of the centre of mass. LPIPS v0.1 (AlexNet, " +
    `${measures.lpips.resize} px): ${diversity.perLabel} images a label. Nearest of ` +
    `${nearest.trainingImages.toLocaleString("en")} training images: ${
      nearest.queries.toLocaleString("en")
    } images of ` +
    "either side.",
    "",
    ...table(
      ["label", "as asked", "most often taken for", "real composites", "test images"],
      LABEL_NAMES.map((name, index) => [
        name,
        percent(label.byLabel[index]),
        mostOftenTakenFor(label, index),
        percent(composites.label.byLabel[index]),
        percent(measures.test.label.byLabel[index]),
      ]),
    ),
    "",
  ].join("\n");
}

/** The wrong label that the judge sees most often, and in what share. */
function mostOftenTakenFor({ confusion }: LabelFidelity, asked: number): string {
  const row = confusion[asked];
  const all = row.reduce((sum, images) => sum + images, 0);
  const wrong = row.map((images, label) => ({ images, label })).filter(({ label }) => label !== asked);
  const most = wrong.reduce((best, each) => each.images > best.images ? each : best);
  return most.images === 0 ? "-" : `${LABEL_NAMES[most.label]} ${percent(most.images / all)}`;
}

function decimal(value: number | null, digits = 2): string {
  return value === null ? "-" : value.toFixed(digits).replace(/^-(0\.0+)$/, "$1"); // what rounds to zero has no sign
}

function interval({ value, low, high }: Estimate): string {
  return `${decimal(value)} [${decimal(low)}, ${decimal(high)}]`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)} %`;
}

function percentInterval({ value, low, high }: Estimate): string {
  return `${percent(value)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
}
