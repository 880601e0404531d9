/**
 * Builds the native engine: TensorFlow's library out of its Python wheel, and tfjs-node-gpu's own C++ sources compiled
 * against it. The prebuilt addon that tfjs-node-gpu would download is for a TensorFlow (and a CUDA) of years ago.
 *
 * Everything is made in a folder of its own that takes its name in the cache at the end, so that a build that was cut off
 * is never used and two at a time do no harm.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../errors.ts";
import { patchBinding } from "./binding_patch.ts";
import { errorText, runProgram, watchDownload } from "./run_program.ts";
import {
  ADDON,
  type Device,
  engineDirectory,
  engineRoot,
  findEngine,
  installAddon,
  isEngineComplete,
  LIBRARIES,
  packageDirectory,
  TENSORFLOW_VERSION,
} from "../engine/native/mod.ts";
import { createTemporaryFolder } from "./temporary_folder.ts";
import { MEMBERS, type NativeLibrary, nativeLibrary } from "./native_library.ts";

/** The native engine cannot be built. The message is one line: what is missing or failed, and what to do. */
export class NativeBuildError extends Error {
  override readonly name = "NativeBuildError";
}

/** How far a build is. */
export interface BuildProgress {
  readonly stage: "download" | "unpack" | "compile" | "check";
  /** Bytes that have arrived; 0 in other stages. */
  readonly bytes: number;
  /** Bytes that there will be; null where not known. */
  readonly total: number | null;
}

/** The engine that is there now. */
export interface NativeEngine {
  readonly outcome: "present" | "built";
  readonly device: Device;
  readonly directory: string;
}

/**
 * Makes sure that the native engine is in the cache and its addon in `node_modules`. Where it is, this takes no time. To
 * build it takes Python 3 with pip, a C++ compiler and the network for 274 MB, and leaves 850 MB in the cache.
 *
 * @param onProgress called as the build goes on.
 * @param device what it should compute on; by default that of the engine in the cache, else CUDA where `nvidia-smi` finds
 * a card, else the CPU. Only the CPU build on x86_64 has been tried.
 * @throws {NativeBuildError}
 */
export async function ensureNative(
  onProgress: (progress: BuildProgress) => void = () => {},
  device?: Device,
): Promise<NativeEngine> {
  const there = device === undefined
    ? findEngine()
    : isEngineComplete(engineDirectory(device))
    ? { device, directory: engineDirectory(device) }
    : null;
  const found = there ?? await build(device ?? (await hasNvidiaCard() ? "cuda" : "cpu"), onProgress);
  try {
    await installAddon(found.directory);
  } catch (error) {
    throw new NativeBuildError(`the addon cannot be put into node_modules: ${messageOf(error)}; check its permissions`);
  }
  return { outcome: there === null ? "built" : "present", ...found };
}

async function build(
  device: Device,
  onProgress: (progress: BuildProgress) => void,
): Promise<{ device: Device; directory: string }> {
  const library = nativeLibrary(Deno.build.target, device);
  if (library === null) {
    throw new NativeBuildError(
      `the native engine for ${device} is built on Linux with the GNU C library (x86_64; for cpu also aarch64), ` +
        `and this is ${Deno.build.target}; scoring works without it`,
    );
  }
  const compiler = await findTools(); // before anything is downloaded
  const directory = engineDirectory(device);
  let work: string | undefined;
  try {
    work = await createTemporaryFolder(engineRoot(), "build");
    await download(library, work, onProgress);
    onProgress({ stage: "compile", bytes: 0, total: null });
    await compile(compiler, work, directory);
    onProgress({ stage: "check", bytes: 0, total: null });
    await check(work);
    for (const made of ["tensorflow/include", "binding"]) await Deno.remove(join(work, made), { recursive: true });
    await takePlace(work, directory);
  } catch (error) {
    if (error instanceof NativeBuildError) throw error;
    throw new NativeBuildError(`the native engine cannot be built in ${engineRoot()}: ${messageOf(error)}`);
  } finally {
    if (work !== undefined) await Deno.remove(work, { recursive: true }).catch(() => {});
  }
  return { device, directory };
}

async function hasNvidiaCard(): Promise<boolean> {
  const listed = await runProgram("nvidia-smi", ["-L"]);
  return listed !== null && listed.success && listed.output.includes("GPU ");
}

/**
 * Finds Python with pip, and a compiler.
 *
 * @returns the compiler, with its arguments where `$CXX` has any.
 */
async function findTools(): Promise<string[]> {
  const missing: string[] = [];
  const packages: string[] = [];
  const pip = await runProgram("python3", ["-m", "pip", "--version"]);
  if (pip === null) {
    missing.push("Python 3");
    packages.push("python3", "python3-pip");
  } else if (!pip.success) {
    missing.push("pip for Python 3");
    packages.push("python3-pip");
  }
  let compiler: string[] | undefined;
  const chosen = Deno.env.get("CXX")?.trim();
  for (const candidate of chosen ? [chosen.split(/\s+/)] : [["c++"], ["g++"], ["clang++"]]) {
    if ((await runProgram(candidate[0], [...candidate.slice(1), "--version"]))?.success) {
      compiler = candidate;
      break;
    }
  }
  if (compiler === undefined) {
    missing.push(chosen ? `a C++ compiler ($CXX is "${chosen}", which does not work)` : "a C++ compiler");
    packages.push("g++");
  }
  if (missing.length > 0) {
    throw new NativeBuildError(
      `the native engine cannot be built without ${missing.join(" and ")}; install (on Debian and Ubuntu: ` +
        `apt-get install ${packages.join(" ")}) and run \`deno task setup\` again`,
    );
  }
  return compiler!;
}

