/**
 * A thread that does nothing but hear signals: the main one hears none while it computes without a pause. It notes the first
 * in memory that both share.
 *
 * @module
 */

/** What the thread is told: the signals, and where to note the place of the first that comes, from 1, and a 1 once it hears. */
export interface SignalNote {
  readonly signals: readonly Deno.Signal[];
  readonly heard: Int32Array;
}

(globalThis as unknown as Worker).onmessage = ({ data: { signals, heard } }: MessageEvent<SignalNote>) => {
  for (const [i, signal] of signals.entries()) {
    Deno.addSignalListener(signal, () => void Atomics.compareExchange(heard, 0, 0, i + 1));
  }
  Atomics.store(heard, 1, 1);
  Atomics.notify(heard, 1);
};
