/**
 * What happens where memory does not suffice for a batch: it is halved.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { note } from "./notes.ts";
import { tf } from "./tf.ts";

/** TensorFlow's words: its status RESOURCE_EXHAUSTED, and what CUDA's libraries say where they get no memory. */
const WORDS =
  /Invalid TF_Status: 8\b|OOM when allocating|RESOURCE_EXHAUSTED|CUDA_ERROR_OUT_OF_MEMORY|(?:CUDNN|CUBLAS)_STATUS_ALLOC_FAILED/i;

/** Whether an error says that memory did not suffice. */
export function isOutOfMemory(error: unknown): boolean {
  return WORDS.test(messageOf(error));
}

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
