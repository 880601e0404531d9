/**
 * What TensorFlow's own library tells of itself. It is asked because scoring may not read `/proc/cpuinfo`.
 *
 * @module
 */
import { join } from "node:path";
import { findEngine, LIBRARIES } from "./native/mod.ts";

/** By their mangled names: `IsMKLEnabled()` and `TestCPUFeature(int)`. */
const SYMBOLS = {
  isOneDnnUsed: { name: "_ZN10tensorflow12IsMKLEnabledEv", parameters: [], result: "bool" },
  hasFeature: { name: "_ZN3tsl4port14TestCPUFeatureENS0_10CPUFeatureE", parameters: ["i32"], result: "bool" },
} as const;

/** What can be asked. */
export interface TensorFlowLibrary {
  /** Whether TensorFlow's operations are oneDNN's. */
  isOneDnnUsed(): boolean;
  /** Whether the processor has a feature, by TensorFlow's number for it (`tsl/platform/cpu_info.h`). */
  hasFeature(feature: number): boolean;
}

/** The library of the native engine, which must have been started (loaded alone it crashes at exit); null where there is none, or it cannot be asked. */
export function tensorFlowLibrary(): TensorFlowLibrary | null {
  const engine = findEngine();
  if (engine === null) return null;
  try {
    return Deno.dlopen(join(engine.directory, LIBRARIES[0]), SYMBOLS).symbols; // loaded already, and stays so
  } catch {
    return null;
  }
}
