/** Which backend the engine runs on. @module */
import { tf } from "./tf.ts";

export type Backend = "native" | "wasm" | "cpu";

export interface BackendReport {
  readonly backend: Backend;
}

export async function useBackend(_preference?: Backend): Promise<BackendReport> {
  Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "3");
  await import("@tensorflow/tfjs-node-gpu");
  await tf.setBackend("tensorflow");
  await tf.ready();
  return { backend: "native" };
}
