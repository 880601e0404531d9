/**
 * The other side's surroundings: a virtual environment of its own in the cache folder, made once for each version of
 * `requirements.txt`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "../../lib/cache.ts";
import { InputError } from "../../lib/errors.ts";
import type { StageResults } from "./polysem_stages.ts";
import { THREADS } from "./workload.ts";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const SCRIPT = fileURLToPath(new URL("pytorch_stages.py", import.meta.url));

/** Versions of the other side's libraries, by name. */
export type Versions = Readonly<Record<string, string>>;

/**
 * The Python interpreter of the environment, which is made if need be: some 4 GB, a minute or two.
 *
 * @throws {InputError} when there is no suitable Python or the packages cannot be installed.
 */
export async function preparePyTorch(onNote: (text: string) => void): Promise<string> {
  const folder = join(cacheDirectory(), "bench-venv");
  const python = join(folder, "bin", "python");
  const stamp = join(folder, "requirements.sha256");
  const wanted = createHash("sha256").update(await Deno.readFile(REQUIREMENTS)).digest("hex");
  if (await Deno.readTextFile(stamp).catch(() => "") === wanted) return python;
  onNote(`installing PyTorch and scikit-learn into ${folder} (some 4 GB)`);
  await run("python3", ["-m", "venv", "--clear", folder], "needs Python 3.11 or later with the venv module");
  await run(
    python,
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS],
    "could not install its packages; see the lines above",
  );
  await Deno.writeTextFile(stamp, wanted);
  return python;
}

/** What PyTorch's side tells beside its results. */
export interface PyTorchReport {
  readonly versions: Versions;
  /** Most memory that its process had. */
  readonly peakBytes: number;
  /** Floating-point operations a second of a product of large matrices, on as many threads. */
  readonly sgemmFlops: number;
}

/** Runs the script on a folder written by `writeJob`, and reads what it writes there. */
export async function runPyTorchStages(python: string, folder: string): Promise<StageResults & PyTorchReport> {
  await runScript(python, SCRIPT, folder);
  const result = JSON.parse(await Deno.readTextFile(join(folder, "result.json")));
  const read = async (name: string) => new Float32Array((await Deno.readFile(join(folder, name))).buffer);
  return { ...result, distances: await read("distances.f32"), embeddings: await read("embeddings.f32") };
}

/** Runs a PyTorch script on a folder. */
export async function runScript(python: string, script: string, folder: string): Promise<void> {
  await run(python, [script, folder], "failed in its PyTorch script; see the lines above");
}

async function run(command: string, args: string[], failure: string): Promise<void> {
  const threads = String(THREADS);
  let success = false;
  try {
    ({ success } = await new Deno.Command(command, {
      args,
      env: { CUDA_VISIBLE_DEVICES: "-1", OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads, PYTHONUNBUFFERED: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).output());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (!success) throw new InputError(`the benchmark ${failure}`);
}
