/**
 * What a computation asks of TensorFlow's library: operations, and what crosses between JavaScript's memory and a device's.
 */
import { tf } from "../../lib/engine/mod.ts";

/** A call. */
export interface Call {
  /** `read`, `upload`, or the operation's name, such as `Conv2D`. */
  readonly name: string;
  /** What crosses; 0 of an operation. */
  readonly bytes: number;
}

interface Binding {
  executeOp(name: string, ...rest: unknown[]): unknown;
  tensorDataSync(id: number): ArrayLike<number> & { readonly byteLength?: number };
  createTensor(shape: readonly number[], dtype: number, values: { readonly byteLength?: number }): number;
}

/**
 * Runs an action on the native backend and tells what it called, in order, by operations of TensorFlow's own names: those of
 * TensorFlow.js's kernels and those that are called by name are among them.
 */
export async function recordCalls(action: () => unknown): Promise<Call[]> {
  if (tf.getBackend() !== "tensorflow") throw new Error("only the native backend's calls can be recorded");
  const backend = tf.backend() as unknown as { binding: Binding };
  const { binding } = backend;
  const calls: Call[] = [];
  const executeOp: Binding["executeOp"] = (name, ...rest) => {
    calls.push({ name, bytes: 0 });
    return binding.executeOp(name, ...rest);
  };
  const tensorDataSync: Binding["tensorDataSync"] = (id) => {
    const data = binding.tensorDataSync(id);
    calls.push({ name: "read", bytes: data.byteLength ?? 0 });
    return data;
  };
  const createTensor: Binding["createTensor"] = (shape, dtype, values) => {
    calls.push({ name: "upload", bytes: values.byteLength ?? 0 });
    return binding.createTensor(shape, dtype, values);
  };
  const recording: Binding = Object.create(binding, {
    executeOp: { value: executeOp },
    tensorDataSync: { value: tensorDataSync },
    createTensor: { value: createTensor },
  });
  backend.binding = recording;
  try {
    await action();
  } finally {
    backend.binding = binding;
  }
  return calls;
}
