/**
 * `deno task bench-gradients`: a pass through ResNet-18 at 32 px and back, as TensorFlow.js composes it and as we do, in turn:
 * without oneDNN, TensorFlow's own gradient of convolutions by their input and ours on small maps; with oneDNN, convolution,
 * bias and ReLU as three kernels and gradients with a border that is cut off, and as one kernel each. Times are printed, never
 * asserted.
 *
 * @module
 */
import { cpus } from "node:os";
import { formatTable } from "../../lib/cli/console/output.ts";
import { setSlowOnSmallMaps } from "../../lib/engine/block_gradient.ts";
import { setOneDnnConvolutions } from "../../lib/engine/fused_convolution.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { usesOneDnn } from "../../lib/engine/one_dnn.ts";
import { loadNetwork } from "../../lib/networks/mod.ts";

const REPEATS = 7;
const IMAGES = 32;

const { backend } = await useBackend("native", { threads: 1 });
const { network } = await loadNetwork({ kind: "shipped", name: "resnet18-cifar10" });
const images = tf.randomUniform<tf.Rank.R4>([IMAGES, 32, 32, 3], 0, 1, "float32", 0);

function timeOf(layer: string, ours: boolean): number {
  if (usesOneDnn()) setOneDnnConvolutions(ours);
  else setSlowOnSmallMaps(ours);
  const started = performance.now();
  tf.tidy(() => {
    const sum = (x: tf.Tensor) => network.activations(x as tf.Tensor4D, [layer])[0].sum();
    tf.grad(sum)(images).dataSync();
  });
  return performance.now() - started;
}

const rows = ["layer2.1", "layer3.1", "layer4.1"].map((layer) => {
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i <= REPEATS; i++) {
    const times = [timeOf(layer, false), timeOf(layer, true)];
    if (i > 0) [theirs, ours].forEach((list, side) => list.push(times[side])); // the first pass makes constants
  }
  const [a, b] = [Math.min(...theirs), Math.min(...ours)];
  return [layer, a.toFixed(0), b.toFixed(0), (a / b).toFixed(2)];
});
console.log(
  `${cpus()[0]?.model}; engine ${backend}, one thread; oneDNN ${usesOneDnn() ? "" : "not "}in use; ${IMAGES} images, ` +
    `milliseconds, the least of ${REPEATS}`,
);
console.log(formatTable(["up to layer", "TensorFlow's own", "ours", "ratio"], rows));
network.dispose();
images.dispose();
