/**
 * What generated images say of units, set against their scores.
 *
 * @module
 */
import { permutation, type Random } from "../random.ts";
import type { ScoreParts, UnitId } from "../types.ts";
import { bootstrapInterval, ranks } from "../statistics/mod.ts";

/** What a probe measures of a unit. */
export type SelectivityKey = "label_share" | "mask_share" | "labels" | "shapes";

/** The measures, in the order of tables. */
export const SELECTIVITIES: readonly { readonly key: SelectivityKey; readonly label: string }[] = [
  { key: "label_share", label: "label's share of variance" },
  { key: "mask_share", label: "mask's share of variance" },
  { key: "labels", label: "labels that drive it" },
  { key: "shapes", label: "shapes that drive it" },
];

/** The scores of a run: by its profile, and by the literal stop and rule. */
export type ScoreKey = "S" | "S_paper";

/** A unit's scores and selectivities; null where one is undefined. */
export type ProbedUnit = UnitId & Readonly<Record<ScoreKey | SelectivityKey, number | null>>;

/** What a probe says of a unit. */
export interface ProbeOfUnit extends UnitId {
  /** Shares of the variance of its activation; null where that is the same for all images. */
  readonly shares: { readonly label: number; readonly mask: number } | null;
  /** Names of the labels that drive it. */
  readonly labels: readonly string[];
  /** Names of the shapes that drive it. */
  readonly shapes: readonly string[];
}

/**
 * Sets the scores of units beside what a probe says of them.
 *
 * @param scored the scores of as many units, in the same order.
 */
export function withScores(
  probes: readonly ProbeOfUnit[],
  scored: readonly { readonly score: ScoreParts | null; readonly paper: ScoreParts | null }[],
): ProbedUnit[] {
  return probes.map(({ layer, unit, shares, labels, shapes }, i) => ({
    layer,
    unit,
    S: scored[i].score?.S ?? null,
    S_paper: scored[i].paper?.S ?? null,
    label_share: shares?.label ?? null,
    mask_share: shares?.mask ?? null,
    labels: labels.length,
    shapes: shapes.length,
  }));
}

/** Rank correlation of a score and a selectivity. */
export interface SelectivityCorrelation {
  readonly score: ScoreKey;
  readonly selectivity: SelectivityKey;
  /** Over all units, or of their ranks within their layers: depth moves both, and only the second is free of it. */
  readonly scope: "all" | "within layers";
  /** Units that it is computed of: within layers, those of layers in which both differ from unit to unit. */
  readonly units: number;
  /** Null with fewer than 3 units, or where one of the two is the same for all. */
  readonly rho: number | null;
  /** Bootstrap interval of 95 %, units drawn again within their layers; null where there is none to be had. */
  readonly low: number | null;
  readonly high: number | null;
  /** Two-sided, by permutation: of all units, or within layers. Of this test alone, not corrected for there being several. */
  readonly p: number | null;
}

/** How often things are drawn again. */
export interface DrawOptions {
  /** For intervals; default 2000. */
  readonly resamples?: number;
  /** For p-values; default 2000. */
  readonly permutations?: number;
}

const FEWEST_UNITS = 3;

/**
 * Rank correlations of each score with each selectivity, over all units and within layers.
 *
 * @param random a source of its own for each correlation, by the names of its parts.
 * @returns by score, then selectivity, then scope.
 */
export function correlateSelectivity(
  units: readonly ProbedUnit[],
  random: (...parts: string[]) => Random,
  { resamples = 2000, permutations = 2000 }: DrawOptions = {},
): SelectivityCorrelation[] {
  return (["S", "S_paper"] as const).flatMap((score) =>
    SELECTIVITIES.flatMap(({ key: selectivity }) => {
      const complete = units.filter((unit) => unit[score] !== null && unit[selectivity] !== null);
      return (["all", "within layers"] as const).map((scope): SelectivityCorrelation => {
        const within = scope === "within layers";
        const groups = layersOf(complete).filter((group) =>
          !within ||
          [score, selectivity].every((key) => group.some((i) => complete[i][key] !== complete[group[0]][key]))
        );
        const x = complete.map((unit) => unit[score]!);
        const y = complete.map((unit) => unit[selectivity]!);
        const indices = groups.flat();
        // over all units is within one layer of all
        const strata = within ? complete.map(({ layer }) => layer) : complete.map(() => "");
        const statistic = (drawn: readonly number[]) =>
          spearmanWithin(drawn.map((i) => x[i]), drawn.map((i) => y[i]), drawn.map((i) => strata[i]));
        const rho = indices.length < FEWEST_UNITS ? null : statistic(indices);
        const source = random("probe", score, selectivity, scope);
        const interval = rho === null ? null : bootstrapInterval(groups, statistic, source, { resamples });
        const p = rho === null ? null : permutationPWithin(x, y, within ? groups : [indices], source, permutations);
        const { low = null, high = null } = interval ?? {};
        return { score, selectivity, scope, units: indices.length, rho, low, high, p };
      });
    })
  );
}

