import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createRandom } from "../../lib/random.ts";
import { adamAscent, createAdam, initialAdam } from "../../lib/engine/adam.ts";

await useBackend();
const first = tf.getBackend();

/** Runs on a backend, and returns to the one in use. */
function on(backend: string, test: () => void): void {
  tf.setBackend(backend);
  try {
    test();
  } finally {
    tf.setBackend(first);
  }
}

Deno.test("adamAscent() takes the first two steps as computed by hand", () => {
  tf.tidy(() => {
    // Gradients 1 and -1/2 for the first variable, 3 and 3 for the second, 0 for the third; rate 1/10.
    const first = adamAscent(initialAdam(tf.tensor1d([0, 1, 5])), tf.tensor1d([1, 3, 0]), 0.1);
    // Corrected moments after one step are g and g^2: every variable with a gradient moves by the rate, uphill.
    assertClose(first.variables, [0.1, 1.1, 5]);
    const second = adamAscent(first, tf.tensor1d([-0.5, 3, 0]), 0.1);
    // m = .9 * .1 + .1 * (-.5) = .04, over 1 - .9^2 = .19; v = .999 * .001 + .001 * .25 = .001249, over 1 - .999^2 = .001999.
    // The second variable's moments are those of a constant gradient: it moves by the rate again.
    assertClose(second.variables, [0.1 + 0.1 * (0.04 / 0.19) / Math.sqrt(0.001249 / 0.001999), 1.2, 5]);
    assertClose(second.first, [0.04, 0.57, 0]);
    assert.equal(second.step, 2);
  });
});

Deno.test("adamAscent() moves alike for gradients of any size, until epsilon counts", () => {
  tf.tidy(() => {
    const { variables } = adamAscent(initialAdam(tf.zeros([3])), tf.tensor1d([1e-4, 1e4, 1e-8]), 0.1);
    // the last: g / (|g| + epsilon) = 1/2
    assertClose(variables, [0.1 * 1e-4 / (1e-4 + 1e-8), 0.1, 0.05]);
  });
});

function assertClose(actual: tf.Tensor, expected: number[]): void {
  // 1 - .999 in float32 is good to some 1e-5 of itself
  actual.dataSync().forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) < 2e-6, `entry ${i} is ${value} instead of ${expected[i]}`);
  });
}

Deno.test("createAdam() takes the steps of adamAscent(), leaks no tensor, and its variables do not share state", () => {
  const random = createRandom(0, "adam");
  const draw = () => tf.tensor2d(Array.from({ length: 40 }, () => random.normal()), [8, 5]);
  const before = tf.memory().numTensors;
  const [start, other] = [draw(), draw()];
  const gradients = Array.from({ length: 6 }, draw);
  const expected: Float32Array[] = [];
  tf.tidy(() => {
    let state = initialAdam(start.clone());
    for (const gradient of gradients) {
      state = adamAscent(state, gradient, 0.05);
      expected.push(state.variables.dataSync() as Float32Array);
    }
  });
  const adam = createAdam(start.clone());
  const beside = createAdam(other.clone());
  gradients.forEach((gradient, step) => {
    adam.step(gradient, 0.05);
    const now = adam.read();
    now.dataSync().forEach((value, i) => {
      // the two differ in the order of rounding alone: each step moves by about the rate
      assert.ok(Math.abs(value - expected[step][i]) < 1e-5, `step ${step}, entry ${i}: ${value}`);
    });
    now.dispose();
  });
  const untouched = beside.read();
  assert.deepEqual(untouched.dataSync(), other.dataSync());
  adam.dispose();
  beside.dispose();
  tf.dispose([untouched, start, other, ...gradients]);
  assert.equal(tf.memory().numTensors, before);
});

for (const [where, backend] of [["the backend in use", first], ["plain JavaScript", "cpu"]]) {
  Deno.test(`move() moves the variables and leaves the moments: two steps about it as computed by hand (${where})`, () =>
    on(backend, () => {
      const before = tf.memory().numTensors;
      const [gradient, change] = [tf.tensor1d([1, -3, 0]), tf.tensor1d([-1, 2, 0.5])];
      const adam = createAdam(tf.tensor1d([0, 1, 5]));
      const now = () =>
        tf.tidy(() => {
          const variables = adam.read();
          return Array.from(variables.dataSync());
        });
      // a constant gradient moves each variable by the rate at every step, a zero one not at all
      const expected = [[0.1, 0.9, 5], [-0.9, 2.9, 5.5], [-0.8, 2.8, 5.5]];
      const moves = [() => adam.step(gradient, 0.1), () => adam.move(change), () => adam.step(gradient, 0.1)];
      for (const [i, move] of moves.entries()) {
        move();
        now().forEach((value, d) => {
          assert.ok(Math.abs(value - expected[i][d]) < 2e-6, `after ${i + 1}: variable ${d} is ${value}`);
        });
      }
      assert.deepEqual([...change.dataSync()], [-1, 2, 0.5], "the change is the caller's");
      adam.dispose();
      tf.dispose([gradient, change]);
      assert.equal(tf.memory().numTensors, before);
    }));
}
