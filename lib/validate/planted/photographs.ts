/**
 * What photographs say of a unit, beside its visualizations.
 *
 * @module
 */
import { type ImageSource, indexRange } from "../../data/mod.ts";
import { readData, tf } from "../../engine/mod.ts";
import { meanRow, unitRows } from "../../matrix.ts";
import { auroc } from "../../statistics/mod.ts";
import type { Matrix } from "../../types.ts";
import { activationCheck } from "../check/mod.ts";
import { mostActivating } from "../metrics/mod.ts";
import { shownFeatures } from "./oracle.ts";

/** Photographs that units are asked about. */
const PHOTOGRAPHS = 1000;
/** The best of them that are looked at: as many as people put beside a unit's visualizations. */
const LOOKED_AT = 16;
/** Share of them that counts as exciting a unit when its visualizations are compared with them. */
const EXCITING = 0.05;

/** What photographs say of a unit. */
export interface PhotographCheck {
  /** How many of its features at least two of the 16 photographs that excite it most show more than any other. */
  readonly features: number;
  /** Whether every visualization excites it more than the best photograph: the paper's section 3. */
  readonly exceeds: boolean;
  /**
   * Chance that one of the 5 % of photographs that excite it most is more like a visualization of it, by the profile's embedder,
   * than another photograph is; 1/2 where the visualizations tell nothing of photographs, null where all excite it alike.
   */
  readonly likeness: number | null;
  /** The same by their pixels in place of their embeddings. */
  readonly pixel_likeness: number | null;
}

/** Training images spread over the set, between those that responses are standardized on. */
export function spreadPhotographs(train: ImageSource, most = PHOTOGRAPHS): ImageSource {
  const count = Math.min(most, train.count);
  const chosen = indexRange(0, count).map((i) => Math.floor((i + 0.5) * train.count / count));
  return {
    count,
    size: train.size,
    labels: train.labels && chosen.map((index) => train.labels![index]),
    images: (indices) => train.images(Array.from(indices, (i) => chosen[i])),
  };
}

/** Indices of the photographs that excite a unit most, best first; none where all excite it alike. */
export function bestPhotographs(activations: ArrayLike<number>): number[] {
  return mostActivating(activations, LOOKED_AT) ?? [];
}

/**
 * Sets a unit's visualizations against photographs.
 *
 * @param photographs activation of each, and the feature that each of the best shows most.
 * @param visualizations activation of each, at least one.
 * @param similarities of each photograph to the visualization that it is most like, by embeddings and by pixels.
 */
export function checkPhotographs(
  photographs: { readonly activations: readonly number[]; readonly shown: readonly number[] },
  visualizations: readonly number[],
  similarities: { readonly embeddings: readonly number[]; readonly pixels: readonly number[] },
): PhotographCheck {
  const { activations, shown } = photographs;
  const exciting = mostActivating(activations, Math.ceil(EXCITING * activations.length));
  const likeness = (values: readonly number[]) =>
    exciting && auroc(values, activations.map((_, i) => exciting.includes(i)));
  return {
    features: shownFeatures(shown).length,
    exceeds: activationCheck(visualizations, Math.max(...activations)).exceeds,
    likeness: likeness(similarities.embeddings),
    pixel_likeness: likeness(similarities.pixels),
  };
}

/** Photographs as rows of numbers: directions of what is left of each less the mean of all. */
export interface View {
  /** Shape [N, D]. */
  readonly directions: Matrix;
  readonly mean: Float32Array;
}

/** A view of photographs by their embeddings or their pixels, shape [N, D]. */
export function viewOf(rows: Matrix): View {
  const mean = meanRow(rows);
  return { directions: unitRows(rows, mean), mean };
}

/**
 * How like each photograph is to the visualization that it is most like: the greatest cosine.
 *
 * @param visualizations the same numbers of them, shape [I, D].
 * @returns length N.
 */
export async function greatestCosines({ directions, mean }: View, visualizations: Matrix): Promise<number[]> {
  const others = unitRows(visualizations, mean);
  const tensor = ({ rows, cols, data }: Matrix) => tf.tensor2d(Float32Array.from(data), [rows, cols]);
  return [...await readData(() => tensor(directions).matMul(tensor(others), false, true).max(1))];
}
