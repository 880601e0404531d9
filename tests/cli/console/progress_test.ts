import assert from "node:assert/strict";
import { barText, createProgress } from "../../../lib/cli/console/progress.ts";

function lineProgress(total: number, already?: number) {
  const said: string[] = [];
  let milliseconds = 0;
  const progress = createProgress({
    title: "scoring",
    total,
    already,
    unit: "units",
    terminal: false,
    writeLine: (line) => said.push(line),
    now: () => milliseconds,
  });
  return { progress, said, wait: (ms: number) => milliseconds += ms };
}

Deno.test("createProgress() without a terminal says a line every ten seconds, with what is left", () => {
  const { progress, said, wait } = lineProgress(1000);
  wait(9_000);
  progress.update(9);
  assert.deepEqual(said, []);
  wait(1_000);
  progress.update(10, "conv1");
  assert.deepEqual(said, ["scoring: 10/1000 units (1 %), 10.0 s, about 16 min 30 s left; conv1"]);
});

Deno.test("createProgress() without a terminal says a line every 5 %, but no flood of them", () => {
  const { progress, said, wait } = lineProgress(100);
  for (let i = 0; i < 100; i++) {
    wait(500);
    progress.increment();
  }
  assert.equal(said.length, 20);
  assert.match(said[0], /^scoring: 5\/100 units \(5 %\), 2\.5 s/);
  assert.equal(said.at(-1), "scoring: 100/100 units (100 %), 50.0 s");
  const quick = lineProgress(100);
  for (let i = 0; i < 100; i++) quick.progress.increment();
  quick.progress.stop();
  assert.deepEqual(quick.said, ["scoring: 100/100 units (100 %), 0.0 s"]);
});

Deno.test("createProgress() judges what is left by what was done since it began", () => {
  const { progress, said, wait } = lineProgress(1000, 800);
  wait(10_000);
  progress.increment(20); // 2 a second: 180 are left
  assert.deepEqual(said, ["scoring: 820/1000 units (82 %), 10.0 s, about 1 min 30 s left"]);
});

Deno.test("createProgress() does not count what came before the first was begun", () => {
  const { progress, said, wait } = lineProgress(10, 0);
  wait(60_000);
  progress.update(0, "the dataset");
  wait(20_000);
  progress.update(1, "conv1"); // one in 20 s: nine are left
  assert.deepEqual(said, [
    "scoring: 0/10 units (0 %), 1 min 00 s; the dataset",
    "scoring: 1/10 units (10 %), 1 min 20 s, about 3 min 00 s left; conv1",
  ]);
});

Deno.test("createProgress() does not mind a clock that is set to another time", () => {
  const said: string[] = [];
  const now = Date.now;
  try {
    const options = { title: "scoring", total: 2, unit: "units", terminal: false };
    const progress = createProgress({ ...options, writeLine: (line) => said.push(line) });
    Date.now = () => 0; // decades ago
    progress.update(1);
    progress.update(2);
  } finally {
    Date.now = now;
  }
  assert.equal(said.length, 1);
  assert.match(said[0], /^scoring: 2\/2 units \(100 %\), \d\.\d s$/);
});

Deno.test("createProgress() that stops early says where", () => {
  const { progress, said } = lineProgress(100);
  progress.update(1);
  progress.stop();
  assert.deepEqual(said, ["scoring: 1/100 units (1 %), 0.0 s, about 0.0 s left"]);
});

Deno.test("createProgress() that is quiet says nothing", () => {
  const said: string[] = [];
  const progress = createProgress({
    title: "t",
    total: 1,
    unit: "u",
    quiet: true,
    writeLine: (line) => said.push(line),
  });
  progress.update(1);
  progress.stop();
  assert.deepEqual(said, []);
});

Deno.test("createProgress() counts whole units and whole per cent", () => {
  const { progress, said, wait } = lineProgress(20);
  wait(10_000);
  progress.update(5.06);
  assert.match(said[0], /^scoring: 5\/20 units \(25 %\), 10\.0 s/);
});

Deno.test("barText() fits the terminal, counts whole units, and says what is left once there is a pace", () => {
  const options = { title: "scoring", total: 20, unit: "units" };
  const start = { done: 0, seconds: 0, secondsLeft: null, detail: "" };
  assert.equal(barText(options, start, 80), `scoring ${"░".repeat(40)} 0/20 units, 0.0 s`);
  const later = { done: 5.06, seconds: 20, secondsLeft: 59, detail: "conv2, 37 images of units 4, 5, 6 and 7" };
  assert.equal(barText(options, later, 60), "scoring ███░░░░░░░ 5/20 units, 20.0 s, 59.0 s left; conv2, ");
  assert.equal(barText({ ...options, unit: "%", total: 100 }, { ...later, detail: "" }, 60).match(/5 %,/)?.[0], "5 %,");
  for (const columns of [20, 60, 80, 200]) {
    assert.ok(
      barText(options, later, columns).length < columns,
      "the last column is left, where terminals break the line",
    );
  }
});
