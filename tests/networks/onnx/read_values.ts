/**
 * What the tests of ONNX share: tensors in files of their own, feeds, comparisons.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { TensorProtoSchema } from "onnx-buf";
import { tf } from "../../../lib/engine/mod.ts";
import { type OnnxArray, openTensor } from "../../../lib/networks/onnx/reading/arrays.ts";
import { GraphRunner } from "../../../lib/networks/onnx/run_graph.ts";
import { Value } from "../../../lib/networks/onnx/value.ts";
import type { Graph } from "../../../lib/networks/onnx/graph.ts";

/** A tensor in a file of its own (`input_0.pb`). */
export function readArray(path: string): OnnxArray & { readonly name: string } {
  const proto = fromBinary(TensorProtoSchema, Deno.readFileSync(path));
  const outside = () => {
    throw new Error(`${path} keeps its entries elsewhere`);
  };
  return { ...openTensor(proto, proto.name || "(unnamed)", path, outside).read(), name: proto.name };
}

/**
 * Runs a graph on arrays.
 *
 * @param fixed whether inputs of a kind are known before the network runs.
 * @returns the entries and shapes of its outputs.
 */
export function runOnArrays(
  graph: Graph,
  arrays: readonly OnnxArray[],
  fixed: (array: OnnxArray) => boolean = ({ kind }) => kind !== "float",
): OnnxArray[] {
  const runner = new GraphRunner(graph);
  try {
    return tf.tidy(() => {
      const feeds = new Map(arrays.map((array, i) => {
        const value = Value.from(array);
        value.known = fixed(array) ? "for a batch" : "no";
        return [graph.inputs[i].name, value] as const;
      }));
      return runner.run(feeds, graph.outputs).map((value) => ({
        kind: value.kind,
        shape: [...value.shape],
        data: value.plain().dataSync() as Float32Array,
      }));
    });
  } finally {
    runner.dispose();
  }
}

/** Largest difference of entries relative to the largest expected entry; Infinity where shapes differ or one is not a number. */
export function difference(actual: OnnxArray, expected: OnnxArray): number {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  let [largest, scale] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [actual.data[i], expected.data[i]];
    if (Object.is(a, b) || a === b) continue;
    if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
    largest = Math.max(largest, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(b));
  }
  return largest === 0 ? 0 : largest / Math.max(scale, 1e-3);
}
