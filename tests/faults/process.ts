/**
 * A command in a process of its own, which may be killed: at a moment, or at a change of the files that it writes.
 *
 * @module
 */
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname!, "polysem.ts");

/** What to start. */
export interface ProcessPlan {
  readonly args: readonly string[];
  /** Changes to the environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The one host that may be reached; none without it. */
  readonly network?: string;
  /** What starts it, such as `["setpriv", "--reuid=65534"]`; nothing unless given. */
  readonly through?: readonly string[];
}

/**
 * When to kill: after so many seconds, or at a change of the files, counted from 1. `names` counts only those by which a name
 * comes, goes or moves.
 */
export type Kill =
  | { readonly at: "moment"; readonly seconds: number }
  | { readonly at: "change" | "name"; readonly count: number };

/** What became of a process. */
export interface Ended {
  /** Whether the kill came before its end. */
  readonly killed: boolean;
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
  /** Changes of the files that were seen. */
  readonly changes: { readonly change: number; readonly name: number };
}

/** The process, with the rights that scoring has. */
export function commandOf({ args, env, network, through = [] }: ProcessPlan): Deno.Command {
  const [program, ...first] = [...through, Deno.execPath()];
  const rights = ["--allow-read", "--allow-write", "--allow-env", "--allow-ffi", "--allow-sys"];
  const variables = Object.entries({ ...Deno.env.toObject(), ...env }).filter(([, value]) => value !== undefined);
  return new Deno.Command(program, {
    args: [
      ...first,
      "run",
      "--no-prompt",
      ...rights,
      network === undefined ? "--deny-net" : `--allow-net=${network}`,
      PROGRAM,
      ...args,
    ],
    clearEnv: true,
    env: Object.fromEntries(variables) as Record<string, string>,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/**
 * Starts a process and waits for its end.
 *
 * @param folder whose files are watched, those in folders within it among them.
 * @param kill ends it by SIGKILL, if it is still there; null lets it be.
 */
export async function runProcess(plan: ProcessPlan, folder: string, kill: Kill | null): Promise<Ended> {
  const watcher = Deno.watchFs(folder);
  const began = performance.now();
  const child = commandOf(plan).spawn();
  let over = false;
  const end = () => {
    if (over) return;
    try {
      child.kill("SIGKILL"); // threads go with their process, and it starts no others
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended, which is not told yet
    }
  };
  const changes = { change: 0, name: 0 };
  const watching = (async () => {
    for await (const { kind } of watcher) {
      if (kind === "access" || kind === "any" || kind === "other") continue;
      changes.change++;
      if (kind !== "modify") changes.name++;
      if (kill?.at === "change" || kill?.at === "name") { if (changes[kill.at] === kill.count) end(); }
    }
  })();
  const timer = kill?.at === "moment" ? setTimeout(end, 1000 * kill.seconds) : undefined;
  const [{ code, signal }, out, err] = await Promise.all([
    child.status.finally(() => over = true),
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  clearTimeout(timer);
  watcher.close();
  await watching;
  const seconds = (performance.now() - began) / 1000;
  return { killed: signal === "SIGKILL", code, out, err, seconds, changes };
}
