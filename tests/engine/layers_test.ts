import assert from "node:assert/strict";
import {
  asBatch,
  batchNormTrain,
  convolveConstant,
  convolveFused,
  dataOf,
  depthToSpace,
  maxOfGroups,
  nativeOps,
  relu,
  spaceToDepth,
  tf,
  useBackend,
  warp,
} from "../../lib/engine/mod.ts";
import { batchNormInputs, type LayerResults, layerResults, SHIFTS, signed } from "./layer_cases.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();
const first = tf.getBackend();

/** Runs on plain JavaScript, where every layer takes its composite route. */
function onCpu<T>(compute: () => T): T {
  tf.setBackend("cpu");
  tf.engine().startScope();
  try {
    return compute();
  } finally {
    tf.engine().endScope();
    tf.setBackend(first);
  }
}

/** float32 sums of up to 36 products of numbers below 1 in another order. */
const ROUNDING = 1e-5;

function assertAgree(actual: LayerResults, expected: LayerResults): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) assertClose(actual[name], values, ROUNDING, name);
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name: string): void {
  assert.equal(actual.length, expected.length, name);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    assert.ok(difference <= tolerance, `${name}: entry ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

/** Gradient of sum(layer(x) * weights) by x. */
function gradientOf(layer: (x: tf.Tensor4D) => tf.Tensor, x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  return tf.grad((input) => layer(input as tf.Tensor4D).mul(weights).sum())(x);
}

/** Central differences of sum(layer(x) * weights), entry by entry. */
function differences(layer: (x: tf.Tensor4D) => tf.Tensor, x: tf.Tensor, weights: tf.Tensor, step: number): number[] {
  const data = x.dataSync();
  const at = (values: Float32Array) =>
    tf.tidy(() => layer(tf.tensor4d(values, x.shape as tf.Tensor4D["shape"])).mul(weights).sum().dataSync()[0]);
  return Array.from(data, (value, i) => {
    const [up, down] = [Float32Array.from(data), Float32Array.from(data)];
    up[i] = value + step;
    down[i] = value - step;
    return (at(up) - at(down)) / (up[i] - down[i]);
  });
}

Deno.test("every layer has the same values and gradients on the cpu backend's composite route", () => {
  const here = layerResults();
  const there = onCpu(() => {
    assert.equal(nativeOps(), null);
    return layerResults();
  });
  assertAgree(there, here);
});

Deno.test("every layer has the same values and gradients on the wasm backend", async (test) => {
  const script = new URL("./layer_cases.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, "wasm"] }).output();
  const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  assert.ok(last.startsWith("{"), `the script printed ${last}\n${new TextDecoder().decode(stderr)}`);
  const { results, reason } = JSON.parse(last) as { results?: LayerResults; reason?: string };
  await test.step({
    name: results
      ? "compared"
      : `skipped: the wasm backend cannot be had (${reason}); run \`deno task polysem doctor\``,
    ignore: results === undefined,
    fn: () => assertAgree(results!, layerResults()),
  });
});

Deno.test("gradients of the layers that are linear between kinks match finite differences", () => {
  // Such a function has no truncation error while a step crosses no kink: a step of 1/8 leaves rounding alone, about
  // 6e-8 times the sum's size (below 10) over the step, 5e-6. Inputs on a grid of 1/2 off the kinks cross none.
  const step = 0.125;
  const grid = (stream: number, shape: number[]) =>
    tf.tidy(() => signed(stream, shape).mul(4).floor().div(2).add(0.25)); // kinks at 0 (relu)
  const distinct = (shape: [number, number, number, number]) =>
    // groups differ by at least 1/2: the same numbers in another order in each place
    tf.tidy(() => {
      const count = shape.reduce((product, n) => product * n, 1);
      return tf.tensor(Float32Array.from({ length: count }, (_, i) => ((i * 7) % 31) / 2), shape);
    });
  const filter = signed(20, [3, 3, 2, 3]) as tf.Tensor4D;
  const cases: [string, (x: tf.Tensor4D) => tf.Tensor, tf.Tensor][] = [
    ["relu", (x) => relu(x), grid(21, [1, 3, 3, 2])],
    ["spaceToDepth", spaceToDepth, grid(22, [1, 4, 2, 2])],
    ["depthToSpace", depthToSpace, grid(23, [1, 2, 1, 8])],
    ["maxOfGroups", maxOfGroups, distinct([1, 2, 2, 8])],
    ["convolveConstant", (x) => convolveConstant(x, filter), grid(24, [1, 4, 5, 2])],
    ["warp by shifts", (x) => warp(x, SHIFTS, 0.5, "nearest"), grid(25, [2, 4, 5, 1])],
  ];
  for (const [name, layer, x] of cases) {
    const shape = tf.tidy(() => layer(x as tf.Tensor4D).shape);
    const weights = signed(26, shape);
    const gradient = dataOf(() => gradientOf(layer, x, weights));
    assert.ok(gradient.some((value) => value !== 0));
    assertClose(gradient, differences(layer, x, weights, step), 1e-4, name);
    tf.dispose([x, weights]);
  }
  filter.dispose();
});

