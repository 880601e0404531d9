/**
 * A unit in the files of a probe.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { toCsv } from "../../csv.ts";
import type { UnitProbe } from "../../gan/probe/mod.ts";
import type { ProbedUnit } from "./selectivities.ts";

/** What a probe says of a unit, beside its scores. Shares are null when its activation is the same for all images. */
export interface ProbeRow extends ProbedUnit {
  readonly mean_activation: number;
  /** Shares of the variance of its activation. */
  readonly interaction_share: number | null;
  readonly rest_share: number | null;
  /** The same minus what chance explains. */
  readonly label_omega: number | null;
  readonly mask_omega: number | null;
  readonly interaction_omega: number | null;
  /** How many labels and shapes drive it. */
  readonly labels: number;
  readonly shapes: number;
  /** Their names. */
  readonly driving_labels: readonly string[];
  readonly driving_shapes: readonly string[];
}

/** Sets what a probe says of a unit beside its scores. */
export function probeRow(
  { mean, shares, labels, shapes }: UnitProbe,
  { layer, unit, S, S_paper }: ProbedUnit,
): ProbeRow {
  return {
    layer,
    unit,
    S,
    S_paper,
    mean_activation: mean,
    label_share: shares?.label ?? null,
    mask_share: shares?.mask ?? null,
    interaction_share: shares?.interaction ?? null,
    rest_share: shares?.rest ?? null,
    label_omega: shares?.labelOmega ?? null,
    mask_omega: shares?.maskOmega ?? null,
    interaction_omega: shares?.interactionOmega ?? null,
    labels: labels.length,
    shapes: shapes.length,
    driving_labels: labels,
    driving_shapes: shapes,
  };
}

/**
 * Rows as CSV, with a header.
 *
 * @param rows at least one.
 */
export function probeCsv(rows: readonly ProbeRow[]): string {
  return toCsv(
    Object.keys(rows[0]) as (keyof ProbeRow)[],
    rows.map(({ driving_labels, driving_shapes, ...unit }) => ({
      ...unit,
      driving_labels: driving_labels.join(" "),
      driving_shapes: driving_shapes.join(" "),
    })),
  );
}

/** The numbers of which a layer has means, in the order of tables. */
const AVERAGED = ["label_share", "mask_share", "interaction_share", "rest_share", "labels", "shapes"] as const;

/** A layer in the mean of its units. */
export interface ProbedLayer {
  readonly layer: string;
  /** Number of units. */
  readonly units: number;
  /** Means over the units that have the number; null when none has it. */
  readonly means: Readonly<Record<typeof AVERAGED[number], number | null>>;
}

/** The layers of the units, in the order in which they come first. */
export function probedLayers(rows: readonly ProbeRow[]): ProbedLayer[] {
  return [...new Set(rows.map(({ layer }) => layer))].map((layer) => {
    const own = rows.filter((row) => row.layer === layer);
    const meanOf = (key: typeof AVERAGED[number]) => {
      const values = own.map((row) => row[key]).filter((value) => value !== null);
      return values.length === 0 ? null : meanSimple(values);
    };
    const means = Object.fromEntries(AVERAGED.map((key) => [key, meanOf(key)])) as ProbedLayer["means"];
    return { layer, units: own.length, means };
  });
}
