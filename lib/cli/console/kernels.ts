/**
 * What is said of results that different kernels computed, such as those for AVX2 and for AVX-512.
 *
 * @module
 */
import { otherKernels } from "../../store/mod.ts";
import type { RunManifest } from "../../types.ts";

const DIFFER = "from the last bits on their results differ, and S may; the run's manifest names them all";

/** The note on a run that several kernels computed. */
export function severalKernelsNote(kernels: readonly string[]): string {
  return `note: different kernels computed the run (${kernels.join("; ")}): ${DIFFER}`;
}

/**
 * The note on a run part of which was computed by other kernels than those that go on with it: on a machine of another
 * instruction set, or by other settings of TensorFlow's.
 *
 * @returns null where there is no such part, or the kernels are not known.
 */
export function otherKernelsNote(
  directory: string,
  stored: RunManifest["kernels"],
  now: RunManifest["kernels"],
): string | null {
  const others = otherKernels(now, stored);
  if (others.length === 0) return null;
  return `note: ${directory} holds results that other kernels computed (${others.join("; ")}) than now (${
    now!.join("; ")
  }): ${DIFFER}; give --run another name to score anew`;
}