Deno.test("relu() has gradient 0 at 0", () => {
  const gradient = dataOf(() => tf.grad((x) => relu(x).sum())(tf.tensor1d([-1, 0, 2])));
  assert.deepEqual([...gradient], [0, 0, 1]);
});

Deno.test("spaceToDepth() puts pixel (dy, dx) of a block into channels (2 dy + dx) C + c", () => {
  // one image of 2 x 4 pixels and 2 channels; entry = 100 y + 10 x + c
  const entries = [0, 1].flatMap((y) => [0, 1, 2, 3].flatMap((x) => [0, 1].map((c) => 100 * y + 10 * x + c)));
  const blocks = tf.tidy(() => spaceToDepth(tf.tensor4d(entries, [1, 2, 4, 2])).arraySync());
  assert.deepEqual(blocks, [[[[0, 1, 10, 11, 100, 101, 110, 111], [20, 21, 30, 31, 120, 121, 130, 131]]]]);
});

Deno.test("depthToSpace() undoes spaceToDepth() and the other way round, bit for bit", () => {
  tf.tidy(() => {
    const image = signed(30, [3, 6, 4, 5]) as tf.Tensor4D;
    assert.deepEqual(depthToSpace(spaceToDepth(image)).dataSync(), image.dataSync());
    const blocks = signed(31, [3, 3, 2, 20]) as tf.Tensor4D;
    assert.deepEqual(spaceToDepth(depthToSpace(blocks)).dataSync(), blocks.dataSync());
  });
});

Deno.test("maxOfGroups() is the max-pool of the rearranged image", () => {
  tf.tidy(() => {
    const blocks = signed(32, [2, 3, 4, 12]) as tf.Tensor4D;
    const pooled = tf.maxPool(depthToSpace(blocks), 2, 2, "valid");
    assert.deepEqual(maxOfGroups(blocks).shape, pooled.shape);
    assert.deepEqual(maxOfGroups(blocks).dataSync(), pooled.dataSync());
  });
});

