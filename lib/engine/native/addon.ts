/**
 * Where the native engine is: TensorFlow's libraries and the addon built against them in the cache, and the copy of the
 * addon in `node_modules`, the one place where tfjs-node-gpu looks for it.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../cache.ts";

/** What the library computes on: the CUDA build runs on the CPU too, where there is no card. */
export type Device = "cpu" | "cuda";

/** The TensorFlow whose library the addon is linked with. */
export const TENSORFLOW_VERSION = "2.21.0";

/** Which changes our build makes to the binding's sources (`patchBinding`); another number, another engine. */
const BINDING_PATCH = 4;

/** File name of the addon. */
export const ADDON = "tfjs_binding.node";

/** TensorFlow's libraries, in the engine's folder. */
export const LIBRARIES: readonly string[] = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
];

const require = createRequire(import.meta.url);

/** The folder of an installed npm package. */
export function packageDirectory(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** The folder of all native engines in the cache. */
export function engineRoot(): string {
  return join(cacheDirectory(), "engine");
}

/** The folder of one engine; its name has everything that the build depends on. */
export function engineDirectory(device: Device): string {
  const { version } = require("@tensorflow/tfjs-node-gpu/package.json") as { version: string };
  const versions = `tensorflow-${TENSORFLOW_VERSION}-tfjs-${version}-patch${BINDING_PATCH}`;
  return join(engineRoot(), `${versions}-${Deno.build.target}-${device}`);
}

/** Whether all of an engine is there. A folder takes its name only when it is whole; this finds what was deleted since. */
export function isEngineComplete(directory: string): boolean {
  return [ADDON, ...LIBRARIES].every((file) => isFile(join(directory, file)));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The engine in the cache that is used, the CUDA one first; null where there is none. */
export function findEngine(): { device: Device; directory: string } | null {
  for (const device of ["cuda", "cpu"] as const) {
    const directory = engineDirectory(device);
    if (isEngineComplete(directory)) return { device, directory };
  }
  return null;
}

/** Where tfjs-node-gpu looks for the addon. */
export function addonPath(): string {
  return join(packageDirectory("@tensorflow/tfjs-node-gpu"), "lib", "napi-v8", ADDON);
}

/** Whether there is an addon where tfjs-node-gpu looks for it. */
export function isAddonInstalled(): boolean {
  return isFile(addonPath());
}

/**
 * Copies an engine's addon to where tfjs-node-gpu looks for it, unless it is there already. Processes that have loaded
 * another keep it: the file is replaced, never written into.
 *
 * @throws where the file cannot be written.
 */
export async function installAddon(directory: string): Promise<void> {
  const target = addonPath();
  const addon = await Deno.readFile(join(directory, ADDON));
  const there = await Deno.readFile(target).catch(() => null);
  if (there !== null && there.length === addon.length && there.every((byte, i) => byte === addon[i])) return;
  await Deno.mkdir(dirname(target), { recursive: true });
  const partial = `${target}.${crypto.randomUUID()}.tmp`;
  await Deno.writeFile(partial, addon, { mode: 0o755 });
  await Deno.rename(partial, target);
}
