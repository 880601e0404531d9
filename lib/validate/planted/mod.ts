/**
 * Planted units, whose number of features is known: is the score true of them?
 *
 * @module
 */
export { BETA_GRID, calibrate, type Calibration, type CalibrationUnit, type Choice, WEIGHT_GRID } from "./calibrate.ts";
export { type CalibrationDocument, calibrationDocument, type CalibrationOrigin } from "./calibration_document.ts";
export {
  createPlantedNetwork,
  FAMILIES,
  type Family,
  PLANTED_LAYER,
  type PlantedKind,
  type PlantedNetwork,
  type PlantedUnit,
  type UnitCounts,
} from "./planted_network.ts";
export { countUnits, FULL_COUNTS, parseFamilies, runPlantedStudy, SMALL_COUNTS, type StudyPlan } from "./run_study.ts";
export { CONTROL, ORACLE, type PlantedResult, type StudySummary, summarizeStudy } from "./study.ts";
