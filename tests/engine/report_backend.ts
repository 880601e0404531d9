/**
 * Run as a program: starts the engine and prints its report, or the error, as one JSON line. Arguments: the preference, or
 * the empty word, and the threads.
 */
import { type Backend, tf, useBackend } from "../../lib/engine/mod.ts";

let result: Record<string, unknown>;
try {
  const [preference, threads] = Deno.args;
  const report = await useBackend((preference || undefined) as Backend | undefined, {
    threads: threads === undefined ? undefined : Number(threads),
  });
  const again = await useBackend();
  const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5], [6]]));
  result = { report, same: again === report, tfjs: tf.getBackend(), product: [...await product.data()] };
} catch (error) {
  result = { error: (error as Error).name, message: (error as Error).message };
}
console.log(JSON.stringify(result));
Deno.exit(0);
