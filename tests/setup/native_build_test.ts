import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { ADDON, engineDirectory, isEngineComplete, LIBRARIES } from "../../lib/engine/native/addon.ts";
import { MEMBERS, nativeLibrary } from "../../lib/setup/native_library.ts";
import { belowNative, probeAdapter } from "../engine/adapter.ts";
import { type RunFile, withSecondCheckout } from "../engine/second_checkout.ts";

const SETUP_RIGHTS = ["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-ffi", "--allow-sys"];

Deno.test("nativeLibrary() knows Linux with the GNU C library, and nothing else", () => {
  const cpu = nativeLibrary("x86_64-unknown-linux-gnu", "cpu");
  assert.deepEqual(cpu?.wheels.map(({ name }) => name), ["tensorflow-cpu"]);
  assert.ok(cpu?.platforms.includes("manylinux_2_27_x86_64"));
  const arm = nativeLibrary("aarch64-unknown-linux-gnu", "cpu");
  assert.deepEqual(arm?.wheels.map(({ name }) => name), ["tensorflow"]);
  assert.ok(arm?.platforms.every((tag) => tag.endsWith("_aarch64")));
  const cuda = nativeLibrary("x86_64-unknown-linux-gnu", "cuda");
  assert.equal(cuda?.wheels.length, 13, "TensorFlow and twelve packages of CUDA");
  for (const { sha256 } of [...cpu!.wheels, ...arm!.wheels, ...cuda!.wheels]) assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.equal(nativeLibrary("aarch64-unknown-linux-gnu", "cuda"), null);
  assert.equal(nativeLibrary("x86_64-unknown-linux-musl", "cpu"), null);
  assert.equal(nativeLibrary("aarch64-apple-darwin", "cpu"), null);
  assert.equal(nativeLibrary("x86_64-pc-windows-msvc", "cpu"), null);
});

Deno.test("isEngineComplete() is false when a library was deleted", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await fakeEngine(folder);
    assert.equal(isEngineComplete(folder), true);
    await Deno.remove(join(folder, LIBRARIES[0]));
    assert.equal(isEngineComplete(folder), false);
    assert.equal(isEngineComplete(join(folder, "absent")), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function fakeEngine(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "tensorflow"), { recursive: true });
  for (const file of [ADDON, ...LIBRARIES]) await Deno.writeTextFile(join(folder, file), file);
}

/** The programs of the machine, as the test wants them: shell scripts by name. */
type Programs = Readonly<Record<string, string>>;

/** Has an empty second checkout build its engine with these programs and no others. */
async function withPrograms(
  test: (
    build: (programs: Programs, env?: Record<string, string>, ...args: string[]) => ReturnType<typeof built>,
    paths: { cache: string; addon: string },
  ) => Promise<void>,
): Promise<void> {
  await withSecondCheckout(async ({ run, cache, addon }) => {
    const bin = join(cache, "..", "bin");
    await test(async (programs, env, ...args) => {
      await Deno.mkdir(bin, { recursive: true });
      for (const [name, script] of Object.entries(programs)) {
        await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      }
      try {
        return await built(run, { PATH: bin, ...env }, args);
      } finally {
        await Deno.remove(bin, { recursive: true });
      }
    }, { cache, addon });
  });
}

async function built(run: RunFile, env: Record<string, string>, args: string[]) {
  const { code, out, err } = await run("tests/setup/build_native.ts", { args, env, rights: SETUP_RIGHTS });
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

/** What a failed build leaves in the cache. */
async function leftovers(cache: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(join(cache, "engine"))).catch(() => [])).map(({ name }) => name);
}

Deno.test("ensureNative() names what is missing and what to install, and another backend goes on", async () => {
  await withPrograms(async (build, { cache }) => {
    const bare = await build({}, {}, "use");
    assert.equal(bare.error, "NativeBuildError");
    assert.match(bare.message, /without Python 3 and a C\+\+ compiler; install .*python3 python3-pip g\+\+\)/);
    assert.deepEqual(bare.stages, [], "nothing was downloaded");
    assert.equal(bare.backend, belowNative(await probeAdapter()));

    const pipless = await build({ python3: 'echo "No module named pip" >&2; exit 1', "c++": "exit 0" });
    assert.match(pipless.message, /without pip for Python 3; install .*: apt-get install python3-pip\)/);

    const chosen = await build({ python3: "exit 0", "c++": "exit 0" }, { CXX: "icpc -fast" });
    assert.match(chosen.message, /\$CXX is "icpc -fast", which does not work/);
    assert.deepEqual(await leftovers(cache), []);
  });
});

