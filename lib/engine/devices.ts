/**
 * The devices that TensorFlow computes on: the processor and graphics cards.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** The part of our build of the binding that is used here. */
interface DeviceBackend {
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: tf.DataId): { readonly id: number } };
  readonly binding: {
    readonly useDevice: (type: string, index: number) => string;
    readonly deviceOf: (tensor: number) => string;
  };
}

/** Whether a graphics card computes: memory crosses to and from it, and waiting for it is to be avoided. */
export function computesOnCard(): boolean {
  const name = tf.getBackend();
  return name === "webgpu" || (name === "tensorflow" && (tf.backend() as unknown as DeviceBackend).isUsingGpuDevice);
}

/**
 * Has this thread compute on one of several devices from here on. Tensors that it has made before lie where they were.
 *
 * @param type `GPU`, or `CPU` in tests.
 * @param index among those of its type, from 0, as TensorFlow numbers those that it uses.
 * @returns TensorFlow's name for it.
 * @throws {Error} when there is none, or on another backend than the native one.
 */
export function useDevice(type: "CPU" | "GPU", index: number): string {
  if (tf.getBackend() !== "tensorflow") throw new Error("devices can be chosen on the native backend alone");
  return (tf.backend() as unknown as DeviceBackend).binding.useDevice(type, index);
}

/** TensorFlow's name for the device on which a tensor lies that an operation has made, on the native backend. */
export function deviceOf(tensor: tf.Tensor): string {
  const { binding, tensorMap } = tf.backend() as unknown as DeviceBackend;
  return binding.deviceOf(tensorMap.get(tensor.dataId).id);
}
