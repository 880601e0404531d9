import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { CIFAR10_COLOURS, createLeNet5 } from "../../lib/networks/mod.ts";
import { CALIBRATED, loadContext, type Profile, scoreUnits } from "../../lib/pipeline/mod.ts";
import { decodeSafetensors } from "../../lib/weights/mod.ts";
import { weightsOf } from "../cli/refused.ts";

await useBackend();

/** A profile that takes a moment. */
const QUICK: Profile = {
  ...CALIBRATED,
  visualize: { ...CALIBRATED.visualize, steps: 4 },
  lpips: { ...CALIBRATED.lpips, resize: 32 },
  elbow: { ...CALIBRATED.elbow, minImages: 5, maxImages: 8 },
};

/** LeNet-5 with the weights and the bias of some units of `fc2` multiplied. */
function changedLeNet5(factors: Readonly<Record<number, number>>) {
  const { tensors } = decodeSafetensors(Deno.readFileSync(weightsOf("lenet5-cifar10")), "weights");
  const changed = new Map(tensors);
  for (const name of ["fc2.weight", "fc2.bias"]) {
    const { shape, data } = tensors.get(name)!;
    const perUnit = data.length / shape[0];
    changed.set(name, { shape, data: data.map((value, i) => value * (factors[Math.floor(i / perUnit)] ?? 1)) });
  }
  return createLeNet5(changed, "weights", "lenet5-cifar10", CIFAR10_COLOURS);
}

Deno.test("units of LeNet-5 whose weights are all zero, or so large that the gradient explodes, are flagged, and the others are as without them", async () => {
  const subject = { model: { kind: "shipped", name: "lenet5-cifar10" }, dataset: null } as const;
  const context = await loadContext({ subject, instruments: { profile: QUICK }, seed: 0 });
  const score = async (factors: Readonly<Record<number, number>>) => {
    const network = changedLeNet5(factors);
    try {
      return await scoreUnits({ ...context, network }, "fc2", [0, 1, 2, 3]);
    } finally {
      network.dispose();
    }
  };
  try {
    const plain = await score({});
    const [first, zero, large, last] = await score({ 1: 0, 2: 1e30 });
    assert.deepEqual([first, last], [plain[0], plain[3]]);
    assert.deepEqual([zero.stopReason, zero.flags, zero.score, zero.paper], ["dead", ["dead"], null, null]);
    assert.deepEqual([large.stopReason, large.flags, large.score, large.paper], ["exploded", ["exploded"], null, null]);
    assert.ok(plain.every((unit) => unit.score !== null));
  } finally {
    context.dispose();
  }
});
