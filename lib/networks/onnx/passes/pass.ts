/**
 * Passes: functions from a graph to an equal graph that is cheaper to run. Each states what it requires, does and ensures.
 *
 * @module
 */
import type { Graph } from "../graph.ts";
import { foldBatchNormalization } from "./fold_batch_normalization.ts";
import { foldPadding } from "./fold_padding.ts";
import { fuseGelu } from "./fuse_gelu.ts";
import { removeIdentities } from "./remove_identities.ts";
import { storeConstants } from "./store_constants.ts";

/** The result of a pass. */
export interface PassResult {
  readonly graph: Graph;
  /** Whether the graph is another one. */
  readonly changed: boolean;
}

/** Runs all passes, in an order in which each finds what the earlier ones make. */
export function simplify(graph: Graph): PassResult {
  let result: PassResult = { graph, changed: false };
  for (const pass of [storeConstants, removeIdentities, fuseGelu, foldPadding, foldBatchNormalization]) {
    const next = pass(result.graph);
    result = { graph: next.graph, changed: result.changed || next.changed };
  }
  return result;
}
