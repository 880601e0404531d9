/**
 * Sums, fooling units and random weights summed up: units whose true k, or the use of it, is another than that of the table.
 *
 * @module
 */
import { auroc } from "../../statistics/mod.ts";
import { isCounted } from "./planted_unit.ts";
import type { PlantedResult } from "./study.ts";

/** What one setting says of rectified sums. */
export interface SumSummary {
  readonly name: string;
  /** Sums that it could score. */
  readonly units: number;
  /** Share of them with K = 1. */
  readonly called_mono: number | null;
  /** Mean K for k = 2, 3, 4 in turn. */
  readonly mean_k_by_k: readonly (number | null)[];
  /** Share of the features that excite a sum which at least two images show more than any other. */
  readonly features_reached: number | null;
  /** Of those features, how many are above their thresholds in a mean image; over 1 where features are superposed. */
  readonly features_active: number | null;
}

/** What one setting says of fooling units, whose photographs show two features. */
export interface FooledSetting {
  readonly name: string;
  /** Fooling units that it could score. */
  readonly units: number;
  /** Share of them with K = 1: what their third feature would deserve. */
  readonly called_mono: number | null;
  /** Share of them with K = 2: what is true of photographs. */
  readonly called_two: number | null;
  readonly mean_k: number | null;
  /** Share of them whose K is not the number of features that their best photographs show (`AskedPhotographs`). */
  readonly disagrees: number | null;
  /** Mean share of images that show the third feature. */
  readonly images_fooled: number | null;
}

/** What photographs say of fooling units, and of the other units of the same families, by the reference profile. */
export interface AskedPhotographs {
  readonly units: number;
  /** Mean number of features that at least two of the 16 photographs that excite a unit most show more than any other. */
  readonly features: number | null;
  /** Share of units whose visualizations all excite them more than the best photograph. */
  readonly exceeds: number | null;
  /** Mean chance that an exciting photograph is more like the visualizations than another is; 1/2 is no better than a coin. */
  readonly likeness: number | null;
  /** The same by their pixels in place of their embeddings. */
  readonly pixel_likeness: number | null;
}

/** Everything on fooling units. */
export interface FoolingSummary {
  readonly settings: readonly FooledSetting[];
  readonly fooling: AskedPhotographs;
  /** The other units that count, for comparison. */
  readonly others: AskedPhotographs;
  /** Chance that the likeness of another unit exceeds that of a fooling unit: how far it gives fooling units away. */
  readonly likeness_auroc: number | null;
  /** The same by their pixels, which tell where features are linear, as they are here, and need not elsewhere. */
  readonly pixel_likeness_auroc: number | null;
}

/** Results with a K of a setting. */
export function withK(results: readonly PlantedResult[], name: string): PlantedResult[] {
  return results.filter(({ scores }) => name in scores && scores[name].K !== null);
}

/** The mean of a value over items; null where there are none. */
export function share<T>(items: readonly T[], value: (item: T) => number): number | null {
  return items.length === 0 ? null : items.reduce((sum, item) => sum + value(item), 0) / items.length;
}

/** Settings that give some of the results a K. */
function settingsWithK(results: readonly PlantedResult[], names: readonly string[]): string[] {
  return names.filter((name) => withK(results, name).length > 0);
}

/**
 * Sums up sums.
 *
 * @param sums of any k.
 * @param names settings, in the order of the table; those without clusters are left out.
 */
export function summarizeSums(sums: readonly PlantedResult[], names: readonly string[]): SumSummary[] {
  return settingsWithK(sums, names).map((name) => {
    const scored = withK(sums, name);
    const K = ({ scores }: PlantedResult) => scores[name].K!;
    return {
      name,
      units: scored.length,
      called_mono: share(scored, (each) => Number(K(each) === 1)),
      mean_k_by_k: [2, 3, 4].map((k) => share(scored.filter((each) => each.k === k), K)),
      features_reached: share(scored, ({ reached, k }) => reached[name] / k),
      features_active: share(scored, ({ active }) => active?.[name] ?? 0),
    };
  });
}

/**
 * Sums up fooling units.
 *
 * @param results all units, fooling or not.
 * @param names settings, in the order of the table; those without clusters are left out.
 */
export function summarizeFooling(results: readonly PlantedResult[], names: readonly string[]): FoolingSummary {
  const fooling = results.filter(({ kind }) => kind === "fooling");
  const asked = results.filter((unit) =>
    unit.photographs !== undefined && (isCounted(unit) || unit.kind === "fooling")
  );
  const givenAway = (by: "likeness" | "pixel_likeness") => {
    const liked = asked.filter(({ photographs }) => photographs![by] !== null);
    return auroc(liked.map(({ photographs }) => photographs![by]!), liked.map(isCounted));
  };
  return {
    settings: settingsWithK(fooling, names).map((name) => {
      const scored = withK(fooling, name);
      return {
        name,
        units: scored.length,
        called_mono: share(scored, ({ scores }) => Number(scores[name].K === 1)),
        called_two: share(scored, ({ scores }) => Number(scores[name].K === 2)),
        mean_k: share(scored, ({ scores }) => scores[name].K!),
        disagrees: share(
          scored.filter(({ photographs }) => photographs !== undefined),
          ({ scores, photographs }) => Number(scores[name].K !== photographs!.features),
        ),
        images_fooled: share(scored, ({ fooled }) => fooled?.[name] ?? 0),
      };
    }),
    fooling: askedPhotographs(asked.filter(({ kind }) => kind === "fooling")),
    others: askedPhotographs(asked.filter(isCounted)),
    likeness_auroc: givenAway("likeness"),
    pixel_likeness_auroc: givenAway("pixel_likeness"),
  };
}

function askedPhotographs(units: readonly PlantedResult[]): AskedPhotographs {
  const asked = units.map(({ photographs }) => photographs!);
  const mean = (by: "likeness" | "pixel_likeness") =>
    share(asked.filter((each) => each[by] !== null), (each) => each[by]!);
  return {
    units: asked.length,
    features: share(asked, ({ features }) => features),
    exceeds: share(asked, ({ exceeds }) => Number(exceeds)),
    likeness: mean("likeness"),
    pixel_likeness: mean("pixel_likeness"),
  };
}
