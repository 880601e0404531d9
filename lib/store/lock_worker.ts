/**
 * A thread that does nothing but tell that a lock is held, while the main one computes without a pause.
 *
 * @module
 */
import { type LockHolder, lockText } from "./lock.ts";

/** What the thread is told: the lock's file, who holds it, and how often to say so. */
export interface Beating {
  readonly path: string;
  readonly holder: LockHolder;
  readonly milliseconds: number;
}

(globalThis as unknown as Worker).onmessage = ({ data: { path, holder, milliseconds } }: MessageEvent<Beating>) => {
  let beat = 0;
  setInterval(() => {
    try {
      if (!Deno.readTextFileSync(path).includes(holder.id)) return; // taken over: its own text is not to be written over
      using file = Deno.openSync(path, { write: true });
      file.writeSync(new TextEncoder().encode(lockText(holder, ++beat))); // of one length, over the former text
    } catch {
      // the next one may be heard; a full disk or a server that is away is no reason to end the work
    }
  }, milliseconds);
};
