/** The options of a task that is typed, such as `deno task fuzz`: what is wrong with them is one line, and exit code 2. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { messageOf } from "../lib/errors.ts";
import { inOneLine } from "../lib/printable.ts";

/** Ends the task for wrong usage. */
export function usage(message: string): never {
  console.error(`error: ${inOneLine(message)}`);
  Deno.exit(2);
}

/**
 * The values of a task's options; ends the task where one is unknown or lacks its value, or an argument is none.
 *
 * @param help what `--help` prints.
 */
export function taskOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(help: string, options: T) {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(help);
    Deno.exit(0);
  }
  try {
    return parseArgs({ args: Deno.args, options }).values;
  } catch (error) {
    return usage(`${messageOf(error)}; the options are ${Object.keys(options).map((name) => `--${name}`).join(", ")}`);
  }
}

/** Makes the folder that an option names; ends the task where it cannot be made. */
export async function makeTaskFolder(option: string, path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    usage(`${option} ${path} cannot be made: ${messageOf(error)}; choose another folder`);
  }
}
