import assert from "node:assert/strict";
import { join } from "node:path";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { inFolder } from "../in_folder.ts";
import { differences } from "./content.ts";
import { errorLine, runHere } from "./here.ts";
import { prepareScenarios, SMALL_SIZE } from "./scenarios.ts";
import { MOUNTING, onSmallDisk } from "./small_disk.ts";
import { filesIn, halfFilesIn, temporaryFilesIn } from "./whole.ts";

/** Disks, as shares of what the finished result takes: from hardly anything to all but the last file. */
const SHARES = [0.05, 0.4, 0.8];
const LARGE = 64e6;
const PAGE = 4096;

const bytesIn = (folder: string) =>
  filesIn(folder).reduce((sum, path) => sum + PAGE * Math.ceil(Deno.statSync(join(folder, path)).size / PAGE), 0);

Deno.test({
  name: `a full disk ends a command with one line and nothing half, and with room it goes on${MOUNTING.skipped}`,
  ignore: MOUNTING.ignore,
  fn: (context) =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), SMALL_SIZE);
      for (const name of ["score-all", "merge", "train", "export", "report"]) {
        if (name === "train" && !isAddonInstalled()) continue;
        const scenario = scenarios.all.get(name)!;
        await context.step(name, async () => {
          const usual = join(folder, name);
          await Deno.mkdir(usual);
          assert.equal((await runHere(scenario.plan(usual))).code, 0);
          const whole = bytesIn(usual);
          const ends: number[] = [];
          for (const share of SHARES) {
            await onSmallDisk(Math.ceil(share * whole), async (disk) => {
              const ended = await runHere(scenario.plan(disk.folder));
              ends.push(ended.code);
              if (ended.code !== 0) {
                assert.match(errorLine(ended, [1, 2]), /full|no space left|disk I\/O error/i);
                assert.match(
                  ended.err,
                  /(free space|see that the disk has room and works,) and run the same command again$/m,
                );
              }
              assert.deepEqual(halfFilesIn(disk.folder), []);
              assert.deepEqual(temporaryFilesIn(disk.folder).filter((path) => !path.includes(".sqlite-")), []);
              disk.remount(LARGE);
              const again = await runHere(scenario.plan(disk.folder));
              assert.equal(again.code, 0, again.err);
              assert.deepEqual(differences(scenario.content(usual), scenario.content(disk.folder)), []);
              assert.deepEqual(temporaryFilesIn(disk.folder), []);
            });
          }
          assert.ok(ends.slice(0, 2).every((code) => code !== 0), `exit codes ${ends}`);
        });
      }
    }),
});
