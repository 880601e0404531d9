/**
 * Networks from .onnx files: read, checked, and run as differentiable TensorFlow.js operations.
 *
 * @module
 */
export { createOnnxNetwork, describeOnnx, type OnnxDescription, type OnnxNetwork } from "./graph_network.ts";
export { createOnnxFeatures, type FeaturePool, type OnnxFeatureOptions, type OnnxFeatures } from "./features.ts";
export type { OnnxInputOptions } from "./input.ts";
export type { OnnxLayer } from "./layers.ts";
