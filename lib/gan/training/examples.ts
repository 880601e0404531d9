/**
 * Batches of training images with their labels and masks.
 *
 * @module
 */
import type { PixelSet } from "../../data/mod.ts";
import { createRandom, permutation } from "../../random.ts";
import { LABELS } from "../network/image_generator.ts";
import { edgeMaps, type MaskedImages, silhouettes, trainingExample } from "../masks/training_masks.ts";

const PIXELS = 32 * 32;
/** About the share of silhouettes in the time that masks take; edges take the rest. */
const SILHOUETTES_TIME = 0.8;

/** A batch of examples, as arrays. */
export interface ExampleBatch {
  /** In [-1, 1], shape [N, 32, 32, 3]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** In [0, 1], shape [N, 32, 32]. */
  readonly masks: Float32Array;
}

/** Where batches come from. */
export interface ExampleSource {
  /**
   * Batch number `index`. It does not depend on which batches were taken before.
   *
   * @throws {RangeError} when it is larger than the number of images.
   */
  batch(index: number, size: number): ExampleBatch;
}

/**
 * Batches of images with masks that are made of them. Each epoch takes each image at most once, in random order, and
 * mirrors it with probability 1/2. What does not fill a batch is left out.
 *
 * @param seed of the order, and of what is drawn for each example.
 * @param onProgress called with the share of the masks that has been made, in [0, 1].
 */
export function createExamples(
  train: PixelSet,
  seed: number,
  onProgress: (share: number) => void = () => {},
): ExampleSource {
  const { count, pixels } = train;
  const masked: MaskedImages = {
    count,
    pixels,
    silhouettes: silhouettes(pixels, count, (done) => onProgress(SILHOUETTES_TIME * done / count)),
    edges: edgeMaps(pixels, count, (done) => onProgress(SILHOUETTES_TIME + (1 - SILHOUETTES_TIME) * done / count)),
  };
  const ofLabel: number[][] = Array.from({ length: LABELS }, () => []);
  for (let i = 0; i < count; i++) ofLabel[train.labels[i]].push(i);
  let order: { epoch: number; images: Uint32Array } = { epoch: -1, images: new Uint32Array() };
  return {
    batch: (index, size) => {
      if (size > count) throw new RangeError(`a batch of ${size} from ${count} images`);
      const perEpoch = Math.floor(count / size);
      const epoch = Math.floor(index / perEpoch);
      if (order.epoch !== epoch) {
        order = { epoch, images: permutation(count, createRandom(seed, "order", epoch)) };
      }
      const out = {
        images: new Float32Array(size * PIXELS * 3),
        labels: new Int32Array(size),
        masks: new Float32Array(size * PIXELS),
      };
      for (let i = 0; i < size; i++) {
        const number = order.images[(index - epoch * perEpoch) * size + i];
        const random = createRandom(seed, "example", epoch, number);
        const label = train.labels[number];
        const mate = ofLabel[label][random.integer(0, ofLabel[label].length - 1)];
        const mirrored = random.uniform() < 0.5;
        const { image, mask } = trainingExample(masked, number, mate, random);
        out.labels[i] = label;
        for (let y = 0; y < 32; y++) {
          for (let x = 0; x < 32; x++) {
            const from = 32 * y + (mirrored ? 31 - x : x);
            const to = i * PIXELS + 32 * y + x;
            out.masks[to] = mask[from];
            for (let c = 0; c < 3; c++) out.images[3 * to + c] = 2 * image[3 * from + c] - 1;
          }
        }
      }
      return out;
    },
  };
}
