/**
 * Planted units, whose number of features is known: is the score true of them?
 *
 * @module
 */
export { BETA_GRID, calibrate, type Calibration, type CalibrationUnit, type Choice, WEIGHT_GRID } from "./calibrate.ts";
export { type CalibrationDocument, calibrationDocument, type CalibrationOrigin } from "./calibration_document.ts";
export { type AskedPhotographs, type FooledSetting, type FoolingSummary, type SumSummary } from "./controls.ts";
export { type PhotographCheck } from "./photographs.ts";
export { createPlantedNetwork, PLANTED_LAYER, type PlantedNetwork } from "./planted_network.ts";
export {
  countUnits,
  FAMILIES,
  type Family,
  type PlantedKind,
  type PlantedUnit,
  type UnitCounts,
} from "./planted_unit.ts";
export {
  type RandomUnit,
  type RandomWeightsPlan,
  type RandomWeightsSummary,
  scoreRandomWeights,
  summarizeRandomWeights,
} from "./random_weights.ts";
export {
  FULL_COUNTS,
  parseFamilies,
  RANDOM_UNITS,
  runPlantedStudy,
  SMALL_COUNTS,
  type StudyPlan,
  withoutControls,
} from "./run_study.ts";
export { CONTROL, ORACLE, type PlantedResult, type StudySummary, summarizeStudy } from "./study.ts";
