import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { inFolder } from "../in_folder.ts";
import { differences } from "./content.ts";
import { runHere } from "./here.ts";
import { commandOf } from "./process.ts";
import { prepareScenarios, SMALL_SIZE } from "./scenarios.ts";

const LIB = join(import.meta.dirname!, "..", "..", "lib");

/** Files that read the wall clock, each with the reason why a jump of it does no harm. */
const READERS: Readonly<Record<string, string>> = {
  "store/lock.ts": "says how long ago another machine was heard of, which decides nothing",
};

Deno.test("nothing but what is listed reads the wall clock, which may jump", () => {
  const readers = readdirSync(LIB, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\bDate\.now\b|\bnew Date\b|\bDate\(/.test(readFileSync(path, "utf8")))
    .map((path) => relative(LIB, path));
  assert.deepEqual(readers.filter((path) => !(path in READERS)), []);
});

/** Where Debian and others put the library that shows a process another time. */
const FAKETIME = ["x86_64-linux-gnu", "aarch64-linux-gnu", ""].map((folder) =>
  join("/usr/lib", folder, "faketime", "libfaketimeMT.so.1")
).find((path) => existsSync(path));

Deno.test({
  name: "a clock that jumps by years changes nothing in a run, nor in what is said of its time" +
    (FAKETIME === undefined ? " (skipped: there is no libfaketime; apt-get install faketime)" : ""),
  ignore: FAKETIME === undefined,
  fn: () =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), SMALL_SIZE, false);
      const { all } = scenarios;
      const { plan, content } = all.get("score-all")!;
      const [usual, jumping] = ["usual", "jumping"].map((name) => join(folder, name));
      for (const own of [usual, jumping]) await Deno.mkdir(own);
      assert.equal((await runHere(plan(usual))).code, 0);
      const clock = join(folder, "clock");
      const set = (year: number) => Deno.writeTextFileSync(clock, `@${year}-01-01 00:00:00\n`);
      set(2030);
      const env = {
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      };
      const child = commandOf({ ...plan(jumping), env }).spawn();
      let said = "";
      const out = new Response(child.stdout).text();
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        said += text;
        set(2020 + said.length % 30); // at each sign of progress
      }
      assert.equal((await child.status).code, 0, said);
      assert.match(said, /^scoring: 5\/5 units \(100 %\), \d+\.\d s/m); // neither days nor less than nothing
      assert.doesNotMatch(`${said}${await out}`, /\d h \d\d min|-\d+\.\d s/);
      assert.deepEqual(differences(content(usual), content(jumping)), []);
    }),
});
