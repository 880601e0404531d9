import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { CRITIC_PARAMETERS, criticScores } from "../../../lib/gan/network/critic.ts";
import { type Critic, type Examples, gradientPenalty, wassersteinLoss } from "../../../lib/gan/network/losses.ts";
import { disposeParameters, initializeParameters } from "../../../lib/gan/network/parameters.ts";
import { createRandom } from "../../../lib/random.ts";

await useBackend();

const PIXELS = 32 * 32 * 3;

/** Examples whose images are all of one grey. */
function greys(values: readonly number[], labels: readonly number[] = values.map(() => 0)): Examples {
  return {
    images: tf.concat(values.map((value) => tf.fill([1, 32, 32, 3], value) as tf.Tensor4D)),
    labels: tf.tensor1d([...labels], "int32"),
    masks: tf.zeros([values.length, 32, 32, 1]),
  };
}

/** Noise from a seed. */
function noise(seed: number, shape: number[]): tf.Tensor {
  const random = createRandom(seed);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()), shape);
}

Deno.test("wassersteinLoss() is generated less true, plus what mismatched images lack to the margin", () => {
  // the score of an image is its mean grey less its label
  const critic: Critic = ({ images, labels }) => images.mean([1, 2, 3]).sub(labels.toFloat()) as tf.Tensor1D;
  const values = tf.tidy(() => {
    const { loss, distance, advantage } = wassersteinLoss(
      critic,
      greys([0.75, 0.5, 1]),
      greys([-1, 0, -0.5]),
      greys([0.5, 1], [3, 1]),
      2.5,
    );
    return [loss, distance, advantage].map((value) => value.dataSync()[0]);
  });
  // true: .75 in the mean; generated: -.5; the last two of the true ones lead by 3 and by 1: by 2, and lacking 0 and 1.5
  assert.deepEqual(values, [0.75 - 1.25, 1.25, 2]);
});

Deno.test("gradientPenalty() of a linear critic is (|w| - 1)^2, with the gradient 2 (|w| - 1) w / |w|", () => {
  // score = s x sum of pixels: |gradient| = s sqrt(3072)
  const s = 0.05;
  const norm = s * Math.sqrt(PIXELS);
  tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((scale: tf.Tensor) =>
      gradientPenalty(
        ({ images }) => images.sum([1, 2, 3]).mul(scale) as tf.Tensor1D,
        greys([0.5, -0.5]),
        greys([0, 0.25]).images,
        tf.tensor4d([0.3, 0.9], [2, 1, 1, 1]),
      )
    )(tf.scalar(s));
    assert.ok(Math.abs(value.dataSync()[0] - (norm - 1) ** 2) < 1e-4);
    assert.ok(Math.abs(grad.dataSync()[0] - 2 * (norm - 1) * Math.sqrt(PIXELS)) < 1e-2);
  });
});

Deno.test("gradientPenalty() looks between true and generated images, at the share of the true one", () => {
  // score = sum x^2 / 2: the gradient is x itself, of norm |x|
  tf.tidy(() => {
    const penalty = gradientPenalty(
      ({ images }) => images.square().sum([1, 2, 3]).div(2) as tf.Tensor1D,
      greys([1]),
      greys([0]).images,
      tf.tensor4d([0.25], [1, 1, 1, 1]),
    );
    assert.ok(Math.abs(penalty.dataSync()[0] - (0.25 * Math.sqrt(PIXELS) - 1) ** 2) < 1e-3);
  });
});

/** A fresh critic, four examples, and the penalty between them and noise. */
function penaltyOfCritic(grey?: number) {
  const parameters = initializeParameters(CRITIC_PARAMETERS, createRandom(5));
  const critic: Critic = ({ images, labels, masks }) => criticScores(parameters, images, labels, masks);
  const truth: Examples = {
    images: noise(1, [4, 32, 32, 3]) as tf.Tensor4D,
    labels: tf.tensor1d([0, 3, 9, 3], "int32"),
    masks: (grey === undefined ? tf.sigmoid(noise(2, [4, 32, 32, 1])) : tf.fill([4, 32, 32, 1], grey)) as tf.Tensor4D,
  };
  const generated = noise(3, [4, 32, 32, 3]) as tf.Tensor4D;
  const shares = tf.tensor4d([0.1, 0.4, 0.6, 0.8], [4, 1, 1, 1]);
  return {
    parameters,
    critic,
    truth,
    generated,
    shares,
    penalty: () => gradientPenalty(critic, truth, generated, shares),
  };
}

Deno.test("the penalty's gradient by the critic's last layer agrees with finite differences", () => {
  tf.tidy(() => {
    const { parameters, penalty } = penaltyOfCritic();
    for (const name of ["score.weight", "label.weight"]) {
      const variable = parameters.get(name)!;
      const gradient = tf.variableGrads(penalty, [variable]).grads[variable.name];
      const length = dataOf(() => tf.norm(gradient))[0];
      const at = variable.clone();
      const [up, down] = [1, -1].map((side) => {
        variable.assign(at.add(gradient.mul(side * 0.01 / length)) as tf.Tensor);
        return penalty().dataSync()[0];
      });
      const slope = (up - down) / 0.02; // along the gradient the slope is its length
      assert.ok(Math.abs(slope / length - 1) < 1e-3, `${name}: slope ${slope}, length of the gradient ${length}`);
      variable.assign(at);
    }
    disposeParameters(parameters);
  });
});

Deno.test("the penalty's gradient by every convolution agrees with what scaling the convolution does", () => {
  // Without biases, and masks that are 0 inside (one half), scaling a convolution by s scales all that follows: the gradient's
  // norm n becomes s n, no gate turns, and the slope of mean (s n - 1)^2 at s = 1 is mean 2 (n - 1) n. (Finite differences
  // in other directions turn gates, where the penalty jumps.)
  tf.tidy(() => {
    const { parameters, critic, truth, generated, shares, penalty } = penaltyOfCritic(0.5);
    const between = truth.images.mul(shares).add(generated.mul(tf.sub(1, shares)));
    const norms = dataOf(() =>
      tf.grad((images: tf.Tensor) => critic({ ...truth, images: images as tf.Tensor4D }).sum())(between)
        .square().sum([1, 2, 3]).sqrt()
    );
    const expected = norms.reduce((sum, n) => sum + 2 * (n - 1) * n, 0) / norms.length;
    for (const name of ["conv1.weight", "conv2.weight", "conv3.weight", "conv4.weight"]) {
      const variable = parameters.get(name)!;
      const gradient = tf.variableGrads(penalty, [variable]).grads[variable.name];
      const slope = dataOf(() => gradient.mul(variable).sum())[0];
      assert.ok(Math.abs(slope - expected) < 1e-4 * Math.abs(expected), `${name}: ${slope} instead of ${expected}`);
    }
    disposeParameters(parameters);
  });
});
