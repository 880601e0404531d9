import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { CALIBRATED, type Profile, refuseUnfollowable } from "../../lib/pipeline/mod.ts";
import type { LayerInfo } from "../../lib/types.ts";
import { colourNetwork } from "./stand_ins.ts";

await useBackend();

/** Layers that follow each other: colours, their rounded values, and what is made of those; and tokens. */
const STEPS: readonly LayerInfo[] = [
  { name: "colours", positions: "grid", units: 3 },
  { name: "rounded", positions: "grid", units: 3 },
  { name: "scores", positions: "none", units: 3 },
  { name: "tokens", positions: "tokens", units: 3 },
];

function steps(layers: readonly LayerInfo[] = STEPS): Network {
  const values: Readonly<Record<string, (images: tf.Tensor4D) => tf.Tensor>> = {
    colours: (images) => tf.mul(images, 2),
    rounded: (images) => tf.step(tf.sub(images, 0.5)),
    scores: (images) => tf.mean(tf.step(tf.sub(images, 0.5)), [1, 2]),
    tokens: (images) => images.reshape([-1, 16, 3]),
  };
  return {
    name: "steps",
    input: { height: 4, width: 4 },
    layers,
    activations: (images, wanted) => tf.tidy(() => wanted.map((name) => values[name](images))),
    dispose: () => {},
  };
}

async function refused(action: () => Promise<void>, why: RegExp): Promise<void> {
  const before = tf.memory().numTensors;
  await assert.rejects(action, (error: Error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, why);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
  assert.equal(tf.memory().numTensors, before);
}

function activation(change: Partial<Profile["visualize"]["activation"]>): Profile {
  const { visualize } = CALIBRATED;
  return { ...CALIBRATED, visualize: { ...visualize, activation: { ...visualize.activation, ...change } } };
}

Deno.test("refuseUnfollowable() lets layers pass that have a gradient, dead units among others or not", async () => {
  await refuseUnfollowable(steps(), CALIBRATED, ["colours", "tokens"]);
  await refuseUnfollowable(colourNetwork(), CALIBRATED, ["colour", "map"]);
});

Deno.test("refuseUnfollowable() lets a layer pass in which a unit explodes: the gradient of a sum with it is no number", async () => {
  const explodes: Network = {
    ...steps([{ name: "colours", positions: "grid", units: 3 }]),
    activations: (images) => tf.tidy(() => [tf.mul(images, tf.tensor1d([1, NaN, 1]))]),
  };
  await refuseUnfollowable(explodes, CALIBRATED, ["colours"]);
});

Deno.test("refuseUnfollowable() names a layer whose gradient is zero everywhere, and the nearest before it that has one", async () => {
  await refused(
    () => refuseUnfollowable(steps(), CALIBRATED, ["colours", "scores"]),
    /^layer scores of steps cannot be scored: the gradient of its units with respect to the image is zero everywhere; score colours instead$/,
  );
  await refused(
    () => refuseUnfollowable(steps(STEPS.slice(1)), CALIBRATED, ["scores"]),
    /zero everywhere; nor have the 1 layers before it one; check how the network was exported$/,
  );
  await refused(
    () => refuseUnfollowable(steps(STEPS.slice(2)), CALIBRATED, ["scores"]),
    /zero everywhere; no layer comes before it; check how the network was exported$/,
  );
});

Deno.test("refuseUnfollowable() says where a layer has no such place as the activation is taken at", async () => {
  await refused(
    () => refuseUnfollowable(steps(), activation({ reduce: "class-token" }), ["colours"]),
    /^layer colours of steps cannot be read by the profile's activation.reduce "class-token": a grid has no class token/,
  );
  await refused(
    () => refuseUnfollowable(steps(), activation({ reduce: "class-token" }), ["tokens"]),
    /there are 16 tokens, as many as patches of a square image, and none before them is a class token/,
  );
  await refused(
    () => refuseUnfollowable(steps(), activation({ reduce: "centre" }), ["tokens"]),
    /tokens have no centre; reduce them by mean, maximum or class-token/,
  );
});
