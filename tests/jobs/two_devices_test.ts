import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeSettings } from "../../lib/engine/native/mod.ts";
import { useBackend } from "../../lib/engine/mod.ts";

const { backend } = await useBackend();

Deno.test({
  name: "workers compute on devices of their own, to the bits of one device" +
    (backend === "native" ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: backend !== "native",
  fn: async () => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", fileURLToPath(new URL("./two_devices.ts", import.meta.url))],
      env: { POLYSEM_TENSORFLOW_CONFIG: encodeSettings({ deviceCount: { CPU: 2 }, softPlacement: true }) },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.ok(out.startsWith("{"), err);
    assert.deepEqual(JSON.parse(out), { units: 4, equal: true });
  },
});
