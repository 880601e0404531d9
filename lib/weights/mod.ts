/**
 * Weight files as arrays by name: .safetensors and .pth, what is known by name, and hashes. No tensor.
 *
 * @module
 */
export { sha256OfFile } from "./load_weights.ts";
export { readTensors, type ReadWeights, readWeights } from "./read_weights.ts";
export {
  checkWeightFile,
  findWeightSet,
  listWeightSets,
  MODELS_DIRECTORY,
  pickWeightSet,
  recordModel,
  type WeightFile,
  type WeightFileState,
  type WeightSet,
} from "./registry.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors, type WeightArray } from "./safetensors.ts";
export { takeWeight, type Weights } from "./take_weight.ts";
