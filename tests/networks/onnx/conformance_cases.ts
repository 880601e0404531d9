/**
 * The conformance cases of ONNX itself: every operator's examples with inputs and outputs, and whole networks. They come in
 * the wheel of the Python package `onnx`, of which this unpacks what the tests need into the cache.
 *
 *     deno run -A tests/networks/onnx/conformance_cases.ts
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { cacheDirectory } from "../../../lib/cache.ts";

const VERSION = "1.22.0";
/** The wheel for one platform, whichever this one is: the cases are the same in all. */
const PLATFORM = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.12", "--abi", "abi3"];
const SHA256 = "955e02e1f6d385b53d52f9cd7b9cdf5caf417c300bcfe3c64c6d542be763845b";
const DATA = "onnx/backend/test/data/";
/** Single operators, networks of the first exporters, whole CNNs. */
const PARTS = ["node/", "light/", "pytorch-converted/"];

/** Inputs that are floats and known before a network runs, by operator: in files of networks they are stored. */
export const KNOWN_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  OneHot: [1, 2],
  Pad: [2],
  Range: [0, 1, 2],
  Resize: [1, 2],
  Upsample: [1],
};

/**
 * The folder of the cases, which is filled if need be: 19 MB to fetch.
 *
 * @returns null where the wheel cannot be had: without Python, pip or a package index.
 */
export async function conformanceCases(): Promise<string | null> {
  const folder = join(cacheDirectory(), "onnx-cases", VERSION);
  const isThere = await Deno.stat(join(folder, "complete")).then(() => true, () => false);
  if (isThere) return folder;
  const wheel = await fetchWheel();
  if (wheel === null) return null;
  const files = unzipSync(wheel, {
    filter: ({ name }) =>
      PARTS.some((part) => name.startsWith(DATA + part)) && !name.includes("_expanded") && !name.endsWith("/"),
  });
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, ...name.slice(DATA.length).split("/"));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, bytes);
  }
  await Deno.writeTextFile(join(folder, "complete"), SHA256);
  return folder;
}

/** The wheel's bytes, checked. */
async function fetchWheel(): Promise<Uint8Array | null> {
  const folder = await Deno.makeTempDir({ prefix: "polysem-onnx-" });
  try {
    const { success } = await new Deno.Command("python3", {
      args: [
        ...[
          "-m",
          "pip",
          "download",
          "--quiet",
          "--disable-pip-version-check",
          "--retries",
          "1",
          "--no-deps",
          "--only-binary=:all:",
        ],
        ...[...PLATFORM, "--implementation", "cp", "--dest", folder, `onnx==${VERSION}`],
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    if (!success) return null;
    for await (const { name } of Deno.readDir(folder)) {
      const bytes = await Deno.readFile(join(folder, name));
      if (createHash("sha256").update(bytes).digest("hex") === SHA256) return bytes;
    }
    return null;
  } catch {
    return null; // no Python
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) console.log(await conformanceCases() ?? "the wheel cannot be had");
