/**
 * Where the native engine lies. No TensorFlow is loaded here.
 *
 * @module
 */
export {
  ADDON,
  addonPath,
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
export {
  CARD_BYTES_PER_WORKER,
  chooseCards,
  type ChosenCards,
  encodeSettings,
  type RefusedCard,
  settingsFor,
  type TensorFlowSettings,
} from "./choose_cards.ts";
export { type Card, type DriverLibraries, findCards, type Obstacle } from "./nvidia_driver.ts";
