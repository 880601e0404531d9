/**
 * The script of the page as source text. It is made of the functions of `client/` as the runtime holds them, with their
 * types erased, so it is checked with everything else and needs no build step of its own.
 *
 * The script has no imports: all its functions stand side by side in one scope. So a file of `client/` exports functions
 * and types alone, no function's name is used twice, and a function may use the browser, its arguments and the other
 * functions of `client/`, under their own names, and nothing else. `tests/report/client_script_test.ts` checks this.
 *
 * @module
 */
import * as address from "./client/address.ts";
import * as cards from "./client/cards.ts";
import * as charts from "./client/charts.ts";
import * as clusters from "./client/clusters.ts";
import * as comparison from "./client/comparison.ts";
import * as details from "./client/details.ts";
import * as dialog from "./client/dialog.ts";
import * as dom from "./client/dom.ts";
import * as filters from "./client/filters.ts";
import * as format from "./client/format.ts";
import * as images from "./client/images.ts";
import * as links from "./client/links.ts";
import * as numbers from "./client/numbers.ts";
import * as start from "./client/start.ts";
import * as viewer from "./client/viewer.ts";

/** What the files of `client/` export, in the order of the script. */
const FILES: readonly Readonly<Record<string, (...values: never[]) => unknown>>[] = [
  dom,
  address,
  links,
  format,
  numbers,
  clusters,
  images,
  charts,
  cards,
  details,
  filters,
  viewer,
  dialog,
  comparison,
  start,
];

/** The text of the script element. */
export function clientScript(): string {
  const functions = FILES.flatMap((file) => Object.values(file)).map((each) => each.toString());
  return `"use strict";(() => {\n${functions.join("\n")}\nstartAtlas();\n})();`;
}
