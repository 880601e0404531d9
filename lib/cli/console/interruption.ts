/**
 * What happens on Ctrl-C and on a request to end: work in hand is given up at its next sign of progress, so that files and
 * threads are left in order, and the command ends with the exit code that shells expect.
 *
 * @module
 */

import type { SignalNote } from "./signal_worker.ts";

/** The signals that interrupt, with the exit codes of a command that one has ended: 128 and the signal's number. */
export const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** A signal that interrupts. */
export type InterruptingSignal = keyof typeof EXIT_CODES;

/** Thrown by the next sign of progress after a signal; the command line prints its message and ends. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  /** @param kept what stays of the work, and how it goes on, for the end of a sentence. */
  constructor(readonly signal: InterruptingSignal, readonly kept?: string) {
    super(kept === undefined ? "interrupted" : `interrupted; ${kept}`);
  }
}

/** A terminal tells `deno task` too, which passes it on: what comes so soon after a signal is the same one again. */
const SAME_MILLISECONDS = 1000;

const SIGNALS = Object.keys(EXIT_CODES) as InterruptingSignal[];

let received: InterruptingSignal | null = null;
/** Noted by a thread of its own: the place in `SIGNALS`, from 1, of the first signal, and whether the thread hears yet. */
const heard = new Int32Array(new SharedArrayBuffer(8));
/** How long work waits for that thread, which has long begun by then. */
const MOST_MILLISECONDS = 2000;
let listener: Worker | undefined;
/** Work that shows its progress, each with what ends its display. */
const underWay = new Set<() => void>();

/**
 * Says that work which will show its progress has begun.
 *
 * @param end ends the display, and gives the terminal back as it was.
 * @returns to be called when the work is over.
 */
export function beginWork(end: () => void): () => void {
  underWay.add(end);
  if (listener !== undefined) Atomics.wait(heard, 1, 0, MOST_MILLISECONDS); // the work may never look up
  return () => void underWay.delete(end);
}

/** Starts the thread that hears signals while this one computes without a pause, as clustering does. */
function startListener(): Worker {
  const worker = new Worker(new URL("./signal_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ signals: SIGNALS, heard } satisfies SignalNote);
  return worker;
}

/** The signal that has come; null without one. */
export function signalThatCame(): InterruptingSignal | null {
  return received ?? SIGNALS[Atomics.load(heard, 0) - 1] ?? null;
}

/** @throws {Interrupted} when a signal has come. */
export function throwIfInterrupted(): void {
  const signal = signalThatCame();
  if (signal !== null) throw new Interrupted(signal);
}

/** The exit code of a signal that has come; null without one. */
export function interruptedCode(): number | null {
  const signal = signalThatCame();
  return signal === null ? null : EXIT_CODES[signal];
}

/**
 * Listens for signals, for as long as the process lives. Where no work is under way, or at a second signal, the process ends
 * at once.
 *
 * @param say writes a line to the user.
 * @param exit ends the process.
 */
export function listenForInterruption(
  say: (line: string) => void,
  exit: (code: number) => never = (code) => Deno.exit(code),
): void {
  listener ??= startListener();
  let at = 0;
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      const again = received !== null;
      if (again && performance.now() - at < SAME_MILLISECONDS) return;
      at = performance.now();
      received ??= signal;
      if (underWay.size > 0 && !again) return say("\ninterrupted: ending what is under way; once more ends it at once");
      for (const end of underWay) end();
      if (!again) say("interrupted");
      exit(EXIT_CODES[received]);
    });
  }
}
