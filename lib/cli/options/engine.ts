/**
 * The engine of a command.
 *
 * @module
 */
import type { Command } from "commander";
import type { BackendOptions, BackendReport } from "../../engine/mod.ts";
import { printNote } from "../console/output.ts";

/** Whether it was said what computes in place of the native engine. */
let said = false;

/**
 * Starts the engine as `useBackend` does, and says, once, where another backend computes because the native one cannot be had.
 *
 * @throws {InputError} as `useBackend`.
 */
export async function startEngine(command: Command, options: BackendOptions = {}): Promise<BackendReport> {
  const { useBackend } = await import("../../engine/mod.ts");
  const report = await useBackend(undefined, options);
  const note = insteadOfNative(report);
  if (note !== null && !said) printNote(command, note);
  said = true;
  return report;
}

/** What is said where the native engine was tried and cannot be had; null where it computes or another was asked for. */
export function insteadOfNative({ backend, skipped }: Pick<BackendReport, "backend" | "skipped">): string | null {
  const native = skipped.find((each) => each.backend === "native");
  if (native === undefined) return null;
  return `note: ${backend} computes, many times slower than the native engine, which cannot be used: ${native.why}; ` +
    native.remedy;
}
