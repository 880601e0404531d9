import assert from "node:assert/strict";
import { exportRun, openRun, readRunData } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { ODD_NAMES } from "../odd_names.ts";
import { parsedCsv } from "../parsed_csv.ts";
import { jobRecords, MANIFEST, record } from "./example_run.ts";

Deno.test("summary() of a shard counts its own jobs alone, planned and committed", () =>
  inFolder((folder) => {
    for (const [index, own] of [[0, [0, 2]], [1, [1]]] as const) {
      using run = openRun(`${folder}/${index}`, { ...MANIFEST, shard: { index, count: 2 } });
      assert.deepEqual(run.pendingJobs(), own);
      assert.deepEqual(run.summary().jobs, { planned: own.length, completed: 0 });
      for (const job of own) run.commitJob(job, jobRecords(job), 1);
      assert.deepEqual(run.pendingJobs(), []);
      assert.deepEqual(run.summary().jobs, { planned: own.length, completed: own.length });
    }
  }));

Deno.test("layers have any text for a name: their units are read back, summed and exported in the order of the plan", () =>
  inFolder(async (folder) => {
    const jobs = ODD_NAMES.map((layer) => ({ layer, units: [0, 3] }));
    const run = openRun(folder, { ...MANIFEST, dataset: null, jobs });
    jobs.forEach(({ layer, units }, job) => run.commitJob(job, units.map((unit) => record(layer, unit)), 1));
    assert.deepEqual(
      run.summary().layers.map(({ layer, units }) => [layer, units]),
      ODD_NAMES.map((name) => [name, 2]),
    );
    const [, ...rows] = parsedCsv(new TextDecoder().decode(exportRun(run, "csv")));
    assert.deepEqual(
      rows.map(([layer, unit]) => [layer, unit]),
      ODD_NAMES.flatMap((name) => [[name, "0"], [name, "3"]]),
    );
    run.close();
    using data = await readRunData(folder, () => assert.fail("a run without a dataset has no images of one"));
    assert.deepEqual(data.layers.map(({ name, planned }) => [name, planned]), ODD_NAMES.map((name) => [name, 2]));
    for (const name of ODD_NAMES) assert.equal(data.unit(name, 3).layer, name);
  }));
