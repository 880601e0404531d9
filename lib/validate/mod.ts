/**
 * Is the result true: checks of a run against what is known otherwise.
 *
 * @module
 */
export {
  type ActivationCheck,
  activationCheck,
  type CheckedLayer,
  type CheckedUnit,
  checkRun,
  type RunCheck,
} from "./check/mod.ts";
export { type LayerScores, type RunUnit, type ScoredUnits, scoresByLayer } from "./layers.ts";
export { stepsCurve, type StepsPoint } from "./steps_curve.ts";
