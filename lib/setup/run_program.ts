/**
 * Other programs that setting up needs: they download, compile and unpack.
 *
 * @module
 */
import { join } from "node:path";

/** What a program that has ended did. */
export interface ProgramResult {
  readonly success: boolean;
  /** What it wrote on standard output, then on standard error. */
  readonly output: string;
}

/**
 * Runs a program to its end, without input.
 *
 * @returns null where there is no program of that name.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<ProgramResult | null> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      ...options,
    }).output();
    const decoder = new TextDecoder();
    return { success, output: `${decoder.decode(stdout)}\n${decoder.decode(stderr)}`.trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What of a program's output says what is wrong: the first two lines with the word "error" in them, else the first. */
export function errorText(output: string): string {
  const lines = output.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const errors = lines.filter((line) => /\berror\b/i.test(line)).slice(0, 2);
  return (errors.length > 0 ? errors.join("; ") : lines[0]) ?? "it says nothing";
}

/**
 * Reports how large the largest file under a folder is, twice a second: the progress of a program that downloads one file
 * into it and tells nothing itself.
 *
 * @returns stops it.
 */
export function watchDownload(folder: string, onBytes: (bytes: number) => void): () => void {
  const timer = setInterval(() => onBytes(largestFile(folder)), 500);
  return () => clearInterval(timer);
}

function largestFile(folder: string): number {
  let largest = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      largest = Math.max(largest, isDirectory ? largestFile(path) : Deno.statSync(path).size);
    }
  } catch {
    // the program moves and removes files while this looks
  }
  return largest;
}
