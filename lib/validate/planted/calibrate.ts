/**
 * Calibration: the price of a cluster and the weights of the perceptual distances that tell units of a known number of
 * features best.
 *
 * @module
 */
import {
  clusteredSpace,
  clusterMeans,
  type ClusterOptions,
  dissolveSmallClusters,
  greatestK,
  kmeansPartitions,
} from "../../cluster/mod.ts";
import { score } from "../../score/mod.ts";
import type { Matrix } from "../../types.ts";
import { auroc, spearman } from "../../statistics/mod.ts";
import { type Family, isCounted, type PlantedUnit } from "./planted_unit.ts";

/** Weights of a grid. */
export interface Weights {
  readonly lpips: number;
  readonly pooled: number;
}

/** A unit clustered into K = 1, 2, ... with some weights. */
export interface ClusterPath extends Weights {
  /** Inertia of k-means with K = 1, 2, ... clusters. */
  readonly inertias: readonly number[];
  /** The clusters left when small ones are dissolved. */
  readonly clusters: readonly number[];
  /** S of them. */
  readonly scores: readonly number[];
}

/** A planted unit and its paths, in the order of the grid. */
export interface CalibrationUnit extends PlantedUnit {
  readonly paths: readonly ClusterPath[];
}

/** The weights that are tried. */
export const WEIGHT_GRID: readonly Weights[] = [0, 2, 4, 8].flatMap((lpips) =>
  [0, 0.5, 1, 2].map((pooled) => ({ lpips, pooled }))
);

/** Prices that are tried: 120 of them, from .05 to 50 in equal ratios. */
export const BETA_GRID: readonly number[] = Array.from({ length: 120 }, (_, i) => 0.05 * 1000 ** (i / 119));

/** How well a setting tells units. */
export interface Fit {
  /** Share of units whose K is the true one. */
  readonly exact: number;
  /** Share of units of one feature, near-duplicates included, with K > 1. */
  readonly one_called_several: number;
  /** Share of units of several with K = 1. */
  readonly several_called_one: number;
  readonly auroc: number | null;
  readonly spearman: number | null;
  /** What is maximized: the share of exact K plus the balanced accuracy of one against several. */
  readonly objective: number;
}

/** A setting and how well it does. */
export interface Choice extends Weights {
  readonly beta: number;
  readonly fit: Fit;
}

/** What a calibration found. */
export interface Calibration {
  readonly units: number;
  readonly best: Choice;
  /** Prices, with the best weights, whose objective is within .02 of the best. */
  readonly forgiving: { readonly low: number; readonly high: number };
  /** The best price for each of the weights. */
  readonly grid: readonly Choice[];
  /** For each family, weights and price as the other families alone would have them chosen, and how they do on this one. */
  readonly leave_one_family_out: readonly (Choice & { readonly family: Family; readonly units: number })[];
}

/**
 * Clusters a unit with each of a grid of weights.
 *
 * @param embeddings of the I images that count.
 * @param options of the run; its criterion, price and perceptual distances are not used.
 * @param distances LPIPS and pooled distances of the same images.
 */
export function clusterPaths(
  embeddings: Matrix,
  options: ClusterOptions,
  distances: { readonly lpips: ArrayLike<number>; readonly pooled: ArrayLike<number> },
  grid: readonly Weights[] = WEIGHT_GRID,
): ClusterPath[] {
  const { restarts = 10, seed, minClusterSize = 1 } = options;
  return grid.map(({ lpips, pooled }) => {
    const sums = Float64Array.from(distances.lpips, (value, i) => lpips * value + pooled * distances.pooled[i]);
    const points = clusteredSpace(embeddings, { ...options, perceptual: { distances: sums, weight: 1 } });
    const partitions = kmeansPartitions(points, greatestK(points.length, options), restarts, seed);
    const left = partitions.map((partition) => dissolveSmallClusters(points, partition, minClusterSize));
    return {
      lpips,
      pooled,
      inertias: partitions.map(({ inertia }) => inertia),
      clusters: left.map(({ K }) => K),
      scores: left.map(({ assignments, sizes }) =>
        score(clusterMeans(embeddings, assignments, sizes), embeddings.rows).S ?? 0
      ),
    };
  });
}

