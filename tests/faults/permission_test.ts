import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { inFolder } from "../in_folder.ts";
import { differences } from "./content.ts";
import { errorLine, runHere } from "./here.ts";
import { runProcess } from "./process.ts";
import { prepareScenarios, QUICK_SIZE, SMALL_SIZE } from "./scenarios.ts";
import { MOUNTING, onSmallDisk } from "./small_disk.ts";
import { filesIn, halfFilesIn } from "./whole.ts";

/** Takes from root the right to pass over the modes of files, so that they bind it as they bind everybody. */
const BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/** Whether a process started through that is refused a folder without the right to write. */
function areModesBinding(): boolean {
  const folder = Deno.makeTempDirSync({ prefix: "polysem-test-" });
  try {
    Deno.chmodSync(folder, 0o500);
    const [program, ...args] = [...BOUND, "test", "-w", folder];
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().code === 1;
  } catch {
    return false; // there is no such program
  } finally {
    Deno.removeSync(folder);
  }
}

const binding = areModesBinding();

Deno.test({
  name: `a read-only file system is refused with one line that says what to do${MOUNTING.skipped}`,
  ignore: MOUNTING.ignore,
  fn: (context) =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), SMALL_SIZE);
      for (const name of ["score-all", "merge", "train", "export", "report"]) {
        if (name === "train" && !isAddonInstalled()) continue;
        const { plan } = scenarios.all.get(name)!;
        await context.step(name, () =>
          onSmallDisk(64e6, async (disk) => {
            const planned = plan(disk.folder); // which makes the cache of trainings
            const before = filesIn(disk.folder);
            disk.remount("ro");
            assert.match(errorLine(await runHere(planned), [2]), /read-only|readonly/i);
            assert.deepEqual(filesIn(disk.folder), before);
            disk.remount("rw");
          }));
      }
    }),
});

Deno.test({
  name: "the right to write that is lost while units are scored costs none that is finished" +
    (binding ? "" : " (skipped: modes do not bind this user; install setpriv, or run the tests without all rights)"),
  ignore: !binding,
  fn: () =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), QUICK_SIZE, false);
      const { all } = scenarios;
      const { plan, content } = all.get("score-all")!;
      const [usual, losing] = ["usual", "losing"].map((name) => join(folder, name));
      for (const own of [usual, losing]) await Deno.mkdir(own);
      assert.equal((await runHere(plan(usual))).code, 0);
      const run = join(losing, "run");
      const planned = { ...plan(losing), through: BOUND };
      const [ended] = await Promise.all([
        runProcess(planned, losing, null),
        (async () => {
          while (!existsSync(join(run, "run.sqlite"))) await delay(20);
          await delay(300); // it is open, and the workers are not ready yet
          Deno.chmodSync(run, 0o500);
        })(),
      ]);
      const line = errorLine(ended, [1, 2]);
      assert.match(line, /run.*(permission|readonly|unable to open)/i);
      assert.deepEqual(halfFilesIn(losing), []);
      const refused = await runProcess(planned, losing, null);
      assert.match(errorLine(refused, [2]), /permission|readonly|unable to open/i);
      Deno.chmodSync(run, 0o700);
      const again = await runProcess(planned, losing, null);
      assert.equal(again.code, 0, again.err);
      assert.deepEqual(differences(content(usual), content(losing)), []);
    }),
});
