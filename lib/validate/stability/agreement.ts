/**
 * How far repeats of a score agree.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { intraclassCorrelation, spearman } from "../../statistics/mod.ts";
import type { Repeat } from "./rescore.ts";

/** Agreement of repeats over some units. */
export interface Agreement {
  readonly units: number;
  /** ICC(2,1) of S: how far one repeat tells units apart as another would; null with fewer than 2 units, or where all S are equal. */
  readonly icc: number | null;
  /** Share of the pairs of repeats that have the same K, mean over units, in [0, 1]; null without units. */
  readonly kAgreement: number | null;
}

/**
 * Agreement of repeats.
 *
 * @param table repeats of each unit: the same number in each row, at least 2.
 * @throws {RangeError} when rows are of different lengths or of fewer than 2 repeats.
 * @see Shrout & Fleiss (1979), "Intraclass correlations"
 */
export function agreement(table: readonly (readonly Repeat[])[]): Agreement {
  const short = table.find((row) => row.length < 2 || row.length !== table[0].length);
  if (short) {
    throw new RangeError(`each unit must have as many repeats as the others, at least 2; one has ${short.length}`);
  }
  const samePairs = table.map((row) => {
    return meanSimple(row.flatMap((a, i) => row.slice(0, i).map((b) => Number(a.K === b.K))));
  });
  return {
    units: table.length,
    icc: intraclassCorrelation(table.map((row) => row.map(({ S }) => S))),
    kAgreement: meanOf(samePairs),
  };
}

/** How scores that are made in another way compare with the run's. */
export interface Difference {
  readonly units: number;
  /** Spearman's rank correlation of S; null with fewer than 2 units, or where S is the same for all. */
  readonly spearman: number | null;
  /** Mean absolute difference of S; null without units. */
  readonly meanDifference: number | null;
  /** Share of units with the same K; null without units. */
  readonly sameK: number | null;
}

/**
 * Compares scores of the same units.
 *
 * @param own scores of the run.
 * @param other scores of the same units in the same order, made in another way.
 * @throws {RangeError} when one has more scores than the other.
 */
export function difference(own: readonly Repeat[], other: readonly Repeat[]): Difference {
  if (own.length !== other.length) throw new RangeError(`${own.length} scores stand beside ${other.length}`);
  return {
    units: own.length,
    spearman: spearman(own.map(({ S }) => S), other.map(({ S }) => S)),
    meanDifference: meanOf(own.map(({ S }, i) => Math.abs(S - other[i].S))),
    sameK: meanOf(own.map(({ K }, i) => Number(K === other[i].K))),
  };
}

/** Mean of numbers; null of none. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanSimple([...values]);
}

/** What is measured of the units of a layer. */
export type ByLayer<T> = T & {
  /** Name of the layer; `all` for all units together. */
  readonly layer: string;
};

/**
 * Measures the units of each layer in turn, and all of them.
 *
 * @param units in the order of the network; their layers come in that order.
 * @param measure of the units at these places.
 */
export function byLayer<T>(
  units: readonly { readonly layer: string }[],
  measure: (places: readonly number[]) => T,
): ByLayer<T>[] {
  const places = units.map((_, place) => place);
  const layers = [...new Set(units.map(({ layer }) => layer))];
  return [
    ...layers.map((layer) => ({ layer, ...measure(places.filter((place) => units[place].layer === layer)) })),
    { layer: "all", ...measure(places) },
  ];
}
