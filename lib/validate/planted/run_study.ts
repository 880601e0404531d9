import type { EmbedderRef } from "../../embed/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { DatasetRef } from "../../data/mod.ts";
import type { Profile } from "../../pipeline/mod.ts";
import { createWorkerPool } from "../../jobs/mod.ts";
import type { Size } from "../../types.ts";
import { PLANTED_SIZE } from "./features.ts";
import { countUnits, FAMILIES, type Family, type UnitCounts } from "./planted_unit.ts";
import type { PlantedInit, PlantedTask } from "./planted_worker.ts";
import type { PlantedResult } from "./study.ts";

/** What to plant, and how to score it. */
export interface StudyPlan {
  /** Seeds; each gives its own units. */
  readonly seeds: readonly number[];
  readonly families: readonly Family[];
  /** Units of each family. */
  readonly counts: Readonly<Record<Family, UnitCounts>>;
  /** Profiles by name. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The profile whose images the control and the oracle look at. */
  readonly reference: string;
  /** Whether to give the cluster paths of the reference profile, for a calibration. */
  readonly calibrate?: boolean;
  /** Test images on which other metrics of the reference profile's units are measured; none if absent. */
  readonly metricImages?: number;
  /** Size of the planted units' images; 32 x 32 px if absent. */
  readonly size?: Size;
  /** The embedder of all profiles, where it comes from a file. */
  readonly embedder?: EmbedderRef;
  /** Weights of the profiles' embedder in place of the default ones. */
  readonly embedderWeights?: string;
  /** The mean embedding of the dataset by `embedder`, where it is known: each worker computes it otherwise. */
  readonly meanEmbedding?: Float32Array | null;
}

/** What is known of a unit by setting for some kinds alone, and what photographs say of it. */
function mergedBySetting(before: PlantedResult | undefined, result: PlantedResult): Partial<PlantedResult> {
  const active = { ...before?.active, ...result.active };
  const fooled = { ...before?.fooled, ...result.fooled };
  const photographs = result.photographs ?? before?.photographs;
  return {
    ...(Object.keys(active).length > 0 && { active }),
    ...(Object.keys(fooled).length > 0 && { fooled }),
    ...(photographs && { photographs }),
  };
}

/**
 * 46 units of one feature, of which 16 are the greatest of near-duplicates; 64 of several features; 8 sums; and 4 fooling
 * units.
 */
export const FULL_COUNTS: Readonly<Record<Family, UnitCounts>> = {
  template: { single: 6, nearDuplicate: 5, union: 12, sum: 3, fooling: 2 },
  patch: { single: 6, nearDuplicate: 4, union: 12, sum: 3, fooling: 2 },
  texture: { single: 6, nearDuplicate: 4, union: 12, sum: 2 },
  alexnet: { single: 5, nearDuplicate: 3, union: 12, sum: 0 },
  lenet: { single: 5, nearDuplicate: 0, union: 10, sum: 0 },
  resnet: { single: 2, nearDuplicate: 0, union: 6, sum: 0 },
};

/** A third of it. */
export const SMALL_COUNTS: Readonly<Record<Family, UnitCounts>> = {
  template: { single: 2, nearDuplicate: 2, union: 4, sum: 1, fooling: 1 },
  patch: { single: 2, nearDuplicate: 2, union: 4, sum: 1, fooling: 1 },
  texture: { single: 2, nearDuplicate: 2, union: 4, sum: 0 },
  alexnet: { single: 2, nearDuplicate: 1, union: 4, sum: 0 },
  lenet: { single: 2, nearDuplicate: 0, union: 4, sum: 0 },
  resnet: { single: 1, nearDuplicate: 0, union: 2, sum: 0 },
};

/** Units of random weights beside them, for each seed. */
export const RANDOM_UNITS = { full: 12, small: 4 } as const;

/** The same counts without fooling units, which a calibration has no use for. */
export function withoutControls(
  counts: Readonly<Record<Family, UnitCounts>>,
): Readonly<Record<Family, UnitCounts>> {
  return Object.fromEntries(
    FAMILIES.map((family) => [family, { ...counts[family], fooling: 0 }]),
  ) as Record<Family, UnitCounts>;
}

