import assert from "node:assert/strict";
import { join } from "node:path";
import { PARTS, type PartSeconds } from "../../lib/cost.ts";
import { datasetIn, openDataset } from "../../lib/data/mod.ts";
import { inFolder } from "../in_folder.ts";
import { parsedCsv } from "../parsed_csv.ts";
import { formatScaling, growthOf, measurePoint, type ScalingReport, writeDataset, writeScaling } from "./scaling.ts";
import { AXES, keyOf, PLAN, pointsOf, QUICK_PLAN, type ScalingPlan, type Setting, settingsOf } from "./scaling_plan.ts";

Deno.test("a plan varies one thing at a time, and measures what is on several axes once", () => {
  const base = { units: 2, images: 4, side: 8, dataset: 16, workers: 1 };
  const plan: ScalingPlan = {
    base,
    units: [1, 2],
    images: [4],
    sides: [8, 10],
    dataset: [16],
    workers: [1, 3],
    steps: 1,
  };
  const points = pointsOf(plan);
  assert.deepEqual(points.map(({ axis, x }) => [axis, x]), [
    ["units", 1],
    ["units", 2],
    ["images", 4],
    ["pixels", 64],
    ["pixels", 100],
    ["dataset", 16],
    ["workers", 1],
    ["workers", 3],
  ]);
  assert.deepEqual(settingsOf(points), [
    { ...base, units: 1 },
    base,
    { ...base, side: 10 },
    { ...base, workers: 3 },
  ]);
  const twins = [{ ...base, units: 11, images: 1 }, { ...base, units: 1, images: 11 }];
  assert.notEqual(keyOf(twins[0]), keyOf(twins[1]));
});

Deno.test("the plan goes from 32 to 1,024 units, and every axis has its run in the middle and a way to grow", () => {
  assert.deepEqual([PLAN.units[0], PLAN.units.at(-1)], [32, 1024]);
  for (const plan of [PLAN, QUICK_PLAN]) {
    for (const axis of AXES) {
      const along = pointsOf(plan).filter((point) => point.axis === axis);
      assert.ok(along.length >= 2, axis);
      assert.ok(along.every(({ x }, i) => i === 0 || x > along[i - 1].x), axis);
      assert.ok(along.some(({ setting }) => keyOf(setting) === keyOf(plan.base)), axis);
    }
  }
});

Deno.test("one run in a process of its own scores what it is told, and says what that took", () =>
  inFolder(async (folder) => {
    const setting: Setting = { units: 3, images: 4, side: 64, dataset: 20, workers: 2 };
    const data = await writeDataset(folder, setting.dataset);
    const dataset = await openDataset(datasetIn(data));
    assert.equal(dataset.test.count, 20);
    assert.deepEqual(dataset.test.size, { height: 32, width: 32 });
    assert.equal(await writeDataset(folder, setting.dataset), data, "it is there already");
    const { seconds, cpuSeconds, parts, peakBytes, fileBytes } = await measurePoint({ setting, steps: 1, data });
    assert.ok(seconds > 0 && cpuSeconds > 0);
    for (const part of ["start", "dataset", "ascent", "lpips", "embedding", "clustering"] as const) {
      assert.ok(parts[part] > 0, part);
    }
    assert.ok(peakBytes > 100e6, "an engine and three networks");
    assert.ok(fileBytes > 3 * 4 * 512 * 4, "embeddings alone");
    const wrong = measurePoint({ setting: { ...setting, side: 63 }, steps: 1, data });
    await assert.rejects(wrong, /63 x 63 px is out of range/);
  }));

/** Time grows as 3 units + 2, as 5 images and as pixels; falls as 8 over workers; memory is flat but for workers. */
function madeUpReport(): ScalingReport {
  const parts = Object.fromEntries(PARTS.map((part, i) => [part, i])) as PartSeconds;
  const points = pointsOf(QUICK_PLAN).map((point) => ({
    ...point,
    seconds:
      { units: 2 + 3 * point.x, images: 5 * point.x, pixels: point.x, dataset: 7, workers: 8 / point.x }[point.axis],
    cpuSeconds: 2 * point.x ** 2,
    parts,
    peakBytes: point.axis === "workers" ? 5e8 * (1 + point.x) : 1e9,
    fileBytes: 2e6,
  }));
  return {
    model: "made-up",
    steps: 1,
    base: QUICK_PLAN.base,
    processor: "none",
    kernels: "none",
    deno: "0",
    repeats: 1,
    points,
    growth: growthOf(points),
  };
}

Deno.test("growthOf() fits time and memory along each axis", () => {
  const { growth } = madeUpReport();
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a}, not ${b}`);
  const exponents = growth.map(({ seconds, peakBytes }) => [seconds.exponent, peakBytes.exponent]);
  // units 2 and 4 take 8 and 14; a worker and two have 1 and 1.5 GB
  const expected = [[Math.log2(14 / 8), 0], [1, 0], [1, 0], [0, 0], [-1, Math.log2(1.5)]];
  exponents.flat().forEach((exponent, i) => near(exponent, expected.flat()[i]));
  near(growth[0].seconds.linear.intercept, 2);
  near(growth[0].seconds.linear.slope, 3);
  near(growth[4].peakBytes.linear.slope, 5e8);
});

Deno.test("formatScaling() and writeScaling() tell every point and every fit", () =>
  inFolder(async (folder) => {
    const report = madeUpReport();
    const text = formatScaling(report);
    assert.match(text, /│ images a unit +│ +5 │ +25\.00 │ +50\.00 │ +1000 │ +2\.0 │/); // 2 * 5^2 = 50
    assert.match(text, /│ workers +│ +-1\.00 │ +12\.00 │ +-4\.00 │ +2\.00 │ +0\.58 │ +500 │ +500 │/);
    const paths = await writeScaling(join(folder, "out"), report);
    assert.deepEqual(paths.map((path) => path.slice(join(folder, "out").length + 1)), [
      "scaling.json",
      "scaling.csv",
      "scaling.svg",
      "scaling.png",
    ]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(paths[0])), report);
    const [columns, ...rows] = parsedCsv(await Deno.readTextFile(paths[1]));
    assert.equal(rows.length, report.points.length);
    const second = Object.fromEntries(columns.map((column, i) => [column, rows[1][i]]));
    const { axis, x, units, seconds, peak_bytes, ascent_seconds } = second;
    assert.deepEqual({ axis, x, units, seconds, peak_bytes, ascent_seconds }, {
      axis: "units",
      x: "4",
      units: "4",
      seconds: "14",
      peak_bytes: "1000000000",
      ascent_seconds: String(PARTS.indexOf("ascent")),
    });
    const svg = await Deno.readTextFile(paths[2]);
    for (const words of ["images a unit", "p = -1.00", "seconds of a run", "peak memory, MB"]) {
      assert.ok(svg.includes(words), words);
    }
  }));
