/** The engine for CUDA on machines whose cards cannot be used: here the one for the processor, under its name. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { engineDirectory, findEngine } from "../../lib/engine/native/mod.ts";
import type { BackendReport } from "../../lib/engine/mod.ts";
import { inFolder } from "../in_folder.ts";
import { buildDriver } from "./native/build_driver.ts";

const ignore = findEngine()?.device !== "cpu";
const skipped = ignore ? " (skipped: the engine for the processor is not there; `deno task setup --device cpu`)" : "";

/** The report of a process that finds the engine for CUDA, and a driver that answers by variables. */
async function reportUnder(folder: string, variables: Readonly<Record<string, string>>): Promise<BackendReport> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", fileURLToPath(new URL("./report_backend.ts", import.meta.url))],
    env: { POLYSEM_CACHE: folder, ...variables },
  }).output();
  const { report, error } = JSON.parse(new TextDecoder().decode(stdout) || "{}");
  assert.ok(report !== undefined, `${error} ${new TextDecoder().decode(stderr)}`);
  return report;
}

Deno.test({
  name: `a card that cannot be used is named, and the native engine computes on the processor${skipped}`,
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "engine"));
      await Deno.symlink(findEngine()!.directory, join(folder, "engine", basename(engineDirectory("cuda"))));
      const library = await buildDriver(folder, "libcuda.so.1");
      assert.ok(library !== null, "a C compiler builds the made-up driver: install gcc");
      await Deno.copyFile(library, join(folder, "libnvidia-ml.so.1"));

      const none = await reportUnder(folder, {});
      assert.deepEqual([none.backend, none.device, none.skipped, none.cards], ["native", "cpu", [], undefined]);
      assert.deepEqual(none.refusedCards!.map(({ name }) => name), [null]);
      assert.match(none.refusedCards![0].why, /driver's library, cannot be loaded/);

      const old = await reportUnder(folder, { LD_LIBRARY_PATH: folder, MADE_UP_MAJOR0: "5", MADE_UP_MINOR0: "2" });
      assert.deepEqual([old.backend, old.device], ["native", "cpu"]);
      assert.match(old.refusedCards![0].why, /too old: its compute capability is 5\.2/);

      const full = await reportUnder(folder, { LD_LIBRARY_PATH: folder, MADE_UP_FREE0: "400000000" });
      assert.deepEqual([full.backend, full.device], ["native", "cpu"]);
      assert.match(full.refusedCards![0].why, /0\.4 GB of its 8\.0 GB are free/);

      // a good card, whose engine has no CUDA in it
      const good = await reportUnder(folder, { LD_LIBRARY_PATH: folder });
      assert.deepEqual([good.backend, good.device, good.cards], ["native", "cpu", undefined]);
      assert.deepEqual(good.refusedCards!.map(({ name }) => name), ["Made-up One"]);
      assert.match(good.refusedCards![0].why, /TensorFlow does not find it/);
    }),
});
