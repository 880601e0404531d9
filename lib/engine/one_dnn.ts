/**
 * Whether TensorFlow computes with oneDNN here. By itself it does so on processors with neural-network instructions alone
 * (AVX-512 VNNI and what came after); the environment variable TF_ENABLE_ONEDNN_OPTS decides for it.
 *
 * @module
 */
import { tensorFlowLibrary } from "./tensorflow_library.ts";

/** The instructions that TensorFlow 2.9 and later ask for, as Linux calls them. */
const ASKED_FOR = ["avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"];

/** Whether it does in this process. True where neither the library, once started, nor the processor can be asked. */
export function usesOneDnn(): boolean {
  return tensorFlowLibrary()?.isOneDnnUsed() ?? isOneDnnUsed(Deno.env.get("TF_ENABLE_ONEDNN_OPTS"), processorFlags());
}

/**
 * Whether it does for this value of the variable and these flags of a processor.
 *
 * @param setting undefined where it is not set.
 * @param flags null where they are not known.
 */
export function isOneDnnUsed(setting: string | undefined, flags: readonly string[] | null): boolean {
  if (setting === "0" || setting === "1") return setting === "1";
  return flags === null || ASKED_FOR.some((flag) => flags.includes(flag));
}

function processorFlags(): string[] | null {
  try {
    const flags = Deno.readTextFileSync("/proc/cpuinfo").match(/^flags\s*:(.*)$/m);
    return flags && flags[1].trim().split(/\s+/);
  } catch {
    return null; // another system, or no permission
  }
}
