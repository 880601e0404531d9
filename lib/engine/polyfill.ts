/**
 * tfjs-node 4.22 calls `util.isNullOrUndefined`, which current runtimes have removed. ES imports are hoisted, so the
 * patch is a module of its own, imported before TensorFlow.js.
 *
 * @module
 */
import util from "node:util";

(util as unknown as Record<string, unknown>).isNullOrUndefined ??= (value: unknown) => value == null;
