/**
 * Reads mutants one after the other, and says of each what came of it, a line of JSON each:
 *
 *     deno run -A tests/fuzz/child.ts PARSER SEED FROM TO WORK KEPT
 *
 * The process that started this one ends it where a file takes too long. Memory is the most that the process has held since the
 * file before, as Linux tells.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { writeOut } from "../../lib/streams.ts";
import { mutantOf } from "./mutant.ts";
import { readMeasured } from "./measured.ts";
import { keptFile, type Outcome } from "./outcome.ts";
import { PARSERS } from "./parsers.ts";

const [name, seed, from, to, work, kept] = Deno.args;
const parser = PARSERS.find((each) => each.name === name)!;
console.log = () => {}; // libraries say things there
const [reading, working, making] = ["read", "work", "corpus"].map((each) => join(work, each));
for (const each of [reading, working, making]) Deno.mkdirSync(each, { recursive: true });
const corpus = await parser.corpus(making);
await parser.prepare?.(reading);
const path = join(reading, parser.place);
Deno.mkdirSync(dirname(path), { recursive: true });
for (let index = Number(from); index < Number(to); index++) {
  Deno.writeFileSync(path, mutantOf(parser, corpus, Number(seed), index, working));
  writeOut(`${JSON.stringify({ begins: index })}\n`);
  const outcome = await readMeasured(parser, path, reading);
  if (outcome.fault !== null) Deno.copyFileSync(path, keptFile(kept, parser.name, Number(seed), index));
  writeOut(`${JSON.stringify({ index, ...outcome } satisfies Outcome)}\n`);
}
Deno.exit(0); // at once, whatever threads an engine left
