/**
 * The elbow: how many images of a unit are enough. Pure arithmetic on the perceptual distances between them.
 *
 * @module
 */
export { type Elbow, type ElbowRule, findElbow } from "./find_elbow.ts";
export { runningMeanDistances } from "./running_mean_distances.ts";