/** Units scored together; fewer where a network's activations take much memory. */
const UNITS_TOGETHER: Readonly<Record<Family, number>> = {
  template: 8,
  patch: 8,
  texture: 8,
  alexnet: 4,
  lenet: 8,
  resnet: 2,
};

/** The families that a list such as `template,patch` names, in its order. */
export function parseFamilies(text: string): Family[] {
  return text.split(",").map((word) => {
    const family = FAMILIES.find((each) => each === word.trim());
    if (family === undefined) {
      throw new InputError(`there is no family "${word.trim()}" of planted units; choose from ${FAMILIES.join(", ")}`);
    }
    return family;
  });
}

/**
 * Scores planted units by the ordinary pipeline, in workers.
 *
 * @param backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param dataset what each worker opens; its memory is shared, not copied, where the reference holds it.
 * @param workers the most workers, at least 1.
 * @param onProgress called with the share done.
 * @returns the units in the order of seeds, families and numbers, with the scores of all profiles side by side.
 * @throws {InputError} when fewer than two units of one feature, or of several, would be planted.
 */
export async function runPlantedStudy(
  plan: StudyPlan,
  { backend }: Pick<BackendReport, "backend">,
  dataset: DatasetRef,
  workers: number,
  onProgress: (share: number, detail: string) => void = () => {},
): Promise<PlantedResult[]> {
  const { seeds, families, counts, profiles, reference } = plan;
  const ones = families.reduce((sum, each) => sum + counts[each].single + counts[each].nearDuplicate, 0) * seeds.length;
  const several = families.reduce((sum, each) => sum + counts[each].union, 0) * seeds.length;
  if (ones < 2 || several < 2) {
    throw new InputError(
      `the study would have ${ones} units of one feature and ${several} of several; it needs at least two of each: ask ` +
        `for more families (${FAMILIES.join(", ")}) or seeds`,
    );
  }
  const tasks = seeds.flatMap((seed) =>
    // the slowest family first, so that the last tasks are short
    FAMILIES.toReversed().filter((family) => families.includes(family)).flatMap((family) =>
      Object.keys(profiles).flatMap((profile) => {
        const all = Array.from({ length: countUnits(counts[family]) }, (_, unit) => unit);
        const size = UNITS_TOGETHER[family];
        return Array.from({ length: Math.ceil(all.length / size) }, (_, i): PlantedTask => ({
          seed,
          family,
          counts: counts[family],
          units: all.slice(i * size, (i + 1) * size),
          profile,
          calibrate: plan.calibrate === true && profile === reference,
        }));
      })
    )
  );
  const init: PlantedInit = {
    backend,
    dataset,
    profiles,
    reference,
    embedder: plan.embedder,
    embedderWeights: plan.embedderWeights,
    meanEmbedding: plan.meanEmbedding,
    metricImages: plan.metricImages ?? 0,
    size: plan.size ?? PLANTED_SIZE,
  };
  const pool = await createWorkerPool<PlantedInit, PlantedTask, PlantedResult[]>(
    new URL("./planted_worker.ts", import.meta.url),
    Math.min(workers, tasks.length),
    init,
  );
  const merged = new Map<string, PlantedResult>();
  const keyOf = ({ seed, family, unit }: Pick<PlantedResult, "seed" | "family" | "unit">) =>
    JSON.stringify([seed, family, unit]);
  const shares = tasks.map(() => 0);
  const total = tasks.reduce((sum, { units }) => sum + units.length, 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    onProgress(
      shares.reduce((sum, each, i) => sum + each * tasks[i].units.length, 0) / total,
      `${tasks[index].family}, ${tasks[index].profile}`,
    );
  };
  try {
    await pool.run(tasks, {
      onProgress: report,
      onResult: (index, results) => {
        for (const result of results) {
          const before = merged.get(keyOf(result));
          merged.set(keyOf(result), {
            ...result,
            scores: { ...before?.scores, ...result.scores },
            reached: { ...before?.reached, ...result.reached },
            ...mergedBySetting(before, result),
          });
        }
        report(index, 1);
      },
    });
  } finally {
    pool.close();
  }
  return seeds.flatMap((seed) =>
    families.flatMap((family) =>
      Array.from({ length: countUnits(counts[family]) }, (_, unit) => merged.get(keyOf({ seed, family, unit }))!)
    )
  );
}
