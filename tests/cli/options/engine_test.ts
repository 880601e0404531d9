import assert from "node:assert/strict";
import { insteadOfNative } from "../../../lib/cli/options/engine.ts";
import { isAddonInstalled } from "../../../lib/engine/native/addon.ts";
import { polysem } from "../run_main.ts";
import { inFolder } from "../../in_folder.ts";
import { writeQuickProfile } from "../refused.ts";

Deno.test("insteadOfNative() says why the native engine does not compute, and what to do", () => {
  const skipped = [{ backend: "native", why: "it has not been built", remedy: "run `deno task setup`" }] as const;
  assert.equal(
    insteadOfNative({ backend: "wasm", skipped }),
    "note: wasm computes, many times slower than the native engine, which cannot be used: it has not been built; " +
      "run `deno task setup`",
  );
  assert.equal(insteadOfNative({ backend: "native", skipped: [] }), null);
  assert.equal(insteadOfNative({ backend: "wasm", skipped: [] }), null, "it was asked for");
});

Deno.test({
  name: "a command on the native engine says nothing of engines" +
    (isAddonInstalled() ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: !isAddonInstalled(),
  fn: () =>
    inFolder(async (folder) => {
      const args = ["--count", "1", "--out", folder, "--no-data", "--profile", await writeQuickProfile(folder)];
      const { err } = await polysem("visualize", "conv1:0", ...args);
      assert.doesNotMatch(err, /native engine/);
    }),
});
