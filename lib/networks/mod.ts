/**
 * Differentiable networks: those that are scored, and those that measure.
 *
 * @module
 */
export { ALEXNET_KERNELS, createAlexNetFeatures } from "./alexnet.ts";
export { checkNetwork } from "./check_network.ts";
export { createLeNet5, createTrainableLeNet5 } from "./lenet5.ts";
export {
  chosenSize,
  describeModel,
  type LoadedNetwork,
  loadNetwork,
  MODEL_NAMES,
  type ModelDescription,
  type ModelRef,
  readModelWeights,
} from "./models.ts";
export type { Network, Through, TrainableClassifier } from "./network.ts";
export { CIFAR10_COLOURS, type Colour, IMAGENET_COLOURS, type Normalization, normalizeColours } from "./normalize.ts";
export { convolve, type KernelShape, loadConvolutions, maxPool, type PerceptualNetwork } from "./perceptual.ts";
export { createResNet18, createTrainableResNet18, RESNET18_FEATURES, STEM_224, STEM_32 } from "./resnet.ts";
export { createSqueezeNetFeatures } from "./squeezenet.ts";
export { toTensor, toWeightArray } from "./tensors.ts";
export {
  checkHead,
  createTaughtNetwork,
  createTrainableTaught,
  layerOfTaught,
  TAUGHT_ARCHITECTURES,
  type TaughtArchitecture,
  type TaughtHead,
  type TrainableTaught,
} from "./taught/mod.ts";
export { isTypeScriptModel, type ModelTools, modelTools } from "./typescript_model.ts";
export { createVgg16Features } from "./vgg16.ts";
export { createTrainableViT, createViT } from "./vit.ts";
export {
  createOnnxFeatures,
  describeOnnx,
  type FeaturePool,
  type OnnxDescription,
  type OnnxFeatureOptions,
  type OnnxFeatures,
  type OnnxInputOptions,
  type OnnxLayer,
} from "./onnx/mod.ts";