/** Indices of the units of each layer. */
function layersOf(units: readonly UnitId[]): number[][] {
  const names = [...new Set(units.map(({ layer }) => layer))];
  return names.map((name) => units.flatMap(({ layer }, i) => layer === name ? [i] : []));
}

/**
 * Rank correlation free of differences between layers: Pearson's correlation of the mid-ranks within each layer, centred and
 * over the layer's number of units.
 *
 * @param layers the layer of each pair of values.
 * @returns in [-1, 1]; null where in every layer one of the two is the same for all units.
 */
export function spearmanWithin(
  a: readonly number[],
  b: readonly number[],
  layers: readonly string[],
): number | null {
  let [xy, xx, yy] = [0, 0, 0];
  for (const layer of new Set(layers)) {
    const own = layers.flatMap((each, i) => each === layer ? [i] : []);
    const [x, y] = [a, b].map((values) => ranks(own.map((i) => values[i])).map((rank) => rank - (own.length + 1) / 2));
    if (x.every((rank) => rank === 0) || y.every((rank) => rank === 0)) continue; // it has nothing to say
    for (let i = 0; i < own.length; i++) {
      xy += x[i] * y[i] / own.length ** 2;
      xx += x[i] ** 2 / own.length ** 2;
      yy += y[i] ** 2 / own.length ** 2;
    }
  }
  return xx === 0 || yy === 0 ? null : Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)));
}

/**
 * Two-sided p-value of {@linkcode spearmanWithin} by permutation within groups: (1 + hits) / (1 + permutations), where a hit
 * is a shuffle at least as far from zero. Shuffling changes no sum of squares: sums of products tell the same.
 *
 * @param groups indices of the values of each layer, in each of which both differ.
 */
function permutationPWithin(
  x: readonly number[],
  y: readonly number[],
  groups: readonly (readonly number[])[],
  random: Random,
  permutations: number,
): number {
  const centred = groups.map((group) =>
    [x, y].map((values) =>
      ranks(group.map((i) => values[i])).map((rank) => (rank - (group.length + 1) / 2) / group.length)
    )
  );
  const products = (order: (size: number) => ArrayLike<number>) =>
    centred.reduce((sum, [a, b]) => {
      const places = order(a.length);
      return a.reduce((part, rank, i) => part + rank * b[places[i]], sum);
    }, 0);
  const threshold = Math.abs(products((size) => Array.from({ length: size }, (_, i) => i))) - 1e-9; // of rounding
  let hits = 0;
  for (let n = 0; n < permutations; n++) {
    if (Math.abs(products((size) => permutation(size, random))) >= threshold) hits++;
  }
  return (1 + hits) / (1 + permutations);
}

/** The level of p-values and intervals at which something is said to be shown. */
const LEVEL = 0.05;

/**
 * What the correlations with a score say, in sentences, whichever way they turn out.
 *
 * @param units those that the correlations are of.
 */
export function readCorrelations(
  units: readonly ProbedUnit[],
  correlations: readonly SelectivityCorrelation[],
  score: ScoreKey,
): string[] {
  const name = score === "S" ? "S" : "the literal S";
  const scored = units.filter((unit) => unit[score] !== null);
  const above = scored.filter((unit) => unit[score]! > 0).length;
  const within = correlations.filter((each) => each.score === score && each.scope === "within layers");
  const isShown = ({ low, high, p }: SelectivityCorrelation) =>
    p !== null && p < LEVEL && low !== null && high !== null && low * high > 0;
  const labelOf = (key: SelectivityKey) => SELECTIVITIES.find((each) => each.key === key)!.label;
  const two = (value: number) => value.toFixed(2).replace(/^-0\.00$/, "0.00");
  const shown = within.filter(isShown).map(({ selectivity, rho, low, high, p }) =>
    `${labelOf(selectivity)} (rho ${two(rho!)} [${two(low!)}, ${two(high!)}], p ${p!.toFixed(4)})`
  );
  const defined = within.filter(({ rho }) => rho !== null);
  return [
    `${name[0].toUpperCase()}${
      name.slice(1)
    } is above 0 for ${above} of ${scored.length} units; all others are tied at 0.`,
    defined.length === 0
      ? `Within layers nothing can be said of ${name}: in none do both it and a selectivity differ from unit to unit.`
      : shown.length > 0
      ? `Within layers, ${name} goes with: ${shown.join("; ")}. Of ${defined.length} tests at 5 % each, not corrected.`
      : `Within layers, no association of ${name} with any of ${defined.length} selectivities is shown (5 % each); ` +
        "that is not evidence that there is none.",
  ];
}
