/**
 * A run that many machines score: what a cluster is given, and how far it is.
 *
 * @module
 */
export { kubernetesCommands, kubernetesDocuments, kubernetesManifest } from "./kubernetes_manifest.ts";
export { taskEnvironment } from "./own_command.ts";
export { type Queue, readQueue } from "./slurm.ts";
export { mergeScript, secondsOf, shardScript } from "./slurm_scripts.ts";
export {
  jobsOf,
  stateText,
  type SubmissionStatus,
  submissionStatus,
  type TaskState,
  type TaskStatus,
} from "./status.ts";
export {
  ENGINES,
  LEAST_RESOURCES,
  readSubmission,
  refuseMemory,
  type Resources,
  type Submission,
  submissionPaths,
  writeSubmission,
} from "./submission.ts";
export { slurmCommands, type Submitted, submitToSlurm, writeSlurmScripts } from "./submit_to_slurm.ts";
