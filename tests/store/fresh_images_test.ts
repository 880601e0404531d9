import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { FRESH_COLUMNS, openRun, readFreshShares, readRunData, writeFreshImages } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { jobRecords, MANIFEST } from "./example_run.ts";

/** The columns and rows of a table, written by hand. */
const HEADER = "layer,unit,K,S,S_low,S_high,K1_share,K2_share,K3_share,fresh_sets,fresh_K1_share,fresh_K2_share," +
  "fresh_K3_share,fresh_S_mean,fresh_S_min,fresh_S_max";
const TABLE = [
  HEADER,
  '"a,""b""",0,2,0.75,0.5,0.8,0.25,0.5,0.25,4,0.25,0.5,0.25,0.5,0,0.75',
  "fc1,5,1,0,,,,,,4,1,0,0,0,0,0",
  "",
].join("\n");

Deno.test("writeFreshImages() writes a row a unit, readFreshShares() reads the shares", () =>
  inFolder((folder) => {
    const path = writeFreshImages(folder, [
      {
        layer: 'a,"b"',
        unit: 0,
        own: { K: 2, S: 0.75 },
        interval: { low: 0.5, high: 0.8 },
        kShares: { K1: 0.25, K2: 0.5, K3: 0.25 },
        fresh: [{ K: 1, S: 0 }, { K: 2, S: 0.5 }, { K: 2, S: 0.75 }, { K: 4, S: 0.75 }],
        freshKShares: { K1: 0.25, K2: 0.5, K3: 0.25 },
      },
      {
        layer: "fc1",
        unit: 5,
        own: { K: 1, S: 0 },
        interval: null,
        kShares: null,
        fresh: Array.from({ length: 4 }, () => ({ K: 1, S: 0 })),
        freshKShares: { K1: 1, K2: 0, K3: 0 },
      },
    ]);
    assert.equal(path, join(folder, "fresh_images.csv"));
    assert.equal(Deno.readTextFileSync(path), TABLE);
    assert.equal(FRESH_COLUMNS.join(","), HEADER);
    assert.deepEqual([...readFreshShares(folder)], [
      ['a,"b":0', { sets: 4, K1: 0.25, K2: 0.5, K3: 0.25 }],
      ["fc1:5", { sets: 4, K1: 1, K2: 0, K3: 0 }],
    ]);
  }));

Deno.test("readFreshShares() is empty without a table, and refuses another one", () =>
  inFolder((folder) => {
    assert.equal(readFreshShares(folder).size, 0);
    const wrong: readonly [string, RegExp][] = [
      ["a,b\n1\n", /fresh_images\.csv is not CSV; make it anew by `validate stability --images-seeds`, or remove it$/],
      ["a,b\n1,2\n", /has no number fresh_sets in row 1/],
      [TABLE.replace("4,1,0,0", "4,,0,0"), /has no number fresh_K1_share in row 2/],
      [TABLE.replace("4,1,0,0", "4,.5,0,0"), /has shares that do not add up to 1 in row 2/],
    ];
    for (const [text, pattern] of wrong) {
      Deno.writeTextFileSync(join(folder, "fresh_images.csv"), text);
      assert.throws(() => readFreshShares(folder), (error: Error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, pattern);
        return true;
      });
    }
  }));

Deno.test("readRunData() tells what fresh images said of the units that the table has", () =>
  inFolder(async (folder) => {
    {
      using run = openRun(folder, MANIFEST);
      for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1);
    }
    Deno.writeTextFileSync(join(folder, "fresh_images.csv"), TABLE);
    using data = await readRunData(folder, () => Promise.resolve(null));
    const known = data.units.filter(({ freshShares }) => freshShares !== undefined);
    assert.deepEqual(known.map(({ layer, unit, freshShares }) => [layer, unit, freshShares]), [
      ["fc1", 5, { sets: 4, K1: 1, K2: 0, K3: 0 }],
    ]);
  }));
