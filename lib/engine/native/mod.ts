/**
 * Where the native engine lies. No TensorFlow is loaded here.
 *
 * @module
 */
export {
  ADDON,
  type Device,
  engineDirectory,
  engineRoot,
  findEngine,
  installAddon,
  isEngineComplete,
  LIBRARIES,
  packageDirectory,
  TENSORFLOW_VERSION,
} from "./addon.ts";
