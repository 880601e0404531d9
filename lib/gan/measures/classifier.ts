/**
 * The judge of generated images: our ResNet-18, trained on CIFAR-10. Neither the judge nor the generator was trained
 * with the other.
 *
 * @module
 */
import { dataOf, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { CIFAR10_COLOURS, createResNet18, normalizeColours, RESNET18_FEATURES } from "../../networks/mod.ts";
import { findWeightSet, readWeights, takeWeight } from "../../weights/mod.ts";
import type { ImageBatch, Matrix } from "../../types.ts";
import { LABELS } from "../network/image_generator.ts";

/** The judge's name. */
export const JUDGE_NAME = "resnet18-cifar10";

/** Images of a pass. */
const BATCH = 250;
/** Side of the images that the judge was trained on, in pixels. */
const SIDE = 32;

/** What the judge says of N images. */
export interface Judgement {
  /** Output of the global average pool, shape [N, 512], non-negative. */
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
 * Loads the judge, with the weights that come with polysem. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when the weights are missing or altered.
 */
export async function createJudge(): Promise<Judge> {
  const { tensors, path, sha256 } = await readWeights((await findWeightSet(JUDGE_NAME)).files[0], JUDGE_NAME);
  const weight = takeWeight(tensors, "fc.weight", [LABELS, RESNET18_FEATURES], path).data;
  const bias = takeWeight(tensors, "fc.bias", [LABELS], path).data;
  const network = createResNet18(tensors, path);
  return {
    name: JUDGE_NAME,
    sha256,
    judge: ({ count, height, width, data }) => {
      if (height !== SIDE || width !== SIDE) {
        throw new InputError(
          `the judge takes images of ${SIDE}x${SIDE} px, not ${width}x${height}; resize them first`,
        );
      }
      const perImage = SIDE * SIDE * 3;
      const features = new Float32Array(count * RESNET18_FEATURES);
      for (let start = 0; start < count; start += BATCH) {
        const size = Math.min(BATCH, count - start);
        const pixels = data.subarray(start * perImage, (start + size) * perImage);
        const normalized = normalizeColours(pixels, CIFAR10_COLOURS.mean, CIFAR10_COLOURS.std);
        const shape: [number, number, number, number] = [size, SIDE, SIDE, 3];
        features.set(dataOf(() => network.features(tf.tensor4d(normalized, shape))), start * RESNET18_FEATURES);
      }
      return classify({ rows: count, cols: RESNET18_FEATURES, data: features }, weight, bias);
    },
    dispose: () => network.dispose(),
  };
}

/** The last layer, on the CPU: the network gives features or class scores, and both of them only in two passes. */
function classify(features: Matrix, weight: ArrayLike<number>, bias: ArrayLike<number>): Judgement {
  const { rows, cols, data } = features;
  const classes = bias.length;
  const logits = new Float32Array(rows * classes);
  const labels = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < classes; c++) {
      let logit = bias[c];
      for (let k = 0; k < cols; k++) logit += weight[c * cols + k] * data[i * cols + k];
      logits[i * classes + c] = logit;
      if (logits[i * classes + c] > logits[i * classes + labels[i]]) labels[i] = c;
    }
  }
  return { features, logits: { rows, cols: classes, data: logits }, labels };
}