/** Downloads the wheels one after the other and unpacks what is needed of each into `work`. */
async function download(
  { wheels, platforms }: NativeLibrary,
  work: string,
  onProgress: (progress: BuildProgress) => void,
): Promise<void> {
  const sizes = wheels.map(({ bytes }) => bytes);
  const total = sizes.reduce((sum, bytes) => sum === undefined || bytes === undefined ? undefined : sum + bytes, 0) ??
    null;
  let before = 0;
  for (const { name, version, sha256 } of wheels) {
    const folder = join(work, "wheel");
    await Deno.mkdir(folder);
    const pinned = join(folder, "requirements.txt");
    await Deno.writeTextFile(pinned, `${name}==${version} --hash=sha256:${sha256}\n`);
    const stopWatching = watchDownload(folder, (bytes) => {
      onProgress({ stage: "download", bytes: before + bytes, total });
    });
    try {
      const pip = await runProgram("python3", [
        ...["-m", "pip", "download", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-cache-dir"],
        ...["--disable-pip-version-check", "--no-input", "--python-version", "3.11", "--implementation", "cp"],
        ...["--abi", "cp311", "--abi", "abi3", "--abi", "none"],
        ...platforms.flatMap((platform) => ["--platform", platform]),
        ...["-d", folder, "-r", pinned],
      ], { env: { TMPDIR: folder } });
      if (!pip?.success) {
        throw new NativeBuildError(
          `pip cannot download ${name} ${version}: ${errorText(pip?.output ?? "")}; ` +
            "check the network and the settings of pip, then run `deno task setup` again",
        );
      }
    } finally {
      stopWatching();
    }
    const files = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((file) => file.endsWith(".whl"));
    if (files.length !== 1) throw new NativeBuildError(`pip left ${files.length} wheels of ${name} in place of one`);
    const wheel = join(folder, files[0]);
    before += Deno.statSync(wheel).size;
    onProgress({ stage: "download", bytes: before, total });
    onProgress({ stage: "unpack", bytes: 0, total: null });
    const script = fileURLToPath(new URL("./unpack_wheel.py", import.meta.url));
    const unpacked = await runProgram("python3", [script, wheel, work, ...MEMBERS]);
    if (!unpacked?.success) {
      throw new NativeBuildError(`${files[0]} cannot be unpacked: ${errorText(unpacked?.output ?? "")}`);
    }
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compiles the addon in `work` so that it finds its libraries in `directory`. */
async function compile(compiler: readonly string[], work: string, directory: string): Promise<void> {
  const sources = join(work, "binding");
  try {
    await patchBinding(join(packageDirectory("@tensorflow/tfjs-node-gpu"), "binding"), sources);
  } catch (error) {
    throw new NativeBuildError(
      `the sources of tfjs-node-gpu are not those that polysem mends: ${messageOf(error)}; ` +
        "run `deno install --frozen` to restore them; scoring works without the engine",
    );
  }
  const [program, ...first] = compiler;
  const compiled = await runProgram(program, [
    ...first,
    ...["-shared", "-fPIC", "-O2", "-std=c++17", "-DNAPI_VERSION=8", "-DNODE_GYP_MODULE_NAME=tfjs_binding"],
    ...["-I", join(packageDirectory("node-api-headers"), "include"), "-I", join(work, "tensorflow", "include")],
    ...[join(sources, "tfjs_backend.cc"), join(sources, "tfjs_binding.cc"), "-o", join(work, ADDON)],
    ...LIBRARIES.map((library) => join(work, library)),
    ...["-Xlinker", "-rpath", "-Xlinker", join(directory, "tensorflow")],
  ]);
  if (compiled?.success) return;
  const log = join(engineRoot(), "compiler.log");
  await Deno.writeTextFile(log, compiled?.output ?? "");
  throw new NativeBuildError(
    `${program} cannot compile the addon: ${errorText(compiled?.output ?? "")}; all it said is in ${log}`,
  );
}

/** Loads what was built in another process, which a library for another processor would end. */
async function check(work: string): Promise<void> {
  const program = `import { createRequire } from "node:module";
    const addon = createRequire(${JSON.stringify(join(work, ADDON))})(${JSON.stringify(join(work, ADDON))});
    console.log("TensorFlow", addon.TF_Version);
    Deno.exit(0);`;
  const loaded = await runProgram(Deno.execPath(), ["eval", "--no-config", program], {
    cwd: work,
    env: { LD_LIBRARY_PATH: join(work, "tensorflow"), TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  if (loaded?.output.includes(`TensorFlow ${TENSORFLOW_VERSION}`)) return;
  throw new NativeBuildError(
    `the native engine was built but does not load: ${errorText(loaded?.output ?? "")}; ` +
      "TensorFlow needs a processor with AVX (grep avx /proc/cpuinfo); scoring works without the engine",
  );
}

/** Gives what was built its name; if another process was faster, keeps that. */
async function takePlace(work: string, directory: string): Promise<void> {
  if (isEngineComplete(directory)) return;
  const broken = `${work}.broken`;
  await Deno.rename(directory, broken).catch(() => {}); // there only if a part of it was deleted
  try {
    await Deno.rename(work, directory);
  } catch (error) {
    if (!isEngineComplete(directory)) throw error;
  }
  await Deno.remove(broken, { recursive: true }).catch(() => {});
}
