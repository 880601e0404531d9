/**
 * What brings things to this machine: the native engine, CIFAR-10, weights, Jupyter.
 *
 * @module
 */
export { type DatasetProgress, fetchCifar10 } from "./fetch_cifar10.ts";
export { fetchPinned } from "./fetch_weights.ts";
export { setUpJupyter } from "./jupyter.ts";
export { type BuildProgress, ensureNative, NativeBuildError, type NativeEngine } from "./native_build.ts";
