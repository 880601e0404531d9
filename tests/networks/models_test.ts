import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { describeModel, loadNetwork, MODEL_NAMES, type ModelRef } from "../../lib/networks/mod.ts";
import { findWeightSet, sha256OfFile } from "../../lib/weights/mod.ts";

await useBackend();

const LENET5: ModelRef = { kind: "shipped", name: "lenet5-cifar10" };

Deno.test("describeModel() tells of a model what the loaded network tells of itself", async () => {
  const before = tf.memory().numTensors;
  assert.ok(MODEL_NAMES.includes("lenet5-cifar10"));
  for (const name of MODEL_NAMES) {
    const ref = { kind: "shipped", name } as const;
    const described = await describeModel(ref);
    assert.equal(tf.memory().numTensors, before, "nothing is loaded for it");
    const { network, sha256 } = await loadNetwork(structuredClone(ref));
    assert.deepEqual(described, { name: network.name, input: network.input, layers: network.layers });
    assert.equal(sha256, await sha256OfFile((await findWeightSet(name)).files[0].path));
    network.dispose();
  }
  assert.equal(tf.memory().numTensors, before);
  const { input, layers } = await describeModel(LENET5);
  assert.deepEqual(input, { height: 32, width: 32 });
  assert.deepEqual(layers.map(({ name, positions, units }) => `${name} ${positions} ${units}`), [
    "conv1 grid 6",
    "conv2 grid 16",
    "fc1 none 120",
    "fc2 none 84",
    "fc3 none 10",
  ]);
});

Deno.test("describeModel() and loadNetwork() refuse a model that they do not know, in one line", async () => {
  for (const name of ["lenet6", "", "constructor"]) {
    for (const load of [describeModel, loadNetwork]) {
      await assert.rejects(async () => await load({ kind: "shipped", name }), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, new RegExp(`^there is no model "${name}"; choose lenet5-cifar10[^\\n]*$`));
        return true;
      });
    }
  }
});

Deno.test("loadNetwork() takes weights from a file of one's own", async () => {
  const [file] = (await findWeightSet("lenet5-cifar10")).files;
  const { network, sha256 } = await loadNetwork({ ...LENET5, weights: file.path });
  network.dispose();
  assert.equal(sha256, await sha256OfFile(file.path));
  await assert.rejects(loadNetwork({ ...LENET5, weights: "no/such.pth" }), {
    name: "InputError",
    message: /no\/such\.pth/,
  });
});
