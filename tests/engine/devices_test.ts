import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeSettings, type TensorFlowSettings } from "../../lib/engine/native/mod.ts";
import { useBackend } from "../../lib/engine/mod.ts";

const { backend } = await useBackend();
const ignore = backend !== "native";
const skipped = ignore ? " (skipped: the native engine is not built; run `deno task setup`)" : "";

/** Where the program computes; two processors' devices stand for two cards. */
async function devicesUnder(settings: TensorFlowSettings | null) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", fileURLToPath(new URL("./devices_program.ts", import.meta.url))],
    env: settings === null ? {} : { POLYSEM_TENSORFLOW_CONFIG: encodeSettings(settings) },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(text.startsWith("{"), new TextDecoder().decode(stderr));
  return JSON.parse(text) as {
    readonly onCard: boolean;
    readonly first: { readonly devices: readonly string[]; readonly values: readonly number[] };
    readonly chosen: string | null;
    readonly message: string | null;
    readonly second: { readonly devices: readonly string[]; readonly values: readonly number[] };
  };
}

const device = (index: number) => `/job:localhost/replica:0/task:0/device:CPU:${index}`;

Deno.test({
  name: `useDevice() has a thread compute on another device, gradients and Adam included, to the same bits${skipped}`,
  ignore,
  fn: async () => {
    const { onCard, first, chosen, second } = await devicesUnder({ deviceCount: { CPU: 2 }, softPlacement: true });
    assert.equal(onCard, false);
    assert.deepEqual(first.devices, [device(0)]);
    assert.equal(chosen, device(1));
    assert.deepEqual(second.devices, [device(1)]);
    assert.deepEqual(second.values, first.values);
  },
});

Deno.test({
  name: `useDevice() throws where there is no such device, and the thread goes on where it was${skipped}`,
  ignore,
  fn: async () => {
    const { chosen, message, first, second } = await devicesUnder(null);
    assert.equal(chosen, null);
    assert.match(message!, /TensorFlow has no device CPU:1/);
    assert.deepEqual(second, first);
  },
});
