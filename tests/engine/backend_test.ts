import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { ADDON, findEngine, isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { belowNative, onAdapter, probeAdapter } from "./adapter.ts";
import { runProgram, SCORING_RIGHTS, withSecondCheckout } from "./second_checkout.ts";

const PROGRAM = join(import.meta.dirname!, "report_backend.ts");

async function report(env: Record<string, string>, rights = SCORING_RIGHTS, ...args: string[]) {
  const { code, out, err } = await runProgram(PROGRAM, rights, { args, env });
  assert.equal(code, 0, err);
  return { ...JSON.parse(out), err };
}

const adapter = await probeAdapter();
const BELOW_NATIVE = belowNative(adapter);
const native = isAddonInstalled();
const why = native ? "" : " (skipped: the native engine is not built; run `deno task setup`)";

for (const [backend, name] of [["native", "tensorflow"], ["wasm", "wasm"], ["cpu", "cpu"]]) {
  Deno.test({
    name: `POLYSEM_BACKEND=${backend} computes on ${backend} with the rights of scoring, silently` +
      (backend === "native" ? why : ""),
    ignore: backend === "native" && !native,
    fn: async () => {
      const { report: found, same, tfjs, product, err } = await report({ POLYSEM_BACKEND: backend });
      assert.equal(found.backend, backend);
      assert.equal(tfjs, name);
      assert.deepEqual(product, [1 * 5 + 2 * 6, 3 * 5 + 4 * 6]);
      assert.deepEqual(found.skipped, []);
      assert.ok(same, "a second call gives the same report");
      assert.ok(found.threads >= 1);
      assert.match(found.versions.tfjs, /^\d+\.\d+\.\d+$/);
      if (backend === "native") assert.match(found.versions.tensorflow, /^\d+\.\d+\.\d+$/);
      else assert.equal(found.versions.tensorflow, null);
      assert.equal(err, "");
    },
  });
}

Deno.test({
  ...onAdapter(adapter, "POLYSEM_BACKEND=webgpu computes on any adapter with the rights of scoring, silently"),
  fn: async () => {
    const { report: found, same, tfjs, product, err } = await report({ POLYSEM_BACKEND: "webgpu" });
    assert.deepEqual([found.backend, found.device, found.skipped], ["webgpu", "webgpu", []]);
    assert.notEqual(found.adapter, "");
    assert.equal(found.versions.tensorflow, null);
    assert.equal(tfjs, "webgpu");
    assert.deepEqual(product, [1 * 5 + 2 * 6, 3 * 5 + 4 * 6]);
    assert.ok(same, "a second call gives the same report");
    assert.equal(err, "");
  },
});

Deno.test({
  name: `useBackend() takes as many threads as asked, all cores unasked, and the environment's word over both${why}`,
  ignore: !native,
  fn: async () => {
    const threads = async (env: Record<string, string>, ...asked: string[]) => {
      const { report: found, product, err } = await report(env, SCORING_RIGHTS, "", ...asked);
      assert.equal(found.backend, "native");
      assert.deepEqual(product, [1 * 5 + 2 * 6, 3 * 5 + 4 * 6]);
      assert.equal(err, "");
      return found.threads;
    };
    const all = navigator.hardwareConcurrency;
    assert.equal(await threads({}, "1"), 1);
    assert.equal(await threads({}), all);
    assert.equal(await threads({ TF_NUM_INTRAOP_THREADS: String(all + 1) }, "1"), all + 1);
    assert.equal(await threads({ TF_NUM_INTRAOP_THREADS: "1" }), 1);
  },
});

Deno.test("POLYSEM_BACKEND overrides the preference", async () => {
  const { report: found } = await report({ POLYSEM_BACKEND: "cpu" }, SCORING_RIGHTS, "wasm");
  assert.equal(found.backend, "cpu");
});

Deno.test("useBackend() refuses a POLYSEM_BACKEND that is none", async () => {
  const { error, message } = await report({ POLYSEM_BACKEND: "gpu" });
  assert.equal(error, "InputError");
  assert.equal(message, 'POLYSEM_BACKEND is "gpu"; set it to one of native, webgpu, wasm, cpu, or unset it');
});

Deno.test("useBackend() says what it skipped, why and what to do", async () => {
  const { report: found } = await report({}, SCORING_RIGHTS.filter((right) => right !== "--allow-ffi"));
  assert.equal(found.backend, BELOW_NATIVE);
  const skipped = BELOW_NATIVE === "webgpu" ? ["native"] : ["native", "webgpu"];
  assert.deepEqual(found.skipped.map(({ backend }: { backend: string }) => backend), skipped);
  for (const { why, remedy } of found.skipped) {
    assert.notEqual(why, "");
    assert.match(remedy, /deno task|driver|POLYSEM_BACKEND/);
  }
});

Deno.test("useBackend() takes no other backend than the one that was asked for", async () => {
  const rights = SCORING_RIGHTS.filter((right) => right !== "--allow-ffi");
  for (const [env, args] of [[{}, ["native"]], [{ POLYSEM_BACKEND: "native" }, []]] as const) {
    const { error, message } = await report(env, rights, ...args);
    assert.equal(error, "InputError");
    assert.match(message, /^the native backend that was asked for.* cannot be used: .+; .+/);
  }
});

Deno.test("useBackend() goes on without an addon, and with a damaged one", async () => {
  await withSecondCheckout(async ({ run, addon }) => {
    const take = async () => JSON.parse((await run("tests/engine/report_backend.ts")).out).report;
    const absent = await take();
    assert.equal(absent.backend, BELOW_NATIVE);
    assert.deepEqual(absent.skipped[0], {
      backend: "native",
      why: "it has not been built on this machine",
      remedy: "run `deno task setup`",
    });
    await Deno.mkdir(dirname(addon), { recursive: true });
    await Deno.writeTextFile(addon, "half an addon");
    const damaged = await take();
    assert.equal(damaged.backend, BELOW_NATIVE);
    assert.match(damaged.skipped[0].why, /file too short|invalid ELF header/);
    assert.match(damaged.skipped[0].remedy, /deno task setup/);
  });
});

const engine = findEngine();
Deno.test({
  name: "useBackend() in a second checkout takes the engine of the cache" +
    (engine ? "" : " (skipped: there is none in the cache; run `deno task setup`)"),
  ignore: engine === null,
  fn: async () => {
    await withSecondCheckout(async ({ run, addon, cache }) => {
      await Deno.mkdir(join(cache, "engine"), { recursive: true });
      await Deno.symlink(engine!.directory, join(cache, "engine", engine!.directory.split("/").at(-1)!));
      const take = async (...rights: string[]) =>
        JSON.parse((await run("tests/engine/report_backend.ts", { rights: [...SCORING_RIGHTS, ...rights] })).out)
          .report;
      const readOnly = await take();
      assert.equal(readOnly.backend, BELOW_NATIVE);
      assert.match(readOnly.skipped[0].why, /cannot be written: Requires write access/);
      assert.equal((await take("--allow-write")).backend, "native");
      assert.deepEqual(await Deno.readFile(addon), await Deno.readFile(join(engine!.directory, ADDON)));
      assert.equal((await take()).backend, "native", "once it is there, no right to write is needed");
    });
  },
});
