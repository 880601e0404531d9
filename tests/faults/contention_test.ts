import assert from "node:assert/strict";
import { join } from "node:path";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { inFolder } from "../in_folder.ts";
import { differences } from "./content.ts";
import { errorLine, runHere } from "./here.ts";
import { commandOf, type ProcessPlan } from "./process.ts";
import { prepareScenarios, SMALL_SIZE } from "./scenarios.ts";
import { halfFilesIn } from "./whole.ts";

/** Starts a process and stops it where it says something: it holds what it holds, and does not come to its end. */
async function startAndStop(plan: ProcessPlan, said: RegExp): Promise<Deno.ChildProcess> {
  const child = commandOf(plan).spawn();
  const [toWatch, rest] = child.stderr.tee();
  void new Response(rest).text().catch(() => {});
  let text = "";
  for await (const chunk of toWatch.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!said.test(text)) continue;
    child.kill("SIGSTOP");
    return child;
  }
  throw new Error(`it has ended: ${text}`);
}

async function killAndWait(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await Promise.all([child.status, child.stdout.cancel()]);
}

Deno.test("a second process on a run is told which one holds it, and goes on once that is killed", () =>
  inFolder(async (folder) => {
    await using scenarios = await prepareScenarios(join(folder, "inputs"), SMALL_SIZE);
    const { all } = scenarios;
    const scoring = all.get("score-all")!;
    const [usual, shared] = ["usual", "shared"].map((name) => join(folder, name));
    for (const own of [usual, shared]) await Deno.mkdir(own);
    assert.equal((await runHere(scoring.plan(usual))).code, 0);
    const first = await startAndStop(scoring.plan(shared), /^scoring: /m);
    try {
      for (const name of ["score-all", "merge"]) {
        const line = errorLine(await runHere(all.get(name)!.plan(shared)), [2]);
        assert.match(
          line,
          new RegExp(`run .*${join(shared, "run")} is being written by another process \\(${first.pid}\\b`),
        );
        assert.match(line, /; wait until it is done, or use another run name/);
      }
    } finally {
      await killAndWait(first);
    }
    const second = await runHere(scoring.plan(shared));
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(differences(scoring.content(usual), scoring.content(shared)), []);
  }));

Deno.test({
  name: "a second training of a model is told which process trains it, and goes on once that is killed" +
    (isAddonInstalled() ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: !isAddonInstalled(),
  fn: () =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), SMALL_SIZE, false);
      const { all } = scenarios;
      const { plan } = all.get("train")!;
      const first = await startAndStop(plan(folder), /lenet5-cifar10: \d+\/\d+ steps/);
      try {
        const line = errorLine(await runHere(plan(folder)), [2]);
        assert.match(line, new RegExp(`lenet5-cifar10 is being trained by another process \\(${first.pid}\\b`));
        assert.match(line, /; wait until it is done, or give another cache with POLYSEM_CACHE$/);
      } finally {
        await killAndWait(first);
      }
      const second = await runHere(plan(folder));
      assert.equal(second.code, 0, second.err);
      assert.deepEqual(halfFilesIn(join(folder, "models")), []);
    }),
});
