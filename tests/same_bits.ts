/**
 * Whether an image's numbers depend on its company. TensorFlow multiplies matrices in blocks of rows. With AVX-512 every row
 * comes out the same to the last bit, however many there are; on other processors the rows that are left over at the end are
 * computed in another way, and the last bits of an image's numbers depend on how many images are in its batch.
 */
import { tf, useBackend } from "../lib/engine/mod.ts";

await useBackend();

function probe(): boolean {
  return [[75, 6], [400, 120]].every(([inner, columns]) =>
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

/** Whether this processor's kernels give an image the same bits in any company. Tests of just that are skipped elsewhere. */
export const COMPANY_KEEPS_BITS: boolean = probe();
