/**
 * Reading a file with a watch on its time and memory.
 *
 * @module
 */
import process from "node:process";
import { InputError } from "../../lib/errors.ts";
import { faultIn, type Outcome } from "./outcome.ts";
import type { Parser } from "./parsers.ts";

/** Memory from which on what earlier files left behind is collected first: it is not of the file at hand. */
const MUCH_BYTES = 3e8;

/** Counts the most that this process holds from now on, as Linux does. */
function resetPeak(): void {
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
}

function peakBytes(): number {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return 1024 * Number(kilobytes);
}

async function readOne({ read }: Parser, path: string, folder: string) {
  try {
    await read(path, folder);
    return { kind: "accepted", message: "" } as const;
  } catch (error) {
    if (error instanceof InputError) return { kind: "refused", message: error.message } as const;
    return { kind: "error", message: String(error), stack: error instanceof Error ? error.stack : undefined } as const;
  }
}

/**
 * Reads a file. The process must have been started with `--v8-flags=--expose-gc`.
 *
 * @param path of the file, in `folder`, which was prepared for the parser.
 */
export async function readMeasured(parser: Parser, path: string, folder: string): Promise<Omit<Outcome, "index">> {
  if (Deno.memoryUsage().rss > MUCH_BYTES) (globalThis as unknown as { gc: () => void }).gc();
  resetPeak();
  const begun = process.cpuUsage(); // a machine that does other things besides is no fault
  const { stack, ...result } = { stack: undefined, ...await readOne(parser, path, folder) };
  const { user, system } = process.cpuUsage(begun);
  const measured = { ...result, milliseconds: (user + system) / 1000, bytes: peakBytes() };
  return { ...measured, fault: faultIn({ ...measured, stack }, folder) };
}
