/**
 * Is the result true: checks of a run against what is known otherwise.
 *
 * @module
 */
export { type ActivationCheck, activationCheck } from "./activation_check.ts";
export { stepsCurve, type StepsPoint } from "./steps_curve.ts";
