/** A thread of `attribute_names_stress.ts`: hands the binding names that no thread has seen, as fast as it can. */
import { createRequire } from "node:module";

/** The part of the binding that is used here. */
interface Binding {
  readonly TF_ATTR_INT: number;
  executeOp(name: string, attributes: readonly { name: string; type: number; value: number }[], inputs: [], n: 1): void;
}

/** What a thread is told: which one it is, how many names to make, and where threads wait for one another. */
export interface Orders {
  readonly thread: number;
  readonly threads: number;
  readonly count: number;
  /** Path of the binding. */
  readonly addon: string;
  readonly ready: Int32Array;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Orders>) => void;
  postMessage(refused: number): void;
};

scope.onmessage = ({ data: { thread, threads, count, addon, ready } }) => {
  const binding = createRequire(import.meta.url)(addon) as Binding;
  const attributes = Array.from(
    { length: count },
    (_, i) => ({ name: `${String(i).padStart(8, "0")}_${thread}`, type: binding.TF_ATTR_INT, value: 1 }), // all grow the same end of the set
  );
  if (Atomics.add(ready, 0, 1) + 1 === threads) { // the last one starts all at the same moment
    Atomics.store(ready, 1, 1);
    Atomics.notify(ready, 1);
  } else Atomics.wait(ready, 1, 0);
  let refused = 0;
  try {
    binding.executeOp("NoOp", attributes, [], 1); // one operation: nothing but names between one insertion and the next
  } catch {
    refused = count; // the names are kept before TensorFlow says that there is no output
  }
  scope.postMessage(refused);
};
