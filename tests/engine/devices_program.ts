/** Run as a program, with TensorFlow's settings in the environment: on which devices a thread computes, as one JSON line. */
import { relu, sigmoid, tf, useBackend } from "../../lib/engine/mod.ts";
import { createAdam } from "../../lib/engine/adam.ts";
import { computesOnCard, deviceOf, useDevice } from "../../lib/engine/devices.ts";

await useBackend("native", { threads: 1 });

/** Two steps of a small ascent: a convolution, its gradient, and Adam's variables. */
function ascend(): { readonly devices: string[]; readonly values: number[] } {
  const filter = tf.tidy(() => tf.range(0, 27).reshape<tf.Tensor4D>([3, 3, 3, 1]).div<tf.Tensor4D>(27));
  const adam = createAdam(tf.tidy(() => tf.range(0, 300).div(300).reshape([1, 10, 10, 3])));
  const devices = new Set<string>();
  for (let step = 0; step < 2; step++) {
    const gradient = tf.tidy(() =>
      tf.grad((x) => relu(tf.conv2d(sigmoid(x) as tf.Tensor4D, filter, 1, "valid")).mean([1, 2]).sum())(adam.read())
    );
    devices.add(deviceOf(gradient));
    adam.step(gradient, 0.1);
    gradient.dispose();
  }
  const image = adam.read();
  devices.add(deviceOf(image));
  return { devices: [...devices], values: [...image.dataSync()] };
}

const first = ascend();
let chosen: string | null = null;
let message: string | null = null;
try {
  chosen = useDevice("CPU", 1);
} catch (error) {
  message = (error as Error).message;
}
const second = ascend();
console.log(JSON.stringify({ onCard: computesOnCard(), first, chosen, message, second }));
Deno.exit(0);
