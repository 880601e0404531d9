/**
 * What happens where memory does not suffice for a batch: it is halved.
 *
 * @module
 */
import { isOutOfMemory } from "../errors.ts";
import { note } from "./notes.ts";
import { tf } from "./tf.ts";

/** The part of TensorFlow.js's engine that is used here; its own types hide it. */
interface TapeState {
  readonly gradientDepth: number;
  /** Undefined before the first gradient. */
  activeTape?: { readonly saved?: (tf.Tensor | null)[] }[] | null;
}

/** Frees what a gradient that failed halfway has kept for its way back, which TensorFlow.js forgets to. */
function dropTape(): void {
  const { state } = tf.engine() as unknown as { readonly state: TapeState };
  if (state.gradientDepth !== 0 || !state.activeTape) return;
  for (const { saved } of state.activeTape) saved?.forEach((tensor) => tensor?.dispose());
  state.activeTape = null;
}

/**
 * Does something for a number of entries, in halves where memory does not suffice for all of them at once; halves are halved
 * again. It is said once (`onNote`).
 *
 * @param from index of the first entry.
 * @param to one more than the index of the last.
 * @param run does it for some; where it fails it leaves nothing behind.
 * @throws what `run` throws, when it is about something else, or memory does not suffice for one entry.
 */
export async function inHalves(
  from: number,
  to: number,
  run: (from: number, to: number) => Promise<void>,
): Promise<void> {
  try {
    await run(from, to);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    dropTape();
    if (to - from <= 1) throw error;
    note("memory", "there was not enough memory for a batch; such batches are halved, which takes longer");
    const middle = (from + to) >> 1;
    await inHalves(from, middle, run);
    await inHalves(middle, to, run);
  }
}

/**
 * Does something for a number of entries in batches of a size, the last of which is what is left; those that memory does not
 * suffice for as `inHalves` does.
 *
 * @param run as of `inHalves`; what it does with an entry must not depend on its batch.
 */
export async function inBatches(
  count: number,
  batch: number,
  run: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < count; start += batch) await inHalves(start, Math.min(count, start + batch), run);
}
