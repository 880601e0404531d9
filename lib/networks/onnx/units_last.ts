/**
 * Values of a graph as activations: images first, units last.
 *
 * @module
 */
import type { tf } from "../../engine/mod.ts";
import type { UnitView } from "./layers.ts";
import { range, Value } from "./value.ts";

/** The order of axes that puts images first and units last. */
function viewOrder(value: Value, { unitAxis, batchAxis }: UnitView): number[] {
  const rest = range(value.rank).filter((axis) => axis !== unitAxis && axis !== batchAxis);
  return [batchAxis, ...rest, unitAxis];
}

/** [N, C], [N, T, C] or [N, H, W, C] of a value: images first, units last, and what lies between as positions. */
export function unitsLast(value: Value, view: UnitView, count: number): tf.Tensor {
  const { unitAxis, batchAxis, positions } = view;
  const tensor = value.inOrder(viewOrder(value, view));
  const units = value.shape[unitAxis];
  if (positions !== "tokens" || (value.rank === 3 && value.shape[batchAxis] === count)) return tensor;
  // tokens of an image may follow each other along the axis of images, or lie in windows
  return tensor.reshape([count, tensor.size / count / units, units]);
}

/**
 * A value whose activations went through something that leaves their shape.
 *
 * @param count number of images.
 */
export function throughUnits(value: Value, view: UnitView, count: number, through: (x: tf.Tensor) => tf.Tensor): Value {
  const order = viewOrder(value, view);
  const after = through(unitsLast(value, view, count));
  return new Value(after.reshape(order.map((axis) => value.shape[axis])), order);
}
