/**
 * What tests of WebGPU compute on: any adapter, a program on the processor too. It is looked for, and used, in other processes:
 * Mesa's drivers and TensorFlow's library both bring LLVM along, and a process that loads TensorFlow after such a driver dies.
 */
import { type Adapter, findAdapter } from "../../lib/engine/webgpu.ts";

/** Options of a test that needs an adapter; its name says so where there is none. */
export function onAdapter(
  adapter: Adapter | null,
  name: string,
): { readonly name: string; readonly ignore: boolean } {
  const missing = " (skipped: WebGPU finds no adapter; apt-get install mesa-vulkan-drivers libvulkan1 brings one)";
  return { name: adapter === null ? name + missing : name, ignore: adapter === null };
}

/** The adapter that another process finds. */
export async function probeAdapter(): Promise<Adapter | null> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", import.meta.filename!],
    stderr: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)) as Adapter | null;
}

/** The backend that is taken where there is no native engine. */
export function belowNative(adapter: Adapter | null): "webgpu" | "wasm" {
  return adapter !== null && !adapter.software ? "webgpu" : "wasm";
}

if (import.meta.main) {
  console.log(JSON.stringify(await findAdapter()));
  Deno.exit(0);
}
