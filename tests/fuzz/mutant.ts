/**
 * A mutant by its seed and number.
 *
 * @module
 */
import { deriveSeed } from "../../lib/random.ts";
import { type Bytes, drawFrom } from "./draw.ts";
import type { Parser } from "./parsers.ts";

/**
 * Makes a mutant of one of the valid files.
 *
 * @param folder one to work in.
 */
export function mutantOf(parser: Parser, corpus: readonly Bytes[], seed: number, index: number, folder: string): Bytes {
  const draw = drawFrom(deriveSeed(seed, "fuzz", parser.name, index));
  return parser.mutate(draw.pick(corpus), corpus, draw, folder);
}
