/**
 * A run in sum, layer by layer.
 *
 * @module
 */
import { sampleStandardDeviation } from "simple-statistics";
import type { RunData } from "../../run_data.ts";

/** One layer of the summary. */
export interface LayerRow {
  readonly name: string;
  readonly planned: number;
  /** Units committed; of these, units with a score, and without. */
  readonly units: number;
  readonly scored: number;
  readonly dead: number;
  /** Mean and sample standard deviation of S; null where there are too few. */
  readonly meanS: number | null;
  readonly spreadS: number | null;
  /** Units with one, two, and three or more clusters. */
  readonly K1: number;
  readonly K2: number;
  readonly K3: number;
  /** Units whose every counted image exceeds the dataset; null without a dataset. */
  readonly exceeding: number | null;
  /** Time its jobs took, for reading. */
  readonly time: string;
}

function timeInWords(seconds: number): string {
  if (seconds < 99.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const minutes = seconds / 60;
  return minutes < 99.5 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** The layers of a run in the plan's order. */
export function layerRows({ layers, units, manifest }: RunData): LayerRow[] {
  return layers.map(({ name, planned, seconds }) => {
    const here = units.filter(({ layer }) => layer === name);
    const scores = here.flatMap(({ score }) => score ?? []);
    const S = scores.flatMap(({ S }) => S ?? []);
    return {
      name,
      planned,
      units: here.length,
      scored: scores.length,
      dead: here.length - scores.length,
      meanS: S.length === 0 ? null : S.reduce((sum, value) => sum + value, 0) / S.length,
      spreadS: S.length < 2 ? null : sampleStandardDeviation(S),
      K1: scores.filter(({ K }) => K === 1).length,
      K2: scores.filter(({ K }) => K === 2).length,
      K3: scores.filter(({ K }) => K >= 3).length,
      exceeding: manifest.dataset === null
        ? null
        : here.filter(({ score, datasetMax, activations }) =>
          score !== null && datasetMax !== null && activations.slice(0, score.I).every((each) => each > datasetMax)
        ).length,
      time: timeInWords(seconds),
    };
  });
}