for (const backend of ["native", "cpu"] as const) {
  Deno.test(`maxOfGroups() sends the gradient of a tie to exactly one of its members (${backend} route)`, () => {
    const run = () =>
      tf.tidy(() => {
        // all 3^4 ways in which four values of 0, 1, 2 can be ordered, a pixel each
        const ways = Array.from({ length: 81 }, (_, i) => [0, 1, 2, 3].map((k) => Math.floor(i / 3 ** k) % 3));
        const x = tf.tensor4d(ways.flat(), [1, 9, 9, 4]);
        const dy = tf.tensor4d(Array.from({ length: 81 }, (_, i) => i - 40.5), [1, 9, 9, 1]);
        const gradient = gradientOf(maxOfGroups, x, dy).dataSync();
        for (const [i, way] of ways.entries()) {
          const parts = [...gradient.subarray(4 * i, 4 * i + 4)];
          const receivers = [0, 1, 2, 3].filter((k) => parts[k] !== 0);
          assert.equal(receivers.length, 1, `${way} sends to ${parts}`);
          assert.equal(parts[receivers[0]], i - 40.5);
          assert.equal(way[receivers[0]], Math.max(...way));
        }
      });
    backend === "cpu" ? onCpu(run) : run();
  });

  Deno.test(`convolveConstant() has the value and gradient of tf.conv2d (${backend} route)`, () => {
    const run = () => {
      const filter = signed(40, [3, 2, 4, 5]) as tf.Tensor4D; // not square: a swap of height and width shows
      const x = signed(41, [2, 6, 5, 4]) as tf.Tensor4D;
      const plain = (input: tf.Tensor4D) => tf.conv2d(input, filter, 1, "valid");
      const value = convolveConstant(x, filter);
      assert.deepEqual(value.shape, [2, 4, 4, 5]);
      assertClose(value.dataSync(), plain(x).dataSync(), ROUNDING, "value");
      const dy = signed(42, value.shape);
      const gradient = gradientOf((input) => convolveConstant(input, filter), x, dy);
      assertClose(gradient.dataSync(), gradientOf(plain, x, dy).dataSync(), ROUNDING, "gradient");
    };
    backend === "cpu" ? onCpu(run) : tf.tidy(run);
  });

  Deno.test(`convolveFused() has the value and gradient of its parts (${backend} route)`, () => {
    const run = () => {
      const filter = signed(40, [3, 3, 4, 5]) as tf.Tensor4D;
      const bias = signed(44, [5]) as tf.Tensor1D;
      const x = signed(41, [2, 7, 6, 4]) as tf.Tensor4D;
      for (const stride of [1, 2]) {
        for (const padding of [0, 1]) {
          for (const activation of ["relu", "linear"] as const) {
            const parts = (input: tf.Tensor4D) => {
              const padded = tf.pad(input, [[0, 0], [padding, padding], [padding, padding], [0, 0]]) as tf.Tensor4D;
              const sum = tf.conv2d(padded, filter, stride, "valid").add(bias) as tf.Tensor4D;
              return activation === "relu" ? tf.relu(sum) : sum;
            };
            const fused = (input: tf.Tensor4D) => convolveFused(input, { filter, bias, stride, padding, activation });
            const name = `${stride} ${padding} ${activation}`;
            assertClose(fused(x).dataSync(), parts(x).dataSync(), ROUNDING, name);
            const dy = signed(42, fused(x).shape);
            assertClose(gradientOf(fused, x, dy).dataSync(), gradientOf(parts, x, dy).dataSync(), ROUNDING, name);
          }
        }
      }
    };
    backend === "cpu" ? onCpu(run) : tf.tidy(run);
  });

  Deno.test(`warp() by whole pixels moves them exactly and fills the rest (${backend} route)`, () => {
    const run = () => {
      const image = signed(43, [2, 5, 6, 2]) as tf.Tensor4D;
      const from = image.arraySync();
      for (const [dx, dy] of [[0, 0], [2, -1], [-3, 0], [0, 4], [5, 3], [-6, 1], [1, 5]]) {
        // output pixel (x, y) shows the input at (x + dx, y + dy)
        const maps = Float32Array.of(1, 0, dx, 0, 1, dy, 1, 0, -dx, 0, 1, -dy);
        const moved = warp(image, maps, 0.25, "nearest").arraySync();
        const expected = from.map((rows, n) =>
          rows.map((row, y) =>
            row.map((_, x) => {
              const sign = n === 0 ? 1 : -1; // the second image moves the other way
              return from[n][y + sign * dy]?.[x + sign * dx] ?? [0.25, 0.25];
            })
          )
        );
        assert.deepEqual(moved, expected, `shift by ${dx}, ${dy}`);
      }
    };
    backend === "cpu" ? onCpu(run) : tf.tidy(run);
  });

  Deno.test(`warp()'s gradient is its adjoint for shifts: <warp(x), y> = <x, gradient(y)> (${backend} route)`, () => {
    const run = () => {
      const x = signed(44, [2, 6, 5, 3]) as tf.Tensor4D;
      const y = signed(45, [2, 6, 5, 3]);
      const move = (input: tf.Tensor4D) => warp(input, SHIFTS, 0, "nearest"); // fill 0: the linear part alone
      const dot = (a: tf.Tensor, b: tf.Tensor) => a.mul(b).sum().dataSync()[0];
      const [forward, backward] = [dot(move(x), y), dot(x, gradientOf(move, x, y))];
      assert.ok(Math.abs(forward) > 0.1);
      assertClose([backward], [forward], ROUNDING, "dot product");
    };
    backend === "cpu" ? onCpu(run) : tf.tidy(run);
  });
}

Deno.test("warp()'s gradient sends what a turn shows back to where it came from", () => {
  // a turn by 90 degrees about the middle of 5 x 5 pixels is exact, so that there the gradient must be the adjoint too
  tf.tidy(() => {
    const quarter = Float32Array.of(0, -1, 4, 1, 0, 0); // output (x, y) shows the input at (4 - y, x)
    const x = signed(46, [1, 5, 5, 2]) as tf.Tensor4D;
    const from = x.arraySync()[0];
    const move = (input: tf.Tensor4D) => warp(input, quarter, 0, "bilinear");
    const turned = move(x).arraySync()[0];
    const expected = from.map((row, b) => row.map((_, a) => from[a][4 - b]));
    assertClose(turned.flat(2), expected.flat(2), 1e-6, "value");
    const dy = signed(47, [1, 5, 5, 2]) as tf.Tensor4D;
    const back = gradientOf(move, x, dy).arraySync() as number[][][][];
    const of = dy.arraySync()[0];
    assertClose(back[0].flat(2), from.map((row, b) => row.map((_, a) => of[4 - a][b])).flat(2), 1e-6, "gradient");
  });
});

/** The definition in double precision: Ioffe and Szegedy (2015), algorithm 1. */
function batchNormByDefinition(x: number[], scale: number[], offset: number[], epsilon: number) {
  const channels = scale.length;
  const count = x.length / channels;
  const mean = scale.map((_, c) => x.reduce((sum, value, i) => i % channels === c ? sum + value : sum, 0) / count);
  const squares = scale.map((_, c) =>
    x.reduce((sum, value, i) => i % channels === c ? sum + (value - mean[c]) ** 2 : sum, 0)
  );
  const y = x.map((value, i) => {
    const c = i % channels;
    return scale[c] * (value - mean[c]) / Math.sqrt(squares[c] / count + epsilon) + offset[c];
  });
  return { y, mean, unbiased: squares.map((sum) => sum / (count - 1)) };
}

