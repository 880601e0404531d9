/**
 * Values of a graph as activations: images first, units last.
 *
 * @module
 */
import type { tf } from "../../engine/mod.ts";
import type { UnitView } from "./layers.ts";
import { range, type Value } from "./value.ts";

/** [N, C], [N, T, C] or [N, H, W, C] of a value: images first, units last, and what lies between as positions. */
export function unitsLast(value: Value, { unitAxis, batchAxis, positions }: UnitView, count: number): tf.Tensor {
  const rest = range(value.rank).filter((axis) => axis !== unitAxis && axis !== batchAxis);
  const tensor = value.inOrder([batchAxis, ...rest, unitAxis]);
  const units = value.shape[unitAxis];
  if (positions !== "tokens" || (value.rank === 3 && value.shape[batchAxis] === count)) return tensor;
  // tokens of an image may follow each other along the axis of images, or lie in windows
  return tensor.reshape([count, tensor.size / count / units, units]);
}
