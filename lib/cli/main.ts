/**
 * The command line: `deno run --allow-all lib/cli/main.ts <command>`.
 *
 * Exit codes: 0 done, 1 a failure while running, 2 wrong input or usage, 130 ended by Ctrl-C, 143 by a request to end. An
 * error is one line on standard error; its stack comes with `--verbose`. Under `--json`, standard output holds one JSON
 * document and nothing else.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { COMMANDS, type ListedCommand } from "./command_list.ts";
import { InputError, isOutOfMemory, messageOf } from "../errors.ts";
import { EXIT_CODES, Interrupted, interruptedCode, listenForInterruption } from "./console/interruption.ts";
import { inOneLine, printable } from "../printable.ts";
import { VERSION } from "../version.ts";
import { writeErr, writeOut } from "../streams.ts";
import { explainRefusal, runConfined } from "./confined.ts";
import { rightsOf } from "./rights.ts";
import { enterWhereTyped } from "./where_typed.ts";

/** Where a run of the command line writes; the process's own streams unless a caller takes them. */
export interface Streams {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

const AFTER_HELP = `
Begin with
    deno task polysem score-unit conv2:3 --out images     one unit, each stage shown
    deno task score-all                                   every unit of LeNet-5, with a table and runs/NAME/scores.csv
    deno task polysem score-all --units conv2:0-7,fc3:0   some units
Units are written LAYER:NUMBER, from 0. Exit codes: 0 done, 1 a failure while running, 2 wrong input or usage, 130 ended by Ctrl-C.`;

function createProgram(streams: Streams): Command {
  return new Command("polysem")
    .description("Polysemanticity scores for the units of image classifiers, from feature visualizations.")
    .version(VERSION, "--version", "print the version")
    .option("--json", "print one JSON document on standard output, everything else on standard error")
    .option("--verbose", "show more, and the stack trace of an error")
    .option("--quiet", "show no progress")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      ...streams,
      outputError: (text, write) => write(`${inOneLine(text)}\n`), // commander puts its suggestions on a second line
    })
    .addHelpText("after", AFTER_HELP)
    .showSuggestionAfterError()
    .exitOverride(); // before any command is added: they inherit it
}

/** The command that is asked for, or whose help is. */
function commandOf(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  return first === "help" ? second : first;
}

/** Adds the command that is asked for, or all as the help lists them where it is none: those are never run. */
async function addCommands(
  program: Command,
  args: readonly string[],
  commands: readonly ListedCommand[],
): Promise<void> {
  const asked = commands.find(({ name }) => name === commandOf(args));
  if (asked !== undefined) return (await asked.load())(program);
  for (const { name, args, options, description } of commands) {
    const listed = program.command(`${name} ${args}`).description(description);
    if (options) listed.option("--option", "stands for the command's own");
  }
}

/** An error's message, in words that are of use where a right is missing, or memory for the smallest batch. */
function explain(error: unknown): string {
  if (isOutOfMemory(error)) {
    return `memory does not suffice (${
      messageOf(error)
    }); free some, or give fewer --workers, and run the same command again`;
  }
  return explainRefusal(messageOf(error));
}

/**
 * Runs one command.
 *
 * @param args the arguments after the program's name.
 * @param commands those that there are.
 * @returns the exit code: 0 done, 1 a failure while running, 2 wrong input or usage, 130 or 143 interrupted.
 */
export async function main(
  args: readonly string[],
  streams: Streams = { writeOut, writeErr },
  commands: readonly ListedCommand[] = COMMANDS,
): Promise<number> {
  const program = createProgram(streams);
  const log = console.log;
  console.log = (...parts: unknown[]) => console.error(...parts); // libraries must not write into the result
  try {
    await addCommands(program, args, commands);
    await program.parseAsync([...args], { from: "user" });
    return interruptedCode() ?? 0;
  } catch (error) {
    if (error instanceof CommanderError) { // commander has printed its message, or the help that was asked for
      return error.exitCode === 0 ? 0 : 2;
    }
    if (error instanceof Interrupted) {
      streams.writeErr(`${error.message}\n`);
      return EXIT_CODES[error.signal];
    }
    streams.writeErr(`error: ${inOneLine(explain(error)) || "an error without a message"}\n`);
    if (args.includes("--verbose") && error instanceof Error) streams.writeErr(`${printable(String(error.stack))}\n`);
    return error instanceof InputError || error instanceof Deno.errors.NotCapable ? 2 : 1;
  } finally {
    console.log = log;
  }
}

/**
 * Runs the process's own command line, and ends the process: in a thread that has the command's rights alone, where it needs no
 * others.
 *
 * @param commands others than polysem's own run in this thread, with all rights of the process.
 */
export async function runProcess(commands?: readonly ListedCommand[]): Promise<never> {
  enterWhereTyped();
  Deno.exit(await codeOf(Deno.args, commands)); // at once, whatever threads an engine left
}

async function codeOf(args: readonly string[], commands?: readonly ListedCommand[]): Promise<number> {
  const rights = commands !== undefined || asksForHelp(args) ? null : rightsOf(args);
  if (rights !== null) return await runConfined(args, rights);
  if (commandOf(args) !== "lab") listenForInterruption((line) => writeErr(`${line}\n`)); // JupyterLab asks
  return await main(args, undefined, commands);
}

/** Whether nothing but a text is asked for. */
function asksForHelp(args: readonly string[]): boolean {
  return args.some((arg) => ["--help", "-h", "--version"].includes(arg)) ||
    !COMMANDS.some(({ name }) => name === commandOf(args));
}

if (import.meta.main) await runProcess();
