/**
 * A worker of the study of images: reads activations of real images, and judges units.
 *
 * @module
 */
import type { ImageSource } from "../../data/mod.ts";
import { type Backend, useBackend } from "../../engine/mod.ts";
import { serveTasks } from "../../jobs/mod.ts";
import { loadLpips } from "../../lpips/mod.ts";
import { selectColumns } from "../../matrix.ts";
import { loadSubject, type Profile, type SubjectRef } from "../../pipeline/mod.ts";
import type { Matrix } from "../../types.ts";
import {
  type ActivationOptions,
  datasetActivations,
  type ImageRange,
  type VisualizeOptions,
} from "../../visualize/mod.ts";
import { type JudgedUnit, judgeUnits, type UnitQuestions } from "./judge_units.ts";
import { imagesAt, MOST_TRAINING_IMAGES, spreadIndices } from "./plan_questions.ts";

/** What a worker begins with. */
export interface ImagesInit {
  readonly backend: Backend;
  readonly subject: SubjectRef;
  readonly lpips: Profile["lpips"];
  readonly activation: ActivationOptions;
  /** How images are made, by the name of the profile. */
  readonly profiles: Readonly<Record<string, VisualizeOptions>>;
  readonly images: number;
  readonly seed: number;
  /** The units whose activations are read. */
  readonly reads: readonly { readonly layer: string; readonly units: readonly number[] }[];
}

/** Real images: training images that may explain a unit, and test images that are asked about. */
export type ImagesPart = "references" | "test";

/** A stretch of real images to show to all units, or units of a layer to judge. */
export type ImagesTask =
  | { readonly kind: "read"; readonly part: ImagesPart; readonly range: ImageRange }
  | { readonly kind: "judge"; readonly layer: string; readonly units: readonly UnitQuestions[] };

/** What comes of a task. */
export type ImagesResult =
  /** Of each layer that is read, shape [images, units read]. */
  | { readonly kind: "read"; readonly activations: readonly Matrix[] }
  | { readonly kind: "judge"; readonly judged: readonly JudgedUnit[] };

serveTasks<ImagesInit, ImagesTask, ImagesResult>(async (init) => {
  const { reads, activation, profiles, images, seed } = init;
  await useBackend(init.backend);
  const { network, dataset } = await loadSubject(init.subject);
  if (dataset === null) throw new RangeError("there is no dataset whose images could be asked about");
  const lpips = await loadLpips(init.lpips.net, { resize: init.lpips.resize });
  const sources: Record<ImagesPart, ImageSource> = {
    references: imagesAt(dataset.train, spreadIndices(dataset.train.count, MOST_TRAINING_IMAGES)),
    test: dataset.test,
  };
  const readings = reads.map(({ layer }) => ({ layer, options: activation }));
  return async (task, onProgress) => {
    if (task.kind === "read") {
      const { from, to } = task.range;
      const whole = await datasetActivations(
        network,
        readings,
        sources[task.part],
        task.range,
        (done) => onProgress(done / (to - from)),
      );
      return { kind: "read", activations: whole.map((matrix, i) => selectColumns(matrix, reads[i].units)) };
    }
    const context = { network, ...sources, starts: dataset.train, lpips, profiles, images, seed };
    return { kind: "judge", judged: await judgeUnits(context, task.layer, task.units, onProgress) };
  };
});
