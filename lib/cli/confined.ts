/**
 * A command in a thread of its own, which has the rights of that command and no others. Deno refuses what goes beyond them, also of
 * the threads that it starts.
 *
 * @module
 */
import { COMMAND_THREAD } from "../first_thread.ts";
import { removeAbandoned } from "../whole_file.ts";
import type { Rights } from "./rights.ts";

/** What the thread is told. */
export interface ConfinedStart {
  readonly args: readonly string[];
}

/** What the thread tells: the exit code. */
export interface ConfinedEnd {
  readonly code: number;
}

/** How Deno is told of a thread's rights. */
interface ThreadOptions extends WorkerOptions {
  readonly deno: { readonly permissions: Deno.PermissionOptionsObject };
}

/** Those of the paths that this process itself may use: a thread cannot be given more. */
function withinOwn(name: "read" | "write", paths: readonly string[]): string[] | false {
  if (Deno.permissions.querySync({ name }).state === "granted") return [...paths];
  const own = paths.filter((path) => Deno.permissions.querySync({ name, path }).state === "granted");
  return own.length === 0 ? false : own;
}

/**
 * Runs a command with these rights, and with a folder of its own for temporary files. What an earlier one left of the files that it
 * is to write is removed first: it may not look for it in a folder that it was not given.
 *
 * @returns its exit code.
 */
export async function runConfined(
  args: readonly string[],
  { read, write, outputs, temporary }: Rights,
): Promise<number> {
  for (const path of outputs) removeAbandoned(path);
  const folder = temporary ? makeTemporary() : null;
  const own = folder === null ? [] : [folder];
  try {
    return await runThread(args, { read: [...read, ...own], write: [...write, ...own] });
  } finally {
    if (folder !== null) await Deno.remove(folder, { recursive: true });
  }
}

/** A folder for temporary files, which this process then uses for them; null where it may make none. */
function makeTemporary(): string | null {
  try {
    const folder = Deno.makeTempDirSync({ prefix: "polysem-" });
    Deno.env.set("TMPDIR", folder);
    return folder;
  } catch {
    return null; // the command will say so where it needs one
  }
}

function runThread(args: readonly string[], { read, write }: Pick<Rights, "read" | "write">): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: ThreadOptions = {
    type: "module",
    name: COMMAND_THREAD,
    deno: {
      permissions: {
        read: withinOwn("read", read),
        write: withinOwn("write", write),
        env: "inherit",
        sys: "inherit",
        ffi: "inherit", // the engine is a library
        net: false,
        run: false,
        import: false,
      },
    },
  };
  const thread = new Worker(new URL("./confined_thread.ts", import.meta.url), options);
  thread.onmessage = ({ data: { code } }: MessageEvent<ConfinedEnd>) => resolve(code);
  thread.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  thread.postMessage({ args } satisfies ConfinedStart);
  return promise;
}

/** How Deno says that a right is missing. */
const REFUSED =
  /Requires (read|write|net|run|env|sys|ffi|import|all) access to ("[^"]*"|<[^>]*>)(, run again with the [\w-]+ flag)?/g;

/** A message in which Deno refuses something, in words that are of use; others as they are. */
export function explainRefusal(message: string): string {
  return message.replace(REFUSED, (_, kind: string, what: string) => {
    if (kind === "all") {
      return `${what} is no plain file, and polysem has no right to it; give a file, or - for standard input or output`;
    }
    if (kind === "read") {
      return `${what} is none of the files that this command may read, which are those that it names, the run and the cache; ` +
        "name its folder in POLYSEM_READ, or put it beside the file that needs it, under a name that does not begin with a dot";
    }
    if (kind === "write") {
      return `${what} is none of the files that this command may write, which are the run and what --out names; choose a place by ` +
        "an option";
    }
    return `the right to ${kind} ${what} is not given to this command; do without`;
  });
}