/** A python3 whose pip "downloads" a wheel, and whose unpacking makes the libraries and a header. */
const PYTHON = `
case "$*" in
  *"pip --version"*) ;;
  *"pip download"*)
    while [ $# -gt 0 ]; do if [ "$1" = -d ]; then : > "$2/tensorflow.whl"; fi; shift; done ;;
  *unpack_wheel.py*)
    /bin/mkdir -p "$3/tensorflow/include"
    : > "$3/${LIBRARIES[0]}"; : > "$3/${LIBRARIES[1]}" ;;
esac`;

Deno.test("ensureNative() says what pip and the compiler say, and leaves nothing half-built", async () => {
  await withPrograms(async (build, { cache, addon }) => {
    const offline = await build({
      python3: `case "$*" in *"pip download"*) echo "ERROR: No matching distribution found" >&2; exit 1;; esac`,
      "c++": "exit 0",
    });
    assert.match(
      offline.message,
      /pip cannot download tensorflow(-cpu)? 2\.21\.0: ERROR: No matching distribution found; /,
    );
    assert.deepEqual(await leftovers(cache), []);

    const failing = await build({
      python3: PYTHON,
      "g++": `case "$*" in *-shared*) echo "x.cc:1: fatal error: no such header" >&2; exit 1;; esac`,
    });
    assert.match(failing.message, /^g\+\+ cannot compile the addon: x\.cc:1: fatal error: no such header; /);
    assert.deepEqual(failing.stages, ["download", "unpack", "compile"]);
    assert.deepEqual(await leftovers(cache), ["compiler.log"]);

    const useless = await build({
      python3: PYTHON,
      "clang++": `while [ $# -gt 0 ]; do if [ "$1" = -o ]; then echo useless > "$2"; fi; shift; done`,
    });
    assert.match(useless.message, /^the native engine was built but does not load: /);
    assert.deepEqual(useless.stages, ["download", "unpack", "compile", "check"]);
    assert.deepEqual(await leftovers(cache), ["compiler.log"]);
    await assert.rejects(Deno.stat(addon), "no addon was put into node_modules");
  });
});

Deno.test("ensureNative() takes the engine of the cache, and repairs the addon in node_modules", async () => {
  await withPrograms(async (build, { cache, addon }) => {
    const directory = join(cache, "engine", engineDirectory("cpu").split("/").at(-1)!);
    await fakeEngine(directory);
    for (const before of [null, "an older addon"]) {
      if (before !== null) await Deno.writeTextFile(addon, before);
      const found = await build({});
      assert.deepEqual(found, { outcome: "present", device: "cpu", directory, stages: [], backend: null });
      assert.equal(await Deno.readTextFile(addon), ADDON);
    }
    await Deno.remove(join(directory, LIBRARIES[1]));
    assert.equal((await build({})).error, "NativeBuildError", "what lacks a library is built anew");
  });
});

const python = await new Deno.Command("python3", { args: ["--version"] }).output().then(
  ({ success }) => success,
  () => false,
);
Deno.test({
  name: "unpack_wheel.py unpacks what is named and no more" + (python ? "" : " (skipped: there is no python3)"),
  ignore: !python,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const member = (path: string) => [path, new TextEncoder().encode(path)] as const;
    const wanted = [...MEMBERS.filter((path) => !path.endsWith("/")), "nvidia/cublas/lib/libcublas.so.12"];
    const unwanted = ["tensorflow/python/big.so", "nvidia/cublas/include/cublas.h", "tensorflow/include/other.h"];
    try {
      const wheel = join(folder, "x.whl");
      await Deno.writeFile(wheel, zipSync(Object.fromEntries([...wanted, ...unwanted].map(member))));
      const script = fileURLToPath(new URL("../../lib/setup/unpack_wheel.py", import.meta.url));
      const unpack = (file: string) =>
        new Deno.Command("python3", { args: [script, file, join(folder, "out"), ...MEMBERS] }).output();
      assert.ok((await unpack(wheel)).success);
      const found: string[] = [];
      const walk = async (path: string) => {
        for await (const { name, isDirectory } of Deno.readDir(join(folder, "out", path))) {
          if (isDirectory) await walk(join(path, name));
          else found.push(join(path, name));
        }
      };
      await walk("");
      assert.deepEqual(found.sort(), wanted.sort());
      assert.equal(await Deno.readTextFile(join(folder, "out", LIBRARIES[0])), LIBRARIES[0]);

      await Deno.writeFile(wheel, zipSync(Object.fromEntries([member("nvidia/../../evil")])));
      assert.equal((await unpack(wheel)).success, false);
      await assert.rejects(Deno.stat(join(folder, "evil")));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
