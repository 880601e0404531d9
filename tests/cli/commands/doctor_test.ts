import assert from "node:assert/strict";
import { join } from "node:path";
import { runProgram, SCORING_RIGHTS } from "../../engine/second_checkout.ts";
import { assertDocumented } from "../../documented.ts";

const MAIN = join(import.meta.dirname!, "..", "..", "..", "lib", "cli", "main.ts");

async function withCache(
  test: (doctor: (backend: string, ...args: string[]) => ReturnType<typeof runProgram>, cache: string) => Promise<void>,
): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await test(
      (backend, ...args) =>
        runProgram(MAIN, SCORING_RIGHTS, {
          args: ["doctor", ...args],
          env: { POLYSEM_CACHE: cache, POLYSEM_BACKEND: backend },
        }),
      cache,
    );
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("doctor --json shows the engine, versions, data and weights", async () => {
  await withCache(async (doctor, cache) => {
    await Deno.mkdir(join(cache, "weights"));
    await Deno.writeTextFile(join(cache, "weights", "lpips_squeeze_v0.1.pth"), "not these");
    await Deno.writeTextFile(join(cache, "weights", "notes"), "x".repeat(91));
    await Deno.symlink("notes", join(cache, "weights", "notes64")); // a link takes no room
    const { code, out, err } = await doctor("cpu", "--json");
    assert.equal(code, 0, err);
    assert.equal(err, "");
    const found = JSON.parse(out);
    assertDocumented("doctor", found, ["engine", "memory.limit", "nvidia"]); // what there is depends on the machine
    assert.equal(found.engine.backend, "cpu");
    assert.equal(found.kernels, null);
    assert.equal(found.versions.deno, Deno.version.deno);
    assert.equal(found.versions.v8, Deno.version.v8);
    assert.match(found.versions.tfjs, /^\d+\.\d+\.\d+$/);
    assert.equal(found.cpu.threads, navigator.hardwareConcurrency);
    assert.deepEqual(found.cache, { directory: cache, bytes: 100, entries: [{ name: "weights", bytes: 100 }] });
    assert.equal(found.data.state, "missing");
    assert.match(found.data.problem, /deno task setup/);
    const byName = Object.fromEntries(found.weights.map((set: { name: string }) => [set.name, set]));
    assert.equal(byName["lenet5-cifar10"].state, "intact");
    assert.equal(byName["lenet5-cifar10"].remedy, null);
    assert.match(byName["lenet5-cifar10"].files[0].sha256, /^[0-9a-f]{64}$/);
    assert.equal(byName["resnet18-imagenet"].state, "missing");
    assert.equal(byName["resnet18-imagenet"].remedy, "deno task weights fetch resnet18-imagenet");
    assert.equal(byName["lpips-squeeze"].state, "altered");
    assert.deepEqual(byName["lpips-squeeze"].files.map(({ state }: { state: string }) => state), [
      "missing",
      "altered",
    ]);
  });
});

Deno.test("doctor names a truncated file of the data, and is for reading without --json", async () => {
  await withCache(async (doctor, cache) => {
    await Deno.mkdir(join(cache, "cifar10"));
    for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]) {
      await Deno.writeTextFile(join(cache, "cifar10", `${name}.bin`), "");
    }
    const { code, out } = await doctor("cpu");
    assert.equal(code, 0);
    assert.match(out, /^engine +cpu on cpu, 1 thread$/m);
    assert.match(out, /^CIFAR-10 +altered: .*data_batch_1\.bin has 0 bytes .*deno task setup/m);
    assert.match(out, /^│ lenet5-cifar10 +│ intact +│ [0-9a-f]{16} │/m);
  });
});

Deno.test("doctor shows why there is no engine where a wrong one is asked for", async () => {
  await withCache(async (doctor) => {
    const { code, out } = await doctor("gpu", "--json");
    assert.equal(code, 0);
    const { engine } = JSON.parse(out);
    assert.equal(engine.backend, null);
    assert.match(engine.problem, /POLYSEM_BACKEND is "gpu"/);
  });
});
