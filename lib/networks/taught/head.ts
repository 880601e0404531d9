/**
 * The last layers of a taught network: units that are trained to answer to classes that are known.
 *
 * @module
 */
import { relu, tf } from "../../engine/mod.ts";
import type { Random } from "../../random.ts";
import type { LayerInfo } from "../../types.ts";
import { filledVariable } from "../normalized_convolutions.ts";
import { toTensor } from "../tensors.ts";
import { takeWeight, type WeightArray, type Weights } from "../../weights/mod.ts";

/**
 * What is taught.
 *
 * - `labels`: the network's outputs are the classes merged into so many labels: the layer `labels`.
 * - `sets`: a layer `sets` whose units answer to sets of classes, one each, and below it the classifier `head`, which reads
 *   those units after a ReLU and teaches nothing to what is before it.
 */
export type TaughtHead =
  | { readonly kind: "labels"; readonly units: number }
  | { readonly kind: "sets"; readonly units: number; readonly classes: number };

/** The layer whose units are taught. */
export function taughtLayer({ kind }: TaughtHead): "labels" | "sets" {
  return kind;
}

/** The layers of a head. */
export function headLayers(head: TaughtHead): LayerInfo[] {
  const taught: LayerInfo = { name: taughtLayer(head), positions: "none", units: head.units };
  return head.kind === "labels" ? [taught] : [taught, { name: "head", positions: "none", units: head.classes }];
}

/** Inputs and outputs of each linear map. */
function maps(head: TaughtHead, features: number): [name: string, inputs: number, outputs: number][] {
  return head.kind === "labels"
    ? [["labels", features, head.units]]
    : [["sets", features, head.units], ["head", head.units, head.classes]];
}

/** A head's parameters in training, initialized as PyTorch does: uniform within 1 / sqrt(fan in). */
export function trainableHead(head: TaughtHead, features: number, random: Random): Map<string, tf.Variable> {
  return new Map(
    maps(head, features).flatMap(([name, inputs, outputs]) => {
      const bound = 1 / Math.sqrt(inputs);
      const uniform = () => bound * (2 * random.uniform() - 1);
      return [
        [`${name}.weight`, filledVariable([inputs, outputs], uniform, true)],
        [`${name}.bias`, filledVariable([outputs], uniform, true)],
      ] as const;
    }),
  );
}

/**
 * A head's weights, checked, which are not tensors yet.
 *
 * @throws {InputError} when a tensor is missing, has another shape or numbers that are not finite.
 */
export function headArrays(
  head: TaughtHead,
  features: number,
  weights: Weights,
  source: string,
): ReadonlyMap<string, WeightArray> {
  return new Map(
    maps(head, features).flatMap(([name, inputs, outputs]) => [
      [`${name}.weight`, takeWeight(weights, `${name}.weight`, [outputs, inputs], source)] as const,
      [`${name}.bias`, takeWeight(weights, `${name}.bias`, [outputs], source)] as const,
    ]),
  );
}

/** A head's parameters in use. */
export function headParameters(arrays: ReadonlyMap<string, WeightArray>): Map<string, tf.Tensor> {
  return new Map([...arrays].map(([name, array]) => [name, toTensor(array)]));
}

/** The same values, through which no gradient passes. */
export function detach(_layer: string, x: tf.Tensor): tf.Tensor {
  return stopped(x);
}

const stopped = tf.customGrad((x) => ({
  value: (x as tf.Tensor).clone(),
  gradFunc: (dy) => tf.zerosLike(dy as tf.Tensor),
}));

/** A linear layer of features. */
export function linear(parameters: ReadonlyMap<string, tf.Tensor>, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x, parameters.get(`${name}.weight`) as tf.Tensor2D).add(parameters.get(`${name}.bias`)!);
}

/**
 * The layers of a head, in turn.
 *
 * @param features shape [N, features].
 * @param through what the taught units' values go through before the classifier behind sets reads them.
 * @returns each layer before any nonlinearity, shape [N, units].
 */
export function runHead(
  head: TaughtHead,
  parameters: ReadonlyMap<string, tf.Tensor>,
  features: tf.Tensor2D,
  through: (layer: string, x: tf.Tensor) => tf.Tensor,
): { taught: tf.Tensor2D; classes: tf.Tensor2D | null } {
  const values = linear(parameters, taughtLayer(head), features);
  const after = through(taughtLayer(head), values) as tf.Tensor2D;
  if (head.kind === "labels") return { taught: after, classes: null };
  return { taught: values, classes: linear(parameters, "head", relu(after)) };
}
