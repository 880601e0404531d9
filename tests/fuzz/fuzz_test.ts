/**
 * Some mutants of every kind of file; `deno task fuzz` reads many more. A failing test says the seed and where the file is kept.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { isCifar10Present } from "../../lib/data/mod.ts";
import { finish } from "../e2e/command.ts";
import { inFolder } from "../in_folder.ts";
import { mutantOf } from "./mutant.ts";
import { flawIn } from "./outcome.ts";
import { PARSERS } from "./parsers.ts";
import { sweep } from "./sweep.ts";

const COUNT = 300;
const SEED = 1;

for (const parser of PARSERS) {
  const missing = parser.name === "cifar" && !isCifar10Present();
  Deno.test({
    name: `${COUNT} mutants of ${parser.name} are read or refused in one line, in time and memory` +
      (missing ? " (skipped: run deno task setup)" : ""),
    ignore: missing,
    fn: async () => {
      const kept = await Deno.makeTempDir({ prefix: "polysem-fuzz-kept-" });
      const { files, accepted, refused, faults } = await sweep(parser, SEED, COUNT, kept);
      assert.deepEqual(faults, []);
      assert.equal(files, COUNT);
      assert.equal(accepted + refused, COUNT);
      assert.ok(refused > COUNT / 10, "mutants are no longer mutants");
      await Deno.remove(kept, { recursive: true }); // the files of faults stay
    },
  });
}

Deno.test("a refused mutant of every kind makes the command line exit with 2 and print one line", () =>
  inFolder(async (folder) => {
    for (const parser of PARSERS.filter(({ command }) => command !== undefined)) {
      const [reading, working] = ["read", "work"].map((each) =>
        join(folder, `${parser.name.replaceAll(" ", "-")}-${each}`)
      );
      for (const each of [reading, working]) await Deno.mkdir(each);
      const corpus = await parser.corpus(working);
      await parser.prepare?.(reading);
      const path = join(reading, parser.place);
      await Deno.mkdir(dirname(path), { recursive: true });
      let index = 0;
      for (let isRefused = false; !isRefused; index++) {
        await Deno.writeFile(path, mutantOf(parser, corpus, SEED, index, working));
        isRefused = await parser.read(path, reading).then(() => false, (error) => error instanceof InputError);
      }
      const { code, out, err } = await finish(folder, ...parser.command!(path, reading));
      const what = `${parser.name}, mutant ${index - 1} of seed ${SEED}: ${err}`;
      assert.equal(code, 2, what);
      assert.equal(out, "", what);
      const lines = err.split("\n").filter((line) => line !== "" && !line.startsWith("note: "));
      assert.equal(lines.length, 1, what);
      assert.match(lines[0], /^error: /, what);
      assert.equal(flawIn(lines[0], reading), null, what);
    }
  }));
