/**
 * Executes the notebooks from the top, headless, and checks what they show.
 *
 *     deno task notebooks                 all of them at the full setting, nothing written
 *     deno task notebooks --write         ... and keeps the outputs in notebooks/
 *     deno task notebooks --small         a setting of minutes, for CI; its outputs cannot be written
 *     deno task notebooks --check-same    each twice: the outputs must be the same
 *     deno task notebooks --small --keep DIR    ... and keeps the executed notebooks in DIR
 *     deno task notebooks 04_cluster studies/validity    only those
 *
 * A cell with the tag `figure` must show a picture, one with `figures-3` three. Deno's kernel may lose a result now and then: a notebook whose figure
 * cell came back empty is executed again, three times at most.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { Command, CommanderError } from "commander";
import { enterWhereTyped } from "../../lib/cli/where_typed.ts";
import { makeFolder } from "../../lib/cli/console/study_files.ts";
import { messageOf } from "../../lib/errors.ts";
import { setUpJupyter } from "../../lib/setup/jupyter.ts";
import { compareOutputs, emptyFigures, type Notebook, withOutputsOf } from "./notebook_outputs.ts";

const NOTEBOOKS = new URL("../../notebooks/", import.meta.url).pathname;
const EXECUTE = new URL("./execute.py", import.meta.url).pathname;
/** Longest time for one cell. */
const CELL_SECONDS = 1200;
const ATTEMPTS = 3;
/** Notebooks executed at once: each keeps little more than one core busy. */
const AT_ONCE = 2;

interface Options {
  readonly small?: boolean;
  readonly write?: boolean;
  readonly checkSame?: boolean;
  readonly keep?: string;
}

enterWhereTyped();
const program = new Command("notebooks")
  .description("Executes the notebooks from the top, headless, and checks what they show.")
  .argument("[names...]", "notebooks, such as 04_cluster or studies/validity (default: all)")
  .option("--small", "a setting of minutes, for CI; its outputs cannot be written into notebooks/, see --keep")
  .option("--write", "keep the outputs in notebooks/")
  .option("--check-same", "execute each twice: the outputs must be the same")
  .option("--keep <dir>", "folder that keeps every executed notebook, to look at")
  .exitOverride();
try {
  program.parse(Deno.args, { from: "user" });
} catch (error) {
  process.exit(error instanceof CommanderError && error.exitCode === 0 ? 0 : 2); // it has said what, or shown its help
}
const options = program.opts<Options>();
const positionals = program.args;
if (options.small && options.write) {
  fail(
    "--small and --write: outputs are kept at the full setting only; give one, or --small --keep DIR to look at them",
    2,
  );
}

const all = readdirSync(NOTEBOOKS, { recursive: true }).map(String)
  .filter((name) => name.endsWith(".ipynb") && !name.includes(".ipynb_checkpoints")).sort();
const chosen = positionals.length === 0 ? all : positionals.map((name) => `${name.replace(/\.ipynb$/, "")}.ipynb`);
const unknown = chosen.find((name) => !all.includes(name));
if (unknown !== undefined) fail(`there is no notebooks/${unknown}; there are ${all.join(", ")}`, 2);

if (options.keep !== undefined) {
  try {
    makeFolder(options.keep, "--keep");
  } catch (error) {
    fail(messageOf(error), 2);
  }
}
const jupyter = await setUpJupyter("run", (line) => console.error(line));
const work = options.keep ?? Deno.makeTempDirSync({ prefix: "polysem-notebooks-" });
const wrong: string[] = [];
const waiting = chosen.toReversed(); // the studies, which take longest, first
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await check(name);
}));
if (options.keep === undefined) Deno.removeSync(work, { recursive: true });
if (wrong.length > 0) fail(`${wrong.length} wrong in ${chosen.length} notebooks`, 1);

/** Executes a notebook, once or twice, and keeps its outputs where they are asked for. */
async function check(name: string): Promise<void> {
  const started = performance.now();
  const first = await execute(name);
  const complaints = first === null ? [`${name} failed`] : [];
  if (first !== null && options.checkSame) {
    const second = await execute(name);
    complaints.push(...(second === null ? [`${name} failed the second time`] : compareOutputs(first, second)));
  }
  if (first !== null && complaints.length === 0 && options.write) {
    const path = join(NOTEBOOKS, name);
    const source = JSON.parse(readFileSync(path, "utf8")) as Notebook;
    writeFileSync(path, `${JSON.stringify(withOutputsOf(source, first), null, 1)}\n`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.error(
    complaints.length === 0 ? `${name}: ${seconds} s` : complaints.map((each) => `${name}: ${each}`).join("\n"),
  );
  wrong.push(...complaints);
}

/** Executes a notebook until all its figures show; null when a cell failed or a figure stayed empty. */
async function execute(name: string): Promise<Notebook | null> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const source = join(NOTEBOOKS, name);
    const out = join(work, name);
    Deno.mkdirSync(dirname(out), { recursive: true });
    const { success } = await new Deno.Command(jupyter.python, {
      args: [EXECUTE, source, dirname(source), out, String(CELL_SECONDS)], // in its folder: imports are relative to it
      env: {
        ...jupyter.environment,
        POLYSEM_NOTEBOOK: options.small ? "small" : "full",
        NO_COLOR: "1",
        PYDEVD_DISABLE_FILE_VALIDATION: "1",
      },
      stdin: "null",
      stdout: "null",
    }).output().then((result) => {
      if (!result.success) process.stderr.write(result.stderr);
      return result;
    });
    if (!success) return null;
    const executed = JSON.parse(readFileSync(out, "utf8")) as Notebook;
    const empty = emptyFigures(executed);
    if (empty.length === 0) return executed;
    console.error(`${name}: no picture from cell ${empty.join(", ")} (attempt ${attempt} of ${ATTEMPTS})`);
  }
  return null;
}

function fail(message: string, code: 1 | 2): never {
  console.error(message);
  process.exit(code);
}
