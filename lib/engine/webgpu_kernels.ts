/**
 * Kernels of TensorFlow.js's WebGPU backend that are mended here.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** Most axes of a tensor that its kernel for padding takes: that for more is a program that does not compile. */
const MOST_AXES = 4;

type Padding = readonly [before: number, after: number];

/** A tensor of fewer axes whose padding is the same work. */
export interface MergedPadding {
  readonly shape: readonly number[];
  readonly paddings: readonly Padding[];
}

/**
 * Merges each axis that is not padded with the one before it, of which every entry is then a row of so many.
 *
 * @returns at most one axis more than there are padded ones.
 */
export function mergePadding(shape: readonly number[], paddings: readonly Padding[]): MergedPadding {
  const merged: { size: number; before: number; after: number }[] = [];
  shape.forEach((size, axis) => {
    const [before, after] = paddings[axis];
    const last = merged.at(-1);
    if (last === undefined || before > 0 || after > 0) return merged.push({ size, before, after });
    last.size *= size;
    last.before *= size;
    last.after *= size;
  });
  return {
    shape: merged.map(({ size }) => size),
    paddings: merged.map(({ before, after }) => [before, after]),
  };
}

/** The part of a backend that is used here. */
interface Backend {
  disposeData(dataId: object): void;
}

/** Puts the mended kernels into the places of those that they mend. */
export function mendKernels(): void {
  const pad = tf.getKernel("PadV2", "webgpu");
  const reshape = tf.getKernel("Reshape", "webgpu");
  const reshaped = (x: tf.TensorInfo, shape: readonly number[], backend: object) =>
    reshape.kernelFunc({ inputs: { x }, backend, attrs: { shape: [...shape] } }) as tf.TensorInfo;
  tf.unregisterKernel("PadV2", "webgpu");
  tf.registerKernel({
    ...pad,
    kernelFunc: (call) => {
      const { inputs, backend, attrs } = call;
      const x = inputs.x as tf.TensorInfo;
      if (x.shape.length <= MOST_AXES) return pad.kernelFunc(call);
      const paddings = attrs!.paddings as unknown as [number, number][];
      const merged = mergePadding(x.shape, paddings);
      const few = reshaped(x, merged.shape, backend);
      const padded = pad.kernelFunc({
        inputs: { x: few },
        backend,
        attrs: { ...attrs, paddings: merged.paddings as [number, number][] },
      }) as tf.TensorInfo;
      const result = reshaped(padded, x.shape.map((size, i) => size + paddings[i][0] + paddings[i][1]), backend);
      for (const { dataId } of [few, padded]) (backend as Backend).disposeData(dataId);
      return result;
    },
  });
}
