/**
 * What a study of images says: how often each setting's images tell what excites a unit.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { createRandom, type Random } from "../../random.ts";
import { bootstrapInterval } from "../../statistics/mod.ts";
import type { UnitId } from "../../types.ts";
import { type JudgedUnit, type Judgement, REAL } from "./judge_units.ts";

/** The share of right choices of one who cannot tell. */
export const CHANCE = 0.5;

/** Whose images are shown: the unit's, or those of another unit of its layer, which shows what chance is. */
export type Whose = "own" | "another unit's";

/** How often a setting is right. */
export interface ImagesSetting {
  /** A profile by its name, or "real images". */
  readonly name: string;
  /** How the profile describes its images; null for real ones. */
  readonly parametrization: string | null;
  readonly references: Whose;
  /** Units that have such references. */
  readonly units: number;
  /** Mean over units of the share of right choices, in [0, 1]; null without a unit. */
  readonly right: number | null;
  /** Bootstrap interval of 95 %; null for fewer than two units. */
  readonly right_low: number | null;
  readonly right_high: number | null;
}

/** Two settings on the same units. */
export interface ImagesDifference {
  readonly name: string;
  readonly against: string;
  /** Units that have both. */
  readonly units: number;
  /** Mean over units of the share of the first less that of the second; null without a unit. */
  readonly difference: number | null;
  /** Bootstrap interval of 95 %; null for fewer than two units. */
  readonly difference_low: number | null;
  readonly difference_high: number | null;
}

/** Everything that a study says. */
export interface ImagesSummary {
  /** Units that were asked about. */
  readonly units: number;
  readonly chance: typeof CHANCE;
  readonly settings: readonly ImagesSetting[];
  readonly by_layer: readonly (ImagesSetting & { readonly layer: string })[];
  /** Each profile against real images; then each setting against the images of another unit. */
  readonly paired: readonly ImagesDifference[];
  /** By setting, units whose own images there are none of: no start has a gradient, or real images do not differ. */
  readonly without: Readonly<Record<string, number>>;
}

/**
 * Sums up a study. Intervals are percentile bootstraps of 2,000 resamples of the units, of all layers together.
 *
 * @param judged units, each with the same settings.
 * @param parametrizations of the profiles, by name, in the order of the table; real images come after them.
 * @param seed of the bootstrap.
 */
export function summarizeImages(
  judged: readonly JudgedUnit[],
  parametrizations: Readonly<Record<string, string>>,
  seed: number,
): ImagesSummary {
  const names = [...Object.keys(parametrizations), REAL];
  const layers = [...new Set(judged.map(({ layer }) => layer))];
  const settingsOf = (units: readonly JudgedUnit[], ...place: string[]) =>
    names.flatMap((name) =>
      (["own", "another unit's"] as const).map((references): ImagesSetting => ({
        name,
        parametrization: parametrizations[name] ?? null,
        references,
        ...rightOf(sharesOf(units, name, references), createRandom(seed, "images", name, references, ...place)),
      }))
    );
  return {
    units: judged.length,
    chance: CHANCE,
    settings: settingsOf(judged),
    by_layer: layers.flatMap((layer) =>
      settingsOf(judged.filter((each) => each.layer === layer), layer).map((setting) => ({ layer, ...setting }))
    ),
    paired: [
      ...names.filter((name) => name !== REAL).map((name) =>
        difference(judged, [name, "own"], [REAL, "own"], createRandom(seed, "images against real", name))
      ),
      ...names.map((name) =>
        difference(judged, [name, "own"], [name, "another unit's"], createRandom(seed, "images against another", name))
      ),
    ],
    without: Object.fromEntries(
      names.map((name) => [name, sharesOf(judged, name, "own").filter((share) => share === null).length]),
    ),
  };
}

function shareOf({ judgements }: JudgedUnit, name: string, references: Whose): number | null {
  const judgement = judgements.find(({ setting }) => setting === name);
  return (references === "own" ? judgement?.own : judgement?.another) ?? null;
}

function sharesOf(units: readonly JudgedUnit[], name: string, references: Whose): (number | null)[] {
  return units.map((unit) => shareOf(unit, name, references));
}

function rightOf(
  shares: readonly (number | null)[],
  random: Random,
): Pick<ImagesSetting, "units" | "right" | "right_low" | "right_high"> {
  const { count, mean, low, high } = meanOver(shares, random);
  return { units: count, right: mean, right_low: low, right_high: high };
}

type Side = readonly [name: string, references: Whose];

function difference(judged: readonly JudgedUnit[], one: Side, other: Side, random: Random): ImagesDifference {
  const differences = judged.map((unit) => {
    const [a, b] = [shareOf(unit, ...one), shareOf(unit, ...other)];
    return a === null || b === null ? null : a - b;
  });
  const { count, mean, low, high } = meanOver(differences, random);
  return {
    name: one[0],
    against: other[1] === "own" ? other[0] : `${other[0]}, another unit's`,
    units: count,
    difference: mean,
    difference_low: low,
    difference_high: high,
  };
}

/** The mean of the values there are, and its interval. */
function meanOver(values: readonly (number | null)[], random: Random) {
  const known = values.filter((value) => value !== null);
  const interval = known.length < 2
    ? null
    : bootstrapInterval([known.map((_, i) => i)], (drawn) => meanSimple(drawn.map((i) => known[i])), random);
  return {
    count: known.length,
    mean: known.length === 0 ? null : meanSimple(known),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}

/** A row of the table of units: one unit in one setting. */
export interface ImagesRow extends UnitId {
  readonly setting: string;
  readonly parametrization: string | null;
  /** The unit whose images are the references. */
  readonly references_of: number | null;
  readonly pairs: number;
  /** Share of right choices; null where there are no such references. */
  readonly right: number | null;
  /** Mean activation of `unit` on its own positive references; null on those of another, which are not shown to it. */
  readonly positive_activation: number | null;
  /** The same of the negative ones. */
  readonly negative_activation: number | null;
}

/** Columns of the table of units. */
export const IMAGES_COLUMNS = [
  "layer",
  "unit",
  "setting",
  "parametrization",
  "references_of",
  "pairs",
  "right",
  "positive_activation",
  "negative_activation",
] as const satisfies readonly (keyof ImagesRow)[];

/** A row for each unit and setting, by its own references and then by another unit's. */
export function imagesRows(
  judged: readonly JudgedUnit[],
  parametrizations: Readonly<Record<string, string>>,
  pairs: number,
): ImagesRow[] {
  return judged.flatMap(({ layer, unit, other, judgements }) =>
    judgements.flatMap(({ setting, own, another, positive, negative }: Judgement): ImagesRow[] => {
      const common = { layer, unit, setting, parametrization: parametrizations[setting] ?? null, pairs };
      return [
        {
          ...common,
          references_of: unit,
          right: own,
          positive_activation: positive,
          negative_activation: negative,
        },
        ...(other === null ? [] : [{
          ...common,
          references_of: other,
          right: another,
          positive_activation: null,
          negative_activation: null,
        }]),
      ];
    })
  );
}
