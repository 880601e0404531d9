/**
 * The engine room: TensorFlow.js, its backends and a few fused operations. The only room that imports TensorFlow.js.
 *
 * @module
 */
export { hearEvents } from "./events.ts";
export { dataOf, readAll, readData } from "./read.ts";
export { tf } from "./tf.ts";
export { type Attribute, type NativeOps, nativeOps } from "./native_ops.ts";
export {
  asBatch,
  batchNormTrain,
  type BatchStatistics,
  convolveConstant,
  convolveFused,
  depthToSpace,
  maxOfGroups,
  normalizeLast,
  relu,
  sigmoid,
  spaceToDepth,
  warp,
} from "./layers.ts";
export { gelu, geluTanh, hardSwish, silu } from "./nonlinearities.ts";
export { blockGradient, hasBlockGradient, type StridedConvolution } from "./block_gradient.ts";
export { leakyRelu } from "./leaky_relu.ts";
export {
  type Backend,
  type BackendOptions,
  type BackendReport,
  type Instead,
  surviveAdapter,
  useBackend,
} from "./backend.ts";
export { AdapterError, largestTensor, onHost, refuseFailedAdapter } from "./webgpu.ts";
export { createAdam } from "./adam.ts";
export { keepsBitsInCompany } from "./company.ts";
export { gradientOf } from "./gradient.ts";
export { imagesInATensor, imagesThatFit, type Pass } from "./images_that_fit.ts";
export { kernelsInUse } from "./kernels.ts";
export { peakBytes } from "./memory.ts";
export { computesOnCard, deviceOf, useDevice } from "./devices.ts";
export { type BatchLimits, imagesOnDevice, lowerBatchLimits, setBatchLimits } from "./batch_limits.ts";
export { inBatches, inHalves } from "./out_of_memory.ts";
export { type NoteListener, onNote } from "./notes.ts";
export { CARD_BYTES_PER_WORKER } from "./native/mod.ts";
