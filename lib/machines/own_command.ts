/**
 * How a task calls polysem, and what a shell is told.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

/** The folder of polysem. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The command of `deno task polysem`, with its permissions, word by word; the first is `deno`. Packages, which the task installs
 * before it, are there where a run was submitted.
 */
export function polysemCommand(): string[] {
  return config.tasks.polysem.command.split(" && ").at(-1)!.split(" ");
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Variables that change where things lie or how they are computed, as far as they are set here. */
export function taskEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const meant = /^(POLYSEM_(CACHE|BACKEND)|XDG_CACHE_HOME|TF_ENABLE_ONEDNN_OPTS|ONEDNN_\w+|LD_LIBRARY_PATH)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => meant.test(name)).sort());
}
