/**
 * Which units are shown, and in which order.
 *
 * @module
 */
import type { UnitEntry } from "../page_data.ts";
import { byId } from "./dom.ts";
import { flagInWords } from "./format.ts";
import { compareNumbers, difference, magnitude, sureness } from "./numbers.ts";

/** A range of numbers; an end that is null is open. */
export interface Range {
  readonly least: number | null;
  readonly most: number | null;
}

/** What a unit must be like to be shown. */
export interface Filters {
  /** Words that must all be in its name or its flags, in lower case. */
  readonly words: readonly string[];
  /** Null for any. */
  readonly layer: string | null;
  readonly K: Range;
  readonly S: Range;
  /** `any`, `none`, or `flag:` and the flag that it must have. */
  readonly flag: string;
}

/** The filters as the page's controls have them. */
export function readFilters(): Filters {
  const value = (id: string) => byId<HTMLInputElement | HTMLSelectElement>(id).value;
  const end = (id: string) => value(id) === "" ? null : Number(value(id));
  const clusters = value("clusters");
  const least = clusters === "" ? null : parseInt(clusters);
  return {
    words: value("search").trim().toLowerCase().split(/\s+/).filter((word) => word !== ""),
    layer: value("layer") === "" ? null : value("layer").slice("layer:".length),
    K: { least, most: clusters.endsWith("+") ? null : least },
    S: { least: end("s-from"), most: end("s-to") },
    flag: value("flag") || "any",
  };
}

/** Whether a number is in a range. No number is in the open range alone. */
export function isWithin(value: number | null, { least, most }: Range): boolean {
  if (value === null) return least === null && most === null;
  return (least === null || value >= least) && (most === null || value <= most);
}

/** Whether a unit fits the filters. */
export function fitsFilters(entry: UnitEntry, { words, layer, K, S, flag }: Filters): boolean {
  const text = `${entry.id} ${entry.class ?? ""} ${
    entry.flags.map((each) => `${each} ${flagInWords(each).name}`).join(" ")
  }`.toLowerCase();
  return words.every((word) => text.includes(word)) &&
    (layer === null || entry.layer === layer) &&
    isWithin(entry.score?.K ?? null, K) &&
    isWithin(entry.score?.S ?? null, S) &&
    (flag === "any" || (flag === "none" ? entry.flags.length === 0 : entry.flags.includes(flag.slice("flag:".length))));
}

/** The number of a unit that an order sorts by, by its name; undefined for the order of the layers. */
export function orderNumber(name: string): ((entry: UnitEntry) => number | null) | undefined {
  const numbers = new Map<string, (entry: UnitEntry) => number | null>([
    ["S", ({ score }) => score?.S ?? null],
    ["C", ({ score }) => score?.C ?? null],
    ["D", ({ score }) => score?.D ?? null],
    ["K", ({ score }) => score?.K ?? null],
    ["I", ({ score }) => score?.I ?? null],
    ["sure", sureness],
    ["angle", ({ angle }) => angle],
    ["above", ({ above }) => above],
    ["change", ({ score, other }) => magnitude(difference(score, other, "S"))],
  ]);
  return numbers.get(name);
}

/**
 * Places of units in the order asked for; units without the number that is sorted by are last. Units of the same S are in the
 * order of the upper end of its interval: of those at 0, the ones that may have more come first.
 *
 * @param order `layer`, or the name of a number and `up` or `down`, such as `S down`.
 */
export function inOrder(units: readonly UnitEntry[], places: readonly number[], order: string): number[] {
  const [name, direction] = order.split(" ");
  const number = orderNumber(name);
  if (number === undefined) return [...places];
  const keys = name === "S" ? [number, ({ interval }: UnitEntry) => interval && interval[1]] : [number];
  return [...places].sort((first, second) => {
    for (const key of keys) {
      const sign = compareNumbers(key(units[first]), key(units[second]), direction !== "up");
      if (sign !== 0) return sign;
    }
    return first - second;
  });
}
