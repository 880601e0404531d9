/**
 * The judge of generated images: our ResNet-18, trained on CIFAR-10's images alone. It never saw the generator, nor the
 * generator it.
 *
 * @module
 */
import { dataOf, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { CIFAR10_CLASSES, CIFAR10_MEAN, CIFAR10_SIZE, CIFAR10_STD } from "../../data/mod.ts";
import { createResNet18, normalizeColours, RESNET18_FEATURES } from "../../networks/mod.ts";
import { findWeightSet, readWeights, takeWeight } from "../../weights/mod.ts";
import type { ImageBatch, Matrix } from "../../types.ts";

/** What the judge is, for tables and cards. */
export const JUDGE_NAME = "resnet18-cifar10";

/** Images of a pass. */
const BATCH = 250;

/** What the judge says of N images. */
export interface Judgement {
  /** The global average pool's output, shape [N, 512], non-negative. */
  readonly features: Matrix;
  /** Class scores before the softmax, shape [N, 10]. */
  readonly logits: Matrix;
  /** The class with the highest score, 0 .. 9, length N. */
  readonly labels: Uint8Array;
}

/** A classifier of 32 x 32 images. */
export interface Judge {
  /** Such as `resnet18-cifar10`. */
  readonly name: string;
  /** sha256 of its weights. */
  readonly sha256: string;
  /**
   * Features and classes in one pass.
   *
   * @param images pixels in [0, 1], shape [N, 32, 32, 3].
   * @throws {InputError} when they are of another size.
   */
  judge(images: ImageBatch): Judgement;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * The judge with the weights that come with polysem. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when the weights are missing or altered.
 */
export async function createJudge(): Promise<Judge> {
  const { tensors, path, sha256 } = await readWeights((await findWeightSet(JUDGE_NAME)).files[0], JUDGE_NAME);
  const classes = CIFAR10_CLASSES.length;
  const weight = takeWeight(tensors, "fc.weight", [classes, RESNET18_FEATURES], path).data;
  const bias = takeWeight(tensors, "fc.bias", [classes], path).data;
  const network = createResNet18(tensors, path);
  return {
    name: JUDGE_NAME,
    sha256,
    judge: ({ count, height, width, data }) => {
      if (height !== CIFAR10_SIZE || width !== CIFAR10_SIZE) {
        throw new InputError(
          `the judge takes images of ${CIFAR10_SIZE}x${CIFAR10_SIZE} px, not ${width}x${height}; resize them first`,
        );
      }
      const perImage = CIFAR10_SIZE * CIFAR10_SIZE * 3;
      const features = new Float32Array(count * RESNET18_FEATURES);
      for (let start = 0; start < count; start += BATCH) {
        const size = Math.min(BATCH, count - start);
        const pixels = data.subarray(start * perImage, (start + size) * perImage);
        const normalized = normalizeColours(pixels, CIFAR10_MEAN, CIFAR10_STD);
        const shape: [number, number, number, number] = [size, CIFAR10_SIZE, CIFAR10_SIZE, 3];
        features.set(dataOf(() => network.features(tf.tensor4d(normalized, shape))), start * RESNET18_FEATURES);
      }
      const logits = new Float32Array(count * classes);
      const labels = new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        for (let c = 0; c < classes; c++) {
          let logit = bias[c]; // the last layer by hand: the network gives features or logits, each for a whole pass
          for (let k = 0; k < RESNET18_FEATURES; k++) {
            logit += weight[c * RESNET18_FEATURES + k] * features[i * RESNET18_FEATURES + k];
          }
          logits[i * classes + c] = logit;
          if (logits[i * classes + c] > logits[i * classes + labels[i]]) labels[i] = c;
        }
      }
      return {
        features: { rows: count, cols: RESNET18_FEATURES, data: features },
        logits: { rows: count, cols: classes, data: logits },
        labels,
      };
    },
    dispose: () => network.dispose(),
  };
}
