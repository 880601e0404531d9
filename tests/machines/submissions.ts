/** Submissions made up by hand. */
import type { Submission } from "../../lib/machines/mod.ts";

/** Of three shards of the store's example run, a job each. */
export const SUBMISSION: Submission = {
  engine: "slurm",
  shards: 3,
  units: [2, 1, 1],
  options: ["--layers", "conv1,fc1"],
  report: true,
  typedIn: "/home/somebody",
  environment: {},
  resources: { cpus: 2 },
  arrays: [],
  merge: null,
};
