/**
 * Whether an image's numbers depend on its company.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** Shapes of small products of matrices: rows of the second factor, and its columns. */
const TRIED = [[75, 6], [400, 120]] as const;

/**
 * Whether the kernels of this processor give an image the same bits in any company: a product of many rows is compared with
 * products of some of them. TensorFlow multiplies matrices in blocks of rows. With AVX-512 every row comes out the same to the
 * last bit, however many there are; on other processors the rows that are left over at the end are computed in another way.
 *
 * @returns false on any other backend than the native one, which is not tried.
 */
export function keepsBitsInCompany(): boolean {
  if (tf.getBackend() !== "tensorflow") return false;
  return TRIED.every(([inner, columns]) =>
    tf.tidy(() => {
      const a = tf.randomNormal([64, inner], 0, 1, "float32", 1) as tf.Tensor2D;
      const b = tf.randomNormal([inner, columns], 0, 1, "float32", 2) as tf.Tensor2D;
      const whole = tf.matMul(a, b).dataSync();
      return [1, 2, 3, 7, 8, 9, 40].every((rows) => {
        const part = tf.matMul(a.slice([0, 0], [rows, inner]), b).dataSync();
        return part.every((value, i) => value === whole[i]);
      });
    })
  );
}
