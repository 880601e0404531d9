/**
 * The operators that are supported, by name.
 *
 * @module
 */
import { InputError } from "../../../errors.ts";
import type { Graph } from "../graph.ts";
import { ATTENTION } from "./attention.ts";
import { CONVOLUTIONS } from "./convolution.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { INDEXING } from "./indexing.ts";
import { LINEAR } from "./linear.ts";
import { NORMALIZATIONS } from "./normalization.ts";
import type { Operator, OperatorTable } from "./operator.ts";
import { POOLS } from "./pooling.ts";
import { REDUCTIONS } from "./reductions.ts";
import { RESIZING } from "./resize.ts";
import { GENERATORS } from "./generators.ts";
import { RESHAPES } from "./reshapes.ts";
import { SLICES } from "./slices.ts";

const OPERATORS: OperatorTable = {
  ...ATTENTION,
  ...CONVOLUTIONS,
  ...ELEMENTWISE,
  ...INDEXING,
  ...LINEAR,
  ...NORMALIZATIONS,
  ...POOLS,
  ...REDUCTIONS,
  ...RESIZING,
  ...GENERATORS,
  ...RESHAPES,
  ...SLICES,
};

/** The function of an operator, undefined where it is not supported. */
export function findOperator(name: string): Operator | undefined {
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}

/**
 * Checks that every operator of a graph is supported.
 *
 * @throws {InputError} naming each that is not, with the first node of it.
 */
export function refuseUnsupported(graph: Graph): void {
  const missing = new Map<string, string>();
  for (const { operator, name } of graph.nodes) {
    if (findOperator(operator) === undefined && !missing.has(operator)) missing.set(operator, name);
  }
  if (missing.size === 0) return;
  const listed = [...missing].map(([operator, name]) => `${operator} (node ${name})`).join(", ");
  const quantized = [...missing.keys()].some((operator) => /^Q|Quantize|Integer$/.test(operator));
  throw new InputError(
    `${graph.file} needs operators that are not supported: ${listed}; ${
      quantized ? "export the network before it is quantized" : "replace them before exporting"
    }`,
  );
}
