/**
 * The pipeline: a subject, instruments, a profile, and units through all rooms.
 *
 * @module
 */
export { attributionDistances } from "./attribution_distances.ts";
export {
  chooseFirstImages,
  chooseImages,
  clusterAndScore,
  type ClusterInput,
  clusterOptions,
  type ImageDistances,
} from "./cluster_unit.ts";
export { type ContextRef, joinContext, loadContext, type LoadedContext, type PipelineContext } from "./context.ts";
export {
  type Instruments,
  type InstrumentsRef,
  type LoadedInstruments,
  loadInstruments,
  meanEmbeddingOf,
  type OnMean,
} from "./instruments.ts";
export { manifestOf, type RunPlan } from "./manifest.ts";
export { calibrationPath, type PricedProfile, priceFor, withEmbedder } from "./price.ts";
export {
  CALIBRATED,
  CALIBRATED_1,
  CALIBRATED_2,
  CALIBRATED_NAME,
  loadProfile,
  PAPER,
  parseProfile,
  type Profile,
  PROFILES_LISTED,
} from "./profile.ts";
export {
  datasetOf,
  embedderOf,
  isDatasetAtHand,
  modelOf,
  profileOf,
  reopenDataset,
  type ReopenedRun,
  reopenEmbedder,
  reopenInstruments,
  type ReopenPlaces,
  reopenSubject,
  reopenTestImages,
} from "./reopen.ts";
export { refuseUnfollowable } from "./refuse_unfollowable.ts";
export { priceInPart, type ResampledScore, RESAMPLES, resampleScore } from "./resample_score.ts";
export { scoreUnits } from "./score_units.ts";
export { makeFirstImages } from "./sequence.ts";
export { type LoadedSubject, loadSubject, type Subject, type SubjectRef } from "./subject.ts";
export { parseLayers, parseUnit, parseUnits, selectUnits, type UnitSelection } from "./units.ts";
