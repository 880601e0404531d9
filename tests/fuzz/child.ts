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
import { InputError } from "../../lib/errors.ts";
import { deriveSeed } from "../../lib/random.ts";
import { writeOut } from "../../lib/streams.ts";
import { drawFrom } from "./draw.ts";
import { faultIn, keptFile, type Outcome } from "./outcome.ts";
import { type Parser, PARSERS } from "./parsers.ts";

/** Memory from which on what earlier files left behind is collected first: it is not of the file at hand. */
const MUCH_BYTES = 3e8;

/** The most that this process has held, from now on. */
function resetPeak(): void {
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
}

function peakBytes(): number {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return 1024 * Number(kilobytes);
}

async function readOne({ read }: Parser, path: string, folder: string) {
  try {
    await read(path, folder);
    return { kind: "accepted", message: "" } as const;
  } catch (error) {
    if (error instanceof InputError) return { kind: "refused", message: error.message } as const;
    return { kind: "error", message: String(error), stack: error instanceof Error ? error.stack : undefined } as const;
  }
}

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
  const draw = drawFrom(deriveSeed(Number(seed), "fuzz", parser.name, index));
  Deno.writeFileSync(path, parser.mutate(draw.pick(corpus), corpus, draw, working));
  writeOut(`${JSON.stringify({ begins: index })}\n`);
  if (Deno.memoryUsage().rss > MUCH_BYTES) (globalThis as unknown as { gc: () => void }).gc();
  resetPeak();
  const begun = performance.now();
  const { stack, ...result } = { stack: undefined, ...await readOne(parser, path, reading) };
  const measured = { ...result, milliseconds: performance.now() - begun, bytes: peakBytes() };
  const fault = faultIn({ ...measured, stack }, reading);
  if (fault !== null) Deno.copyFileSync(path, keptFile(kept, parser.name, Number(seed), index));
  writeOut(`${JSON.stringify({ index, ...measured, fault } satisfies Outcome)}\n`);
}
Deno.exit(0); // at once, whatever threads an engine left