Deno.test("batchNormTrain() has the values of its definition and the gradients of its finite differences", () => {
  const epsilon = 1e-3;
  const tensors = tf.tidy(batchNormInputs);
  const [x, scale, offset] = tensors.map((tensor) => Array.from(tensor.dataSync()));
  const dy = tf.tidy(() => Array.from(signed(90, [3, 2, 4, 5]).dataSync()));
  const expected = batchNormByDefinition(x, scale, offset, epsilon);
  // double precision and a step of 1e-5: truncation some 1e-10, rounding some 1e-11, so that the tolerance is float32's
  const slopes = [x, scale, offset].map((part, which) =>
    part.map((_, i) => {
      const at = (step: number) => {
        const inputs = [x, scale, offset].map((values) => [...values]);
        inputs[which][i] += step;
        const { y } = batchNormByDefinition(inputs[0], inputs[1], inputs[2], epsilon);
        return y.reduce((sum, value, k) => sum + value * dy[k], 0);
      };
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    })
  );
  for (const route of ["native", "cpu"]) {
    const results = route === "native" ? layerResults() : onCpu(layerResults);
    assertClose(results.batchNormTrain, expected.y, 1e-5, `${route} y`);
    assertClose(results["batchNormTrain mean"], expected.mean, 1e-5, `${route} mean`);
    assertClose(results["batchNormTrain variance"], expected.unbiased, 1e-5, `${route} variance`);
    assertClose(results["batchNormTrain gradient"], slopes[0], 2e-5, `${route} gradient of x`);
    assertClose(results["batchNormTrain gradient of scale"], slopes[1], 2e-5, `${route} gradient of scale`);
    assertClose(results["batchNormTrain gradient of offset"], slopes[2], 2e-5, `${route} gradient of offset`);
  }
  tf.dispose(tensors);
});

Deno.test("layers leave no tensors behind, values and gradients alike", () => {
  const before = tf.memory().numTensors;
  const x = signed(50, [2, 4, 4, 4]) as tf.Tensor4D;
  const vector = tf.ones([4]) as tf.Tensor1D;
  const layers: ((input: tf.Tensor4D) => tf.Tensor)[] = [
    (input) => relu(input),
    spaceToDepth,
    depthToSpace,
    maxOfGroups,
    (input) => warp(input, SHIFTS, 0, "nearest"),
    (input) => batchNormTrain(input, vector, vector, 1e-5, () => {}),
  ];
  for (const layer of layers) {
    tf.dispose(tf.tidy(() => layer(x)));
    tf.dispose(tf.tidy(() => gradientOf(layer, x, tf.scalar(2))));
  }
  tf.dispose([x, vector]);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("dataOf() returns the entries and frees everything, the result too", () => {
  const before = tf.memory().numTensors;
  assert.deepEqual(dataOf(() => tf.tensor2d([[1, 2], [3, 4]]).transpose().mul(2)), Float32Array.of(2, 6, 4, 8));
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("asBatch() and convolutions of one pixel give an image the same bits alone as among others", {
  ignore: !COMPANY_KEEPS_BITS,
}, () => {
  const x = signed(860, [3, 2048]) as tf.Tensor2D;
  const weight = signed(861, [2048, 1000]) as tf.Tensor2D;
  const filter = weight.reshape([1, 1, 2048, 1000]) as tf.Tensor4D;
  const bias = tf.zeros<tf.Rank.R1>([1000]);
  const product = (some: tf.Tensor2D) => asBatch(some, (each) => tf.matMul(each, weight));
  const convolved = (some: tf.Tensor2D) =>
    convolveFused(some.reshape([-1, 1, 1, 2048]), { filter, bias, stride: 1, padding: 0, activation: "linear" });
  for (const layer of [product, convolved]) {
    const before = tf.memory().numTensors;
    const alone = x.slice([1, 0], [1, 2048]);
    assert.deepEqual(dataOf(() => layer(alone)), dataOf(() => layer(x)).subarray(1000, 2000));
    const gradient = dataOf(() => tf.grad((some) => layer(some as tf.Tensor2D).sum())(alone));
    const among = dataOf(() => tf.grad((some) => layer(some as tf.Tensor2D).sum())(x));
    assert.deepEqual(gradient, among.subarray(2048, 4096));
    alone.dispose();
    assert.equal(tf.memory().numTensors, before);
  }
  tf.dispose([x, weight, filter, bias]);
});
