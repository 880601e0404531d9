/**
 * WebGPU on whatever adapter there is, each part in a process of its own (`tests/engine/adapter.ts` says why). The adapter may be
 * a program on the processor, and slow: networks see two images, ascent takes two steps.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { onAdapter, probeAdapter } from "../engine/adapter.ts";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import type { Results } from "./results.ts";

const adapter = await probeAdapter();

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args.slice(0, 1), "--quiet", "--no-check", "--allow-all", ...args.slice(1)],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Results of a backend, in groups. */
async function resultsOf(backend: string): Promise<Readonly<Record<string, Results>>> {
  const { code, out, err } = await run("run", join(import.meta.dirname!, "results.ts"), backend);
  assert.equal(code, 0, err);
  const told = JSON.parse(out) as { backend: string; results: Record<string, Results>; tensorsLeft: number };
  assert.equal(told.backend, backend);
  assert.equal(told.tensorsLeft, 0, backend);
  return told.results;
}

/**
 * Largest difference, as a share of the largest of a result's numbers. float32 rounds to 6e-8 of a number, and a sum of n of
 * them in another order is off by some root n times that: 2e-6 for the longest here, of 1,152 products. Some ten layers in a row
 * add up their own: 1e-5 leaves them twice that. On llvmpipe the largest difference was 7e-7.
 */
const TOLERANCE = 1e-5;

/**
 * The same for what comes of ascent. Adam's first steps are as long for a small gradient as for a large one, so that a pixel
 * whose gradient is next to nothing may go either way; one image has 3,072 numbers.
 */
const ASCENT_TOLERANCE = 1e-3;

const reference = isAddonInstalled() ? "native" : "cpu";
Deno.test({
  ...onAdapter(
    adapter,
    `layers, networks, gradients, the metric and a unit are on WebGPU what they are on ${reference}`,
  ),
  fn: async (test) => {
    const expected = await resultsOf(reference);
    const actual = await resultsOf("webgpu");
    assert.deepEqual(Object.keys(actual), Object.keys(expected));
    for (const [group, results] of Object.entries(expected)) {
      await test.step(group, () => {
        assert.deepEqual(Object.keys(actual[group]), Object.keys(results));
        for (const [name, values] of Object.entries(results)) {
          const found = actual[group][name];
          assert.equal(found.length, values.length, name);
          const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const bound = (group === "unit" ? ASCENT_TOLERANCE : TOLERANCE) * largest;
          values.forEach((value, i) =>
            assert.ok(Math.abs(found[i] - value) <= bound, `${name}: entry ${i} is ${found[i]} instead of ${value}`)
          );
        }
      });
    }
  },
});

for (const [file, about] of [["engine.ts", "the engine"], ["lost_adapter.ts", "a run whose adapter is lost"]]) {
  Deno.test({
    ...onAdapter(adapter, `on WebGPU: ${about}`),
    fn: async (test) => {
      const { code, out, err } = await run("test", "--reporter=tap", join(import.meta.dirname!, file));
      const told = [...out.matchAll(/^(ok|not ok) \d+ - (.+)$/gm)];
      assert.ok(told.length > 0, `${out}\n${err}`);
      for (const [, result, name] of told) {
        await test.step(name, () => assert.equal(result, "ok", `${out}\n${err}`));
      }
      assert.equal(code, 0, `${out}\n${err}`);
    },
  });
}
