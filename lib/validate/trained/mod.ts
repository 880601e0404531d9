/**
 * Trained units, whose classes are known: is the score true of them?
 *
 * @module
 */
export {
  chooseTaughtNetworks,
  listTaughtNetworks,
  loadTaughtNetwork,
  recordTaughtNetwork,
  TAUGHT_DIRECTORY,
  type TaughtEntry,
  type TaughtFacts,
  type TaughtNetwork,
} from "./networks.ts";
export {
  type CheckedNetwork,
  type RefusedUnit,
  runTrainedStudy,
  type TrainedPlan,
  type TrainedStudy,
} from "./run_study.ts";
export {
  OTHER_SETTINGS,
  summarizeTrained,
  TAUGHT_K,
  type TrainedGroup,
  type TrainedResult,
  type TrainedSetting,
  type TrainedSummary,
} from "./study.ts";
export { parseTaughtPlans, trainTaughtNetworks } from "./train_networks.ts";
