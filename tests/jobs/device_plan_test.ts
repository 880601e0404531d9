import assert from "node:assert/strict";
import { setBatchLimits, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createPlan, planForDevice, suggestWorkers } from "../../lib/jobs/mod.ts";
import { CALIBRATED } from "../../lib/pipeline/mod.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
import { createSmallNetwork } from "../visualize/small_network.ts";
import { toldLpips } from "../pipeline/stand_ins.ts";

await useBackend();

const CARD = { index: 0, name: "A card", capability: [9, 0], totalBytes: 80e9, freeBytes: 70e9 } as const;
const NETWORK = { ...createSmallNetwork(8), layers: [{ name: "dense", positions: "none", units: 400 } as const] };
const JOBS = createPlan(NETWORK.layers, [...Array(400).keys()].map((unit) => ({ layer: "dense", unit })));
const WORK = { jobs: JOBS, pending: [...JOBS.keys()] };
const CONTEXT = { network: NETWORK, profile: CALIBRATED, lpips: toldLpips(() => 0) };

const planned = async (...args: Parameters<typeof planForDevice>) => {
  try {
    return await planForDevice(...args);
  } finally {
    setBatchLimits(null);
  }
};

Deno.test("planForDevice() leaves a processor's jobs as they are", async () => {
  assert.deepEqual(await planned(CONTEXT, { device: "cpu" }, { ...WORK, workers: 3 }), { workers: 3 });
});

Deno.test("planForDevice() has few jobs done in parts where a unit's bits do not depend on the others", async () => {
  const few = { ...WORK, pending: [0, 1, 2], workers: 2 };
  const expected = COMPANY_KEEPS_BITS ? { workers: 2, parts: 2 } : { workers: 2 };
  assert.deepEqual(await planned(CONTEXT, { device: "cpu" }, few), expected);
  assert.deepEqual(await planned(CONTEXT, { device: "webgpu" }, few), { workers: 2 });
  // as many workers as there are cores, though there is one job
  const one = await planned(CONTEXT, { device: "cpu" }, { ...WORK, pending: [0] });
  const most = suggestWorkers({ device: "cpu" }, 8);
  assert.equal(one.workers, COMPANY_KEEPS_BITS ? most : 1);
});

Deno.test("planForDevice() sizes a card's tasks by its memory, shared by its workers", async () => {
  const report = { device: "cuda", cards: [CARD] } as const;
  const { workers, groups, card } = await planned(CONTEXT, report, { ...WORK, workers: 2 });
  assert.equal(workers, 2);
  // 40 % of 70 GB for two workers; 400 units over 2 x 2 tasks are 100, 12 jobs of 8: fewer than 4096 images of 32 a unit
  assert.deepEqual(card, { cards: 1, limits: { images: 4096, bytes: 14e9 } });
  assert.equal(Math.max(...groups!.map((group) => group.length)), 12);
  assert.deepEqual(groups!.flat(), WORK.pending);
  const one = await planned(CONTEXT, report, { ...WORK, workers: 1 });
  // alone: 4096 / 32 = 128 units, 16 jobs
  assert.deepEqual(one.groups!.map((group) => group.length), [16, 16, 16, 2]);
  // features of 48 images that take 28e9 / 48 / 24 bytes each leave room for 24 units: 3 jobs
  const lpips = { ...CONTEXT.lpips, bytesPerImage: () => 28e9 / 48 / 24 };
  const { groups: few } = await planned({ ...CONTEXT, lpips }, report, { ...WORK, workers: 1 });
  assert.equal(Math.max(...few!.map((group) => group.length)), 3);
});

Deno.test("planForDevice() tells workers of all cards, of which the fullest decides", async () => {
  const report = { device: "cuda", cards: [CARD, { ...CARD, index: 1, freeBytes: 20e9 }] } as const;
  const { card } = await planned(CONTEXT, report, { ...WORK, workers: 8 });
  assert.deepEqual(card, { cards: 2, limits: { images: 4096, bytes: 2e9 } });
});

Deno.test("planForDevice() leaves jobs and batches as they are where equal bits are asked for", async () => {
  const report = { device: "cuda", cards: [CARD] } as const;
  const plan = await planned(CONTEXT, report, { ...WORK, workers: 2, deterministic: true });
  assert.deepEqual(plan, { workers: 2, card: { cards: 1, limits: null } });
});

Deno.test("planForDevice() refuses more workers than a card's memory holds", async () => {
  const report = { device: "cuda", cards: [{ ...CARD, totalBytes: 8e9, freeBytes: 7.2e9 }] } as const;
  await assert.rejects(
    planned(CONTEXT, report, { ...WORK, workers: 4 }),
    (error) =>
      error instanceof InputError &&
      /^4 workers are more than .*: 7\.2 GB of A card are free, .* 2 GB; give --workers 3 or fewer$/.test(
        error.message,
      ),
  );
  assert.equal((await planned(CONTEXT, report, { ...WORK, workers: 3 })).workers, 3);
});
