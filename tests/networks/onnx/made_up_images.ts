/**
 * The images of `fixtures/onnx/make_exports.py`.
 *
 * @module
 */
import { tf } from "../../../lib/engine/mod.ts";

/** Entry i is the fraction of 0.618034 i + sin(i / 7) / 5, shape [count, size, size, 3]. */
export function madeUpImages(count: number, size: number): tf.Tensor4D {
  const entries = Float32Array.from(
    { length: count * size * size * 3 },
    (_, i) => (i * 0.618034 + Math.sin(i / 7) / 5) % 1,
  );
  return tf.tensor4d(entries, [count, size, size, 3]);
}
