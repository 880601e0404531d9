/**
 * The paper's section 3 on a run: a room of its own, which needs no engine.
 *
 * @module
 */
export { type ActivationCheck, activationCheck } from "./activation_check.ts";
export { type CheckedLayer, type CheckedUnit, checkRun, type RunCheck } from "./check_run.ts";
