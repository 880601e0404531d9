/**
 * polysem: how polysemantic is each unit of this network?
 *
 * One function for each stage, each usable alone, and the types that pass between them:
 *
 * - images of units: {@linkcode visualize}; the perceptual distance: {@linkcode loadLpips}; where a sequence of images
 *   stops: {@linkcode findElbow}
 * - images to rows of numbers: {@linkcode loadEmbedder}; their clusters: {@linkcode clusterEmbeddings}; S:
 *   {@linkcode score}; the last two of any embeddings: {@linkcode scoreEmbeddings}
 * - all stages: {@linkcode loadContext} and {@linkcode scoreUnits}; a run of many units: {@linkcode createPlan},
 *   {@linkcode openRun} and {@linkcode scoreAll}, read again by {@linkcode readRun}
 * - networks: {@linkcode loadNetwork}; a network of your own implements {@linkcode Network}, and
 *   {@linkcode checkNetwork} tries it
 * - units whose features are known: {@linkcode createPlantedNetwork}, {@linkcode runPlantedStudy}
 * - generated images: {@linkcode loadGenerator}, {@linkcode probeUnits}
 *
 * Before anything with tensors, call {@linkcode useBackend}. Wrong input throws {@linkcode InputError}. The namespace
 * {@linkcode tf} is TensorFlow.js, which has its own reference.
 *
 * A program outside this repository imports this file by its path; it has to lie beside a `package.json`, which may be
 * empty (`{}`), so that the packages that lie beside polysem are found.
 *
 * @module
 */
export { clusterEmbeddings, type Clustering, type ClusterOptions, compareCriteria } from "./cluster/mod.ts";
export { type Elbow, type ElbowRule, findElbow, runningMeanDistances } from "./elbow/mod.ts";
export { type Embedder, type EmbedderRef, loadEmbedder } from "./embed/mod.ts";
export { type Backend, type BackendReport, tf, useBackend } from "./engine/mod.ts";
export { InputError } from "./errors.ts";
export {
  type Conditions,
  drawShape,
  type ImageGenerator,
  latentOf,
  loadGenerator,
  type Mask,
  measureGenerator,
  probeMasks,
  probeUnits,
  readMask,
  sampleGrid,
} from "./gan/mod.ts";
export { type Dataset, type DatasetRef, type ImageSource, openDataset } from "./data/mod.ts";
export { loadLpips, type Lpips, type LpipsSequence } from "./lpips/mod.ts";
export {
  checkNetwork,
  describeModel,
  loadNetwork,
  type ModelRef,
  type ModelTools,
  modelTools,
  type Network,
} from "./networks/mod.ts";
export {
  CALIBRATED,
  type ContextRef,
  loadContext,
  loadInstruments,
  loadProfile,
  manifestOf,
  PAPER,
  type PipelineContext,
  type Profile,
  scoreUnits,
  selectUnits,
} from "./pipeline/mod.ts";
export { createPlan, passDataset, scoreAll, scoreAllInWorkers, suggestWorkers } from "./jobs/mod.ts";
export { meanPairwiseAngle, score } from "./score/mod.ts";
export { scoreEmbeddings, scoreLabelledEmbeddings } from "./score_embeddings.ts";
export { exportRun, mergeRuns, migrateRun, openRun, readRun } from "./store/mod.ts";
export type * from "./types.ts";
export { type ActivationCheck, activationCheck } from "./validate/mod.ts";
export { calibrate, createPlantedNetwork, runPlantedStudy, summarizeStudy } from "./validate/planted/mod.ts";
export { datasetActivations, imageActivations, visualize, type VisualizeOptions } from "./visualize/mod.ts";
