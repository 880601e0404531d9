/**
 * Do scores go with what generated images say of units? Rank correlations of the two.
 *
 * @module
 */
import type { Random } from "../../random.ts";
import { bootstrapInterval, permutationPValue, ranks, spearmanWithin } from "../../statistics/mod.ts";
import type { UnitId } from "../../types.ts";
import { type ProbedUnit, type ScoreKey, SCORES, SELECTIVITIES, type SelectivityKey } from "./selectivities.ts";

/**
 * Over all units, or over the ranks of units within their layers. Scores and selectivities both change with depth; only
 * the second is free of that.
 */
export type Scope = "all" | "within layers";

/** The scopes, in the order of tables. */
const SCOPES: readonly Scope[] = ["all", "within layers"];

/** Rank correlation of a score and a selectivity. */
export interface SelectivityCorrelation {
  readonly score: ScoreKey;
  readonly selectivity: SelectivityKey;
  readonly scope: Scope;
  /** Number of units. Within layers, only layers count in which units differ in both. */
  readonly units: number;
  /** Null with fewer than 3 units, or when all of them are equal in one of the two. */
  readonly rho: number | null;
  /** Bootstrap interval of 95 % that draws units within their layers; null where it is undefined. */
  readonly low: number | null;
  readonly high: number | null;
  /**
   * Two-sided p-value by permutation of all units, or within layers. It is that of one test, without correction for
   * several.
   */
  readonly p: number | null;
}

/** How many random draws are made. */
export interface DrawOptions {
  /** Resamples of an interval; default 2000. */
  readonly resamples?: number;
  /** Permutations of a p-value; default 2000. */
  readonly permutations?: number;
}

/** Fewest units of a rank correlation: two always correlate fully. */
const FEWEST_UNITS = 3;

/**
 * Rank correlations of each score with each selectivity, over all units and within layers.
 *
 * @param random gives each correlation a source of its own, by the names of its parts.
 * @returns by score, then selectivity, then scope.
 */
export function correlateSelectivity(
  units: readonly ProbedUnit[],
  random: (...parts: string[]) => Random,
  draws: DrawOptions = {},
): SelectivityCorrelation[] {
  return SCORES.flatMap((score) =>
    SELECTIVITIES.flatMap(({ key: selectivity }) =>
      SCOPES.map((scope) =>
        correlate(units, score, selectivity, scope, random("probe", score, selectivity, scope), draws)
      )
    )
  );
}

function correlate(
  units: readonly ProbedUnit[],
  score: ScoreKey,
  selectivity: SelectivityKey,
  scope: Scope,
  random: Random,
  { resamples = 2000, permutations = 2000 }: DrawOptions,
): SelectivityCorrelation {
  const within = scope === "within layers";
  const complete = units.filter((unit) => unit[score] !== null && unit[selectivity] !== null);
  const x = complete.map((unit) => unit[score]!);
  const y = complete.map((unit) => unit[selectivity]!);
  const layers = layersOf(complete).filter((layer) =>
    !within || [x, y].every((values) => layer.some((i) => values[i] !== values[layer[0]]))
  );
  const indices = layers.flat();
  const undefinedParts = { rho: null, low: null, high: null, p: null };
  const found = { score, selectivity, scope, units: indices.length };
  if (indices.length < FEWEST_UNITS) return { ...found, ...undefinedParts };
  const strata = within ? complete.map(({ layer }) => layer) : complete.map(() => ""); // all units are one stratum
  const rhoOf = (drawn: readonly number[]) =>
    spearmanWithin(drawn.map((i) => x[i]), drawn.map((i) => y[i]), drawn.map((i) => strata[i]));
  const rho = rhoOf(indices);
  if (rho === null) return { ...found, ...undefinedParts };
  const { low = null, high = null } = bootstrapInterval(layers, rhoOf, random, { resamples }) ?? {};
  return { ...found, rho, low, high, p: pValueOf(x, y, within ? layers : [indices], random, permutations) };
}

/** Indices of the units of each layer. */
function layersOf(units: readonly UnitId[]): number[][] {
  const names = [...new Set(units.map(({ layer }) => layer))];
  return names.map((name) => units.flatMap(({ layer }, i) => layer === name ? [i] : []));
}

/**
 * Two-sided p-value of a rank correlation within strata. A shuffle changes no sum of squares, so that the sum of
 * products of ranks is as far from zero as the correlation is.
 */
function pValueOf(
  x: readonly number[],
  y: readonly number[],
  strata: readonly (readonly number[])[],
  random: Random,
  permutations: number,
): number {
  const [a, b] = [x, y].map((values) => centredRanks(values, strata));
  const indices = strata.flat();
  const sumOfProducts = (partners: readonly number[]) => indices.reduce((sum, i) => sum + a[i] * b[partners[i]], 0);
  return permutationPValue(strata, sumOfProducts, random, permutations);
}

/** For each index, the rank within its stratum, minus their mean, divided by the size of the stratum. */
function centredRanks(values: readonly number[], strata: readonly (readonly number[])[]): number[] {
  const centred: number[] = [];
  for (const stratum of strata) {
    ranks(stratum.map((i) => values[i])).forEach((rank, place) =>
      centred[stratum[place]] = (rank - (stratum.length + 1) / 2) / stratum.length
    );
  }
  return centred;
}
