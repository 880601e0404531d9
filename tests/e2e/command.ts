/** The real command line as a process of its own, with no more permissions than scoring needs. */
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname!, "..", "..", "lib", "cli", "main.ts");

/** A command that may write into one folder alone, and not reach the network. */
export function command(folder: string, args: readonly string[], output: "piped" | "null" = "piped"): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${folder}`,
      "--allow-env",
      "--allow-ffi",
      "--allow-sys",
      "--deny-net",
      "--cached-only",
      PROGRAM,
      ...args,
    ],
    stdin: "null",
    stdout: output,
    stderr: output,
  });
}

/** What a finished command did. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
export async function finish(folder: string, ...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await command(folder, args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
