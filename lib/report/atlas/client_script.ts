/**
 * The page's script as source text: the functions of `client.ts` as the runtime holds them, types erased, and the call that
 * starts them. So the script is checked with everything else and needs no build step of its own.
 *
 * @module
 */
import * as client from "./client.ts";

/** The text of the script element. */
export function clientScript(): string {
  const functions = Object.values(client).map((each) => each.toString());
  return `"use strict";(() => {\n${functions.join("\n")}\nstartAtlas();\n})();`;
}
