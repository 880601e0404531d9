import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { VisualizeOptions } from "../../lib/visualize/options.ts";
import { nextMovement, transformsOf } from "../../lib/visualize/transforms.ts";
import { visualize } from "../../lib/visualize/visualize.ts";
import { createSmallNetwork } from "./small_network.ts";

await useBackend();

Deno.test("nextMovement() shifts up as often as down and left as often as right, by each number of pixels", () => {
  const random = createRandom(1, "movements");
  const counts = new Map<string, number>();
  const draws = 10_000;
  for (let i = 0; i < draws; i++) {
    const { dy, dx } = nextMovement(random, { jitter: 1, scale: 0, rotation: 0 });
    counts.set(`${dy} ${dx}`, (counts.get(`${dy} ${dx}`) ?? 0) + 1);
  }
  const shifts = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => `${dy} ${dx}`));
  assert.deepEqual([...counts.keys()].sort(), shifts.sort());
  // each of nine: a share of 1/9 with a standard error of .0031
  for (const [shift, count] of counts) assert.ok(Math.abs(count / draws - 1 / 9) < 0.016, `${shift}: ${count}`);
});

const [SIZE, RATE] = [8, 0.05];
const OPTIONS: VisualizeOptions = {
  parametrization: "pixel",
  start: "noise",
  noiseScale: 0, // grey, whatever the seed
  startFade: 0,
  steps: 1,
  learningRate: RATE,
  jitter: 8, // of 32 px: 2 of 8
  scale: 0,
  rotation: 0,
  activation: { reduce: "mean", postRelu: false },
};

/**
 * The shift of the only step, by the pixels that it moved. Unit `left` is the mean of the left half after the shift: a pixel
 * has a gradient where it lands there, and Adam's first step then moves its logit by the learning rate.
 */
async function shiftOfOneStep(seed: number): Promise<{ dy: number; dx: number }> {
  const network = createSmallNetwork(SIZE);
  const context = { seed, dataset: null };
  const { images } = await visualize(network, "left", [{ unit: 0, index: 0 }], OPTIONS, context);
  network.dispose();
  const logits = Array.from(images.data, (p) => Math.log(p / (1 - p)));
  const moved = logits.map((z, i) => ({ z, row: Math.floor(i / 3 / SIZE), column: Math.floor(i / 3) % SIZE }))
    .filter(({ z }) => Math.abs(z) > RATE / 2);
  for (const { z } of moved) assert.ok(Math.abs(z - RATE) < 1e-4, `${z}`);
  const rows = moved.map(({ row }) => row);
  const columns = moved.map(({ column }) => column);
  const [top, bottom] = [Math.min(...rows), SIZE - 1 - Math.max(...rows)]; // rows that left the image above and below
  return { dy: bottom - top, dx: SIZE / 2 - 1 - Math.max(...columns) };
}

Deno.test("visualize() shifts images as nextMovement() says of the run's seed", async () => {
  const shifts: string[] = [];
  for (let seed = 0; seed < 12; seed++) {
    const { dy, dx } = nextMovement(createRandom(seed, "movements"), { jitter: 2, scale: 0, rotation: 0 });
    assert.deepEqual(await shiftOfOneStep(seed), { dy, dx }, `seed ${seed}`);
    shifts.push(`${dy} ${dx}`);
  }
  assert.ok(new Set(shifts).size > 5, "other seeds, other shifts");
});

Deno.test("transformsOf() lets shifts grow with the shorter side, and leaves all else as it is", () => {
  const options = { jitter: 2, scale: 0.1, rotation: 5 };
  const cases: [height: number, width: number, jitter: number][] = [
    [32, 32, 2],
    [64, 64, 4],
    [224, 224, 14],
    [96, 224, 6],
    [224, 96, 6],
    [40, 40, 3], // 2.5
    [36, 36, 2], // 2.25
    [3, 3, 0], // 0.19
  ];
  for (const [height, width, jitter] of cases) {
    assert.deepEqual(transformsOf(options, { height, width }), { jitter, scale: 0.1, rotation: 5 });
  }
  for (const jitter of [0, 1, 16]) {
    assert.equal(transformsOf({ ...options, jitter }, { height: 32, width: 32 }).jitter, jitter);
  }
});
