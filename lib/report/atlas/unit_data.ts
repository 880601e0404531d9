/**
 * The data of one unit for the page.
 *
 * @module
 */
import { resizeBilinear } from "../../images/mod.ts";
import type { ClusteringRecord, ImageBatch, KShares, RunManifest, ScoreParts } from "../../types.ts";
import { principalComponents } from "../pca.ts";
import {
  type DatasetImages,
  exceedance,
  type RunData,
  type UnitDetails,
  unitName,
  type UnitOverview,
} from "../../run_data.ts";
import type { ScoreNumbers, Sheet, UnitBlock, UnitEntry } from "./page_data.ts";

/** A number to a few significant digits: more than a chart of a few hundred pixels shows, in a third of the bytes. */
function significant(value: number, digits = 5): number {
  return Number(value.toPrecision(digits));
}

/** The numbers of a score, without what else a clustering has. */
export function scoreNumbers(score: ScoreParts | null): ScoreNumbers | null {
  return score && (({ S, C, D, K, I }) => ({ S, C, D, K, I }))(score);
}

function inTurn({ K1, K2, K3 }: KShares): [number, number, number] {
  return [K1, K2, K3];
}

/**
 * The index entry of a unit.
 *
 * @param classes names of the classes of a layer, where they are known.
 */
export function unitEntry(unit: UnitOverview, classes?: RunManifest["modelClasses"]): UnitEntry {
  const { score, datasetMax, freshShares } = unit;
  const counted = unit.activations.slice(0, score?.I ?? 0);
  return {
    id: unitName(unit),
    layer: unit.layer,
    unit: unit.unit,
    ...(classes?.layer === unit.layer ? { class: classes.names[unit.unit] } : {}),
    score: scoreNumbers(score),
    interval: unit.scoreInterval && [significant(unit.scoreInterval.low), significant(unit.scoreInterval.high)],
    kShares: unit.kShares && inTurn(unit.kShares),
    ...(freshShares && { fresh: { sets: freshShares.sets, kShares: inTurn(freshShares) } }),
    paper: scoreNumbers(unit.paper),
    angle: unit.meanAngle,
    mean: counted.length === 0 ? null : counted.reduce((sum, value) => sum + value, 0) / counted.length,
    lowest: counted.length === 0 ? null : counted.reduce((least, value) => Math.min(least, value), Infinity),
    datasetMax,
    above: exceedance(unit)?.share ?? null,
    stop: unit.stopReason,
    flags: unit.flags,
  };
}

/** The images on the sheet of a unit: its own, then the dataset's best ones, of the same size, if they are at hand. */
export async function sheetImages(
  run: RunData,
  unit: UnitDetails,
): Promise<{ batches: ImageBatch[]; bestPictured: boolean }> {
  const { dataset } = run;
  const indices = unit.datasetBest.map(({ index }) => index);
  const known = dataset !== null && indices.length > 0 && indices.every((index) => index >= 0 && index < dataset.count);
  const best = known ? await dataset.images(indices) : null;
  const { count, height, width } = unit.images;
  const sized = best === null || count === 0 ? best : resizeBilinear(best, height, width);
  return {
    batches: [...(count > 0 ? [unit.images] : []), ...(sized !== null ? [sized] : [])],
    bestPictured: sized !== null,
  };
}

/** The name of the class of a dataset's image; undefined where it has none. Classes that have numbers alone are called by them. */
function classOf({ labels, classes }: DatasetImages, index: number): string | undefined {
  const name = labels && classes?.[labels[index]];
  return name && /^\d+$/.test(name) ? `class ${name}` : name ?? undefined;
}

/** The block of a unit, with a sheet that was made before; `dataset` names the classes of the dataset's best images. */
export function unitBlock(
  unit: UnitDetails,
  sheet: Sheet | null,
  bestPictured: boolean,
  dataset: DatasetImages | null = null,
): UnitBlock {
  const score: ClusteringRecord | null = unit.score;
  const rows = score === null ? 0 : Math.min(score.I, unit.embeddings.rows);
  const { cols, data } = unit.embeddings;
  const plane = rows === 0
    ? { coordinates: [], shares: [0, 0] }
    : principalComponents({ rows, cols, data: data.subarray(0, rows * cols) });
  return {
    sheet,
    activations: unit.activations.map((value) => significant(value)),
    assignments: score?.assignments ?? [],
    curve: unit.meanDistances.map((value) => significant(value)),
    candidates: (score?.candidates ?? []).map(({ k, criterion, inertia }) => ({
      k,
      value: Number.isFinite(criterion) ? significant(criterion, 6) : null,
      inertia: significant(inertia, 6),
    })),
    map: plane.coordinates.map(([x, y]) => [significant(x, 4), significant(y, 4)] as const),
    mapShares: [significant(plane.shares[0], 4), significant(plane.shares[1], 4)],
    theta: (score?.theta ?? []).map((row) => row.map((value) => significant(value, 4))),
    best: unit.datasetBest.map(({ index, activation }) => {
      const name = dataset === null ? undefined : classOf(dataset, index);
      return { index, activation: significant(activation), ...(name === undefined ? {} : { class: name }) };
    }),
    bestPictured,
  };
}
