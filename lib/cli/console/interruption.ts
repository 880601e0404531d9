/**
 * What happens on Ctrl-C and on a request to end: work in hand is given up at its next sign of progress, so that files and
 * threads are left in order, and the command ends with the exit code that shells expect.
 *
 * @module
 */

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

let received: InterruptingSignal | null = null;
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
  return () => void underWay.delete(end);
}

/** @throws {Interrupted} when a signal has come. */
export function throwIfInterrupted(): void {
  if (received !== null) throw new Interrupted(received);
}

/** The exit code of a signal that has come; null without one. */
export function interruptedCode(): number | null {
  return received === null ? null : EXIT_CODES[received];
}

/**
 * Listens for signals, for as long as the process lives. Where no work is under way, or at a second signal, the process ends
 * at once.
 *
 * @param say writes a line to the user.
 */
export function listenForInterruption(say: (line: string) => void): void {
  let at = 0;
  for (const signal of Object.keys(EXIT_CODES) as InterruptingSignal[]) {
    Deno.addSignalListener(signal, () => {
      const again = received !== null;
      if (again && performance.now() - at < SAME_MILLISECONDS) return;
      at = performance.now();
      received ??= signal;
      if (underWay.size > 0 && !again) return say("\ninterrupted: ending what is under way; once more ends it at once");
      for (const end of underWay) end();
      if (!again) say("interrupted");
      Deno.exit(EXIT_CODES[received]);
    });
  }
}
