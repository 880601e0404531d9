/**
 * Reads many mutants of a kind of file in a process of its own, which may hang or end as it likes.
 *
 * @module
 */
import { join } from "node:path";
import { keptFile, type Outcome } from "./outcome.ts";
import type { Parser } from "./parsers.ts";

/** What came of a file that must not come of one. */
export interface Fault {
  readonly parser: string;
  readonly seed: number;
  readonly index: number;
  readonly what: string;
  /** Where the file is kept. */
  readonly file: string;
}

/** What came of all files of a kind. */
export interface Sweep {
  readonly parser: string;
  readonly files: number;
  readonly accepted: number;
  /** Refused as wrong input, in one line. */
  readonly refused: number;
  /** Anything else. */
  readonly faults: readonly Fault[];
  readonly slowest_seconds: number;
  /** The most that a process held, all that it had loaded among it. */
  readonly largest_bytes: number;
}

const CHILD = join(import.meta.dirname!, "child.ts");
/** How long nothing may come of a file, or of an engine that starts, on a machine that does other things besides. */
const PATIENCE_SECONDS = 60;

/**
 * Reads mutants 0 .. count - 1 of a seed.
 *
 * @param kept takes the files of faults; it must be there.
 * @param onOutcome told of each file.
 */
export async function sweep(
  parser: Parser,
  seed: number,
  count: number,
  kept: string,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Sweep> {
  const work = await Deno.makeTempDir({ prefix: "polysem-fuzz-" });
  const outcomes: Outcome[] = [];
  try {
    for (let next = 0; next < count;) {
      const { begun, ended } = await follow(parser, seed, next, count, work, kept, (outcome) => {
        outcomes.push(outcome);
        onOutcome(outcome);
        next = outcome.index + 1;
      });
      if (next === count) break;
      if (begun < next) throw new Error(`the fuzzer of ${parser.name} did not begin: ${ended}`);
      Deno.copyFileSync(join(work, "read", parser.place), keptFile(kept, parser.name, seed, begun));
      for (const folder of ["read", "work", "corpus"]) await Deno.remove(join(work, folder), { recursive: true });
      outcomes.push({ index: begun, kind: "error", milliseconds: 0, bytes: 0, message: "", fault: ended });
      next = begun + 1;
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  const most = (value: (outcome: Outcome) => number) => outcomes.reduce((most, each) => Math.max(most, value(each)), 0);
  const countOf = (kind: Outcome["kind"]) =>
    outcomes.filter((each) => each.kind === kind && each.fault === null).length;
  return {
    parser: parser.name,
    files: outcomes.length,
    accepted: countOf("accepted"),
    refused: countOf("refused"),
    faults: outcomes.flatMap(({ index, fault }) =>
      fault === null
        ? []
        : [{ parser: parser.name, seed, index, what: fault, file: keptFile(kept, parser.name, seed, index) }]
    ),
    slowest_seconds: most(({ milliseconds }) => milliseconds) / 1000,
    largest_bytes: most(({ bytes }) => bytes),
  };
}

/** Follows one process until it ends, or is ended because nothing comes of a file. */
async function follow(
  parser: Parser,
  seed: number,
  from: number,
  to: number,
  work: string,
  kept: string,
  onOutcome: (outcome: Outcome) => void,
): Promise<{ begun: number; ended: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "-A",
      "--v8-flags=--expose-gc",
      CHILD,
      parser.name,
      ...[seed, from, to].map(String),
      work,
      kept,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const saying = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said = (said + text).slice(-2000)) }),
  );
  let begun = -1;
  let isHung = false;
  const watch = (seconds: number) =>
    setTimeout(() => {
      isHung = true;
      child.kill("SIGKILL");
    }, 1000 * seconds);
  let dog = watch(PATIENCE_SECONDS);
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      clearTimeout(dog);
      dog = watch(PATIENCE_SECONDS);
      const told = JSON.parse(line) as Outcome | { readonly begins: number };
      if ("begins" in told) begun = told.begins;
      else onOutcome(told);
    }
  }
  clearTimeout(dog);
  const { code, signal } = await child.status;
  await saying;
  const how = isHung
    ? `nothing came of it in ${PATIENCE_SECONDS} s`
    : `the process ended by ${signal ?? `code ${code}`}`;
  return { begun, ended: `${how}${isHung ? "" : `: ${said.trim()}`}` };
}
