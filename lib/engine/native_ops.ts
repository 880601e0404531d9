/**
 * TensorFlow operations that TensorFlow.js does not use, called by name on the native backend: one fused kernel in place
 * of the many small ones of TensorFlow.js's own gradients. On any other backend `nativeOps()` is null, and callers take
 * the composite route.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** An attribute of a TensorFlow operation. */
export type Attribute =
  | { readonly kind: "float32 type" }
  | { readonly kind: "float32 types"; readonly count: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "shape"; readonly value: readonly number[] };

/** Calls one TensorFlow operation and returns its outputs. */
export interface NativeOps {
  call(
    name: string,
    attributes: Readonly<Record<string, Attribute>>,
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}

/** The part of tfjs-node's backend that is used here; its own types are not exported. */
interface NodeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeMultipleOutputs(
    name: string,
    attributes: readonly { name: string; type: number; value: unknown }[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}

let cached: { backend: unknown; ops: NativeOps } | undefined;

/** Access to TensorFlow operations by name, or null where the backend in use is not the native one. */
export function nativeOps(): NativeOps | null {
  if (tf.getBackend() !== "tensorflow") return null;
  const backend = tf.backend() as unknown as NodeBackend;
  if (cached?.backend !== backend) cached = { backend, ops: createOps(backend) };
  return cached.ops;
}

function createOps(backend: NodeBackend): NativeOps {
  const { binding } = backend;
  const encode = (name: string, attribute: Attribute) => {
    switch (attribute.kind) {
      case "float32 type":
        return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
      case "float32 types":
        return { name, type: binding.TF_ATTR_TYPE, value: new Array<number>(attribute.count).fill(binding.TF_FLOAT) };
      case "float":
        return { name, type: binding.TF_ATTR_FLOAT, value: attribute.value };
      case "bool":
        return { name, type: binding.TF_ATTR_BOOL, value: attribute.value };
      case "string":
      case "strings":
        return { name, type: binding.TF_ATTR_STRING, value: attribute.value };
      case "int":
      case "ints":
        return { name, type: binding.TF_ATTR_INT, value: attribute.value };
      case "shape":
        return { name, type: binding.TF_ATTR_SHAPE, value: attribute.value };
    }
  };
  return {
    call: (name, attributes, inputs, outputs) =>
      backend.executeMultipleOutputs(
        name,
        Object.entries(attributes).map(([key, attribute]) => encode(key, attribute)),
        inputs,
        outputs,
      ),
  };
}
