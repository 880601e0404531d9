/**
 * The thread in which a command runs with its own rights (`confined.ts`).
 *
 * @module
 */
import { writeErr } from "../streams.ts";
import type { ConfinedEnd, ConfinedStart } from "./confined.ts";
import { listenForInterruption } from "./console/interruption.ts";
import { main } from "./main.ts";

const thread = globalThis as unknown as Worker;

/** Ends the whole process: this thread can only tell the first one. */
function end(code: number): never {
  thread.postMessage({ code } satisfies ConfinedEnd);
  return Deno.exit(code); // of a thread this ends the thread
}

thread.onmessage = async ({ data: { args } }: MessageEvent<ConfinedStart>) => {
  listenForInterruption((line) => writeErr(`${line}\n`), end);
  end(await main(args));
};
