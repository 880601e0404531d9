/**
 * The data inside the page, as JSON: an index of all units, which the script reads at once, and a block for each unit,
 * which it reads when the unit comes into view.
 *
 * @module
 */
import type { ElbowRuleShown } from "./settings.ts";
import type { StopReason } from "../../types.ts";

/** The numbers of one score. */
export interface ScoreNumbers {
  readonly S: number | null;
  readonly C: number | null;
  readonly D: number;
  readonly K: number;
  readonly I: number;
}

/** One unit in the index: all that sorting, filtering and a card's text need. */
export interface UnitEntry {
  /** `conv2:3`: its name, and its deep link after the `#`. */
  readonly id: string;
  readonly layer: string;
  readonly unit: number;
  /** The class that the unit tells, where the classes of its model were named. */
  readonly class?: string;
  /** Null for a dead unit. */
  readonly score: ScoreNumbers | null;
  /** 90 % interval of S; null where there is none. */
  readonly interval: readonly [number, number] | null;
  /** Shares of random halves of its images with K = 1, 2, and 3 or more; null where they are not known. */
  readonly kShares: readonly [number, number, number] | null;
  /** The same of fresh sets of images, and how many sets; where a study of stability made some. */
  readonly fresh?: { readonly sets: number; readonly kShares: readonly [number, number, number] };
  readonly paper: ScoreNumbers | null;
  /** Mean pairwise angle of the embeddings over pi. */
  readonly angle: number | null;
  /** Mean and lowest activation of the I images counted; null where there is none. */
  readonly mean: number | null;
  readonly lowest: number | null;
  readonly datasetMax: number | null;
  /** Share of the I images whose activation is above every dataset image; null without a dataset. */
  readonly above: number | null;
  readonly stop: StopReason;
  readonly flags: readonly string[];
  /** The score in the run compared with; null where it has none, undefined in a page of one run. */
  readonly other?: ScoreNumbers | null;
  /** Its 90 % interval of S there. */
  readonly otherInterval?: readonly [number, number] | null;
}

/** The index: what the page's script starts from. */
export interface PageIndex {
  /** Units in the order of the network's layers. */
  readonly units: readonly UnitEntry[];
  readonly layers: readonly string[];
  readonly elbow: ElbowRuleShown | null;
  /** The criterion that chose K, in words. */
  readonly criterion: string;
  /** How many dataset images were compared; null where unknown. */
  readonly datasetCount: number | null;
  /** Names of the two runs side by side, which differ; null in a page of one run. */
  readonly runs: readonly [string, string] | null;
  /** Units that only the other run has. */
  readonly onlyOther: readonly { readonly id: string; readonly layer: string; readonly score: ScoreNumbers | null }[];
}

/** The images of one unit on one JPEG: the visualizations in their order, then the dataset's best images. */
export interface Sheet {
  /** Base64 of the file, or its path beside the page. */
  readonly source: string;
  readonly inline: boolean;
  /** Width and height of an image, in pixels. */
  readonly tile: readonly [number, number];
  /** Distance from an image to the next, in pixels: the tile on whole blocks of the JPEG. */
  readonly pitch: readonly [number, number];
  readonly columns: number;
}

/** One of the dataset's images that activate a unit most. */
export interface BestImage {
  readonly index: number;
  readonly activation: number;
  /** Name of its class, where the dataset is at hand and has classes. */
  readonly class?: string;
}

/** What the page shows of an opened unit beyond its entry in the index. */
export interface UnitBlock {
  /** Null where the unit has no images. */
  readonly sheet: Sheet | null;
  /** Activations of the N images made; the first I of them are counted. */
  readonly activations: readonly number[];
  /** Cluster of each of the I images, from 0. */
  readonly assignments: readonly number[];
  /** Mean pairwise LPIPS after 2, 3, ..., N images. */
  readonly curve: readonly number[];
  /** Every K tried; a value that is not finite is null. */
  readonly candidates: readonly { readonly k: number; readonly value: number | null; readonly inertia: number }[];
  /** The first I embeddings on their principal plane. */
  readonly map: readonly (readonly [number, number])[];
  /** Shares of variance of the plane's two axes. */
  readonly mapShares: readonly [number, number];
  /** Angles between cluster centres over pi, K x K. */
  readonly theta: readonly (readonly number[])[];
  readonly best: readonly BestImage[];
  /** Whether the dataset's best images are on the sheet. */
  readonly bestPictured: boolean;
}