/**
 * Finds the weights and the price that maximize the objective.
 *
 * @param units at least one of one feature and one of several; sums and fooling units are left out.
 * @throws {RangeError} when there are not.
 */
export function calibrate(units: readonly CalibrationUnit[]): Calibration {
  const counted = units.filter(isCounted);
  if (!counted.some(({ k }) => k === 1) || !counted.some(({ k }) => k > 1)) {
    throw new RangeError("calibration needs units of one feature and of several");
  }
  const weights = counted[0].paths.map((_, index) => index);
  const grid = weights.map((index) => bestPrice(counted, index));
  const best = greatest(grid);
  const index = grid.indexOf(best);
  const near = BETA_GRID.filter((beta) => fitOf(counted, index, beta).objective >= best.fit.objective - 0.02);
  const families = [...new Set(counted.map(({ family }) => family))];
  return {
    units: counted.length,
    best,
    forgiving: { low: Math.min(...near), high: Math.max(...near) },
    grid,
    leave_one_family_out: families.length < 2 ? [] : families.flatMap((family) => {
      const others = counted.filter((unit) => unit.family !== family);
      const own = counted.filter((unit) => unit.family === family);
      if (!others.some(({ k }) => k === 1) || !others.some(({ k }) => k > 1)) return [];
      const chosen = weights.map((index) => ({ index, choice: bestPrice(others, index) }))
        .reduce((a, b) => b.choice.fit.objective > a.choice.fit.objective ? b : a);
      return [{ ...chosen.choice, fit: fitOf(own, chosen.index, chosen.choice.beta), family, units: own.length }];
    }),
  };
}

/** The middle of the prices that do best with some weights. */
function bestPrice(units: readonly CalibrationUnit[], index: number): Choice {
  const fits = BETA_GRID.map((beta) => ({ beta, fit: fitOf(units, index, beta) }));
  const most = Math.max(...fits.map(({ fit }) => fit.objective));
  const equals = fits.filter(({ fit }) => fit.objective === most);
  const { beta, fit } = equals[equals.length >> 1];
  const { lpips, pooled } = units[0].paths[index];
  return { lpips, pooled, beta, fit };
}

function greatest(choices: readonly Choice[]): Choice {
  return choices.reduce((a, b) => b.fit.objective > a.fit.objective ? b : a);
}

function fitOf(units: readonly CalibrationUnit[], index: number, beta: number): Fit {
  const found = units.map(({ k, paths }) => {
    const { inertias, clusters, scores } = paths[index];
    let least = 0;
    for (let i = 1; i < inertias.length; i++) {
      if (inertias[i] + beta * (i + 1) < inertias[least] + beta * (least + 1)) least = i;
    }
    return { k, K: clusters[least], S: scores[least] };
  });
  const share = (some: typeof found, hit: (unit: typeof found[number]) => boolean) =>
    some.length === 0 ? 0 : some.filter(hit).length / some.length;
  const exact = share(found, ({ k, K }) => K === k);
  const oneCalledSeveral = share(found.filter(({ k }) => k === 1), ({ K }) => K > 1);
  const severalCalledOne = share(found.filter(({ k }) => k > 1), ({ K }) => K === 1);
  return {
    exact,
    one_called_several: oneCalledSeveral,
    several_called_one: severalCalledOne,
    auroc: auroc(found.map(({ S }) => S), found.map(({ k }) => k > 1)),
    spearman: spearman(found.map(({ S }) => S), found.map(({ k }) => k)),
    objective: exact + 1 - (oneCalledSeveral + severalCalledOne) / 2,
  };
}
