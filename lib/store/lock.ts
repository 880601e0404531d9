/**
 * One writer per run, on one machine and on file systems that several share (NFS, Lustre).
 *
 * Two things hold the lock. The kernel holds it on an open file and lets it go when the process ends, however that ends; NFS
 * and Lustre pass that on to their server, so that other machines see it. Where a mount keeps locks to itself (NFS with
 * `nolock` or `local_lock`, Lustre with `localflock`), two machines would both be given it. So the file also says who holds the
 * lock, and a long holder writes into it every few seconds: what another machine wrote a short time ago is respected, and a
 * holder that finds another's name in the file writes no more.
 *
 * A stale lock never has to be removed: on the same machine the kernel tells, from another one a minute of silence.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { refuseLink } from "../fresh_file.ts";
import type { Beating } from "./lock_worker.ts";

/** Name of the file that is locked. It stays, empty, when the run is closed. */
const LOCK_FILE = "run.lock";

/** How often a long holder writes into the file. */
const BEAT_MILLISECONDS = 10_000;

/** After so long without a sign a holder on another machine counts as dead: six signs missed. */
export const LEASE_MILLISECONDS = 60_000;

/** Who holds a lock. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  /** Tells this holding from every other. */
  readonly id: string;
}

/** How long things take; shorter in tests. */
export interface LockTimes {
  /** After so many milliseconds without a sign a holder on another machine counts as dead. */
  readonly lease?: number;
  /** Milliseconds between two signs of a long holder. */
  readonly beat?: number;
}

/** What is said where another process holds a lock. */
export interface HeldWords {
  /** What it does, such as `run a is being written`. */
  readonly what: string;
  /** What to do but wait. */
  readonly instead: string;
}

/** A held lock. */
export interface RunLock {
  /** Has a thread tell every few seconds that the lock is still held. For work that may take longer than a lease. */
  keep(): void;
  /** @throws {Error} when another process has taken the lock over, or its file was removed. */
  assertHeld(): void;
  release(): void;
}

/** The lock file's text; of one length while it is held, since it is written over in place. */
export function lockText(holder: LockHolder, beat: number): string {
  return JSON.stringify({ ...holder, beat: String(beat).padStart(12, "0") });
}

/** Who a lock file names; null where it names nobody. Earlier versions wrote a process id alone. */
function parseHolder(text: string): LockHolder | null {
  try {
    const { host, pid, id } = JSON.parse(text);
    return typeof host === "string" && typeof pid === "number" && typeof id === "string" ? { host, pid, id } : null;
  } catch {
    return null;
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/**
 * Who says that they hold the lock of a run's folder, without asking for it.
 *
 * @returns null where nobody does; else the holder, and the seconds since it last said so, by this machine's clock. Beyond a
 * lease it is dead; a short holder, such as `merge`, may say so once.
 */
export function lockHolder(directory: string): LockHolder & { readonly seconds: number } | null {
  const path = join(directory, LOCK_FILE);
  const holder = parseHolder(readText(path));
  if (holder === null) return null;
  try {
    const { mtime } = Deno.statSync(path);
    return { ...holder, seconds: Math.max(0, (Date.now() - (mtime?.getTime() ?? 0)) / 1000) };
  } catch {
    return null; // removed meanwhile
  }
}

/**
 * Takes the lock of a run's folder: at once or not at all, but for one case. Where the holder was on another machine and was
 * heard of within the lease, it waits for the next sign, or for the lease to end.
 *
 * @param words what is said where another process holds it; of a run unless given.
 * @throws {InputError} when another process, or another opening in this one, holds it; the folder cannot be written; or its
 *   file system has no locks.
 */
export function lockRun(
  directory: string,
  { lease = LEASE_MILLISECONDS, beat = BEAT_MILLISECONDS }: LockTimes = {},
  words: HeldWords = { what: `run ${directory} is being written`, instead: "use another run name" },
): RunLock {
  const path = join(directory, LOCK_FILE);
  refuseLink(path);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { create: true, read: true, write: true });
  } catch (error) {
    throw new InputError(`run ${directory} cannot be written: ${messageOf(error)}; choose a folder that can be`);
  }
  try {
    if (!tryLock(file, directory)) throw held(words, parseHolder(readText(path)), readText(path));
    refuseForeignHolder(directory, path, lease, words);
  } catch (error) {
    file.close();
    throw error;
  }
  return holding(directory, path, file, beat);
}

function tryLock(file: Deno.FsFile, directory: string): boolean {
  try {
    return file.tryLockSync(true);
  } catch (error) {
    throw new InputError(
      `run ${directory} cannot be locked: ${
        messageOf(error)
      }; its file system must have locks (NFS 4, or Lustre mounted ` +
        "with -o flock): mount it so, or choose another folder",
    );
  }
}

function held({ what, instead }: HeldWords, holder: LockHolder | null, text: string): InputError {
  const pid = holder?.pid ?? /^\d+$/.exec(text.trim())?.[0];
  const where = holder === null || holder.host === Deno.hostname() ? "" : ` on ${holder.host}`;
  return new InputError(
    `${what} by another process${pid === undefined ? "" : ` (${pid}${where})`}; wait until it is done, or ${instead}`,
  );
}

/**
 * Where the file names a holder on another machine, which this machine's kernel may know nothing of: waits for a sign of it.
 *
 * @throws {InputError} when it gives one within the lease.
 */
function refuseForeignHolder(directory: string, path: string, lease: number, words: HeldWords): void {
  const first = readText(path);
  const holder = parseHolder(first);
  if (holder === null || holder.host === Deno.hostname()) return;
  const left = lease - millisecondsSinceWritten(directory, path);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (const until = performance.now() + left; performance.now() < until;) {
    Atomics.wait(clock, 0, 0, Math.min(1000, until - performance.now()));
    const text = readText(path);
    if (text !== first) {
      const present = parseHolder(text);
      if (present === null) return; // let go
      throw held(words, present, text);
    }
  }
}

/**
 * How long ago a file was written, by the clock of the machine that stores it, which stamps a new file too; 0 where that cannot
 * be told.
 */
function millisecondsSinceWritten(directory: string, path: string): number {
  try {
    const probe = Deno.makeTempFileSync({ dir: directory, prefix: "run.lock.", suffix: ".tmp" });
    try {
      return Math.max(0, Deno.statSync(probe).mtime!.getTime() - Deno.statSync(path).mtime!.getTime());
    } finally {
      Deno.removeSync(probe);
    }
  } catch {
    return 0; // a full disk
  }
}

function holding(directory: string, path: string, file: Deno.FsFile, milliseconds: number): RunLock {
  const holder: LockHolder = { host: Deno.hostname(), pid: Deno.pid, id: crypto.randomUUID() };
  let written = true;
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(lockText(holder, 0)));
  } catch {
    written = false; // on a full disk the kernel's lock holds without it
  }
  const isOurs = () => {
    if (!written) return true;
    try {
      return parseHolder(Deno.readTextFileSync(path))?.id === holder.id;
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound); // a file that cannot be read now names nobody else
    }
  };
  let worker: Worker | undefined;
  return {
    keep() {
      if (!written) return;
      worker ??= new Worker(new URL("./lock_worker.ts", import.meta.url), { type: "module" });
      worker.postMessage({ path, holder, milliseconds } satisfies Beating);
    },
    assertHeld() {
      if (isOurs()) return;
      const other = parseHolder(readText(path));
      throw new Error(
        `run ${directory} was taken over ${
          other === null ? "" : `by process ${other.pid} on ${other.host} `
        }while this ` +
          "process was not heard of; what it had committed is kept, and it writes no more",
      );
    },
    release() {
      worker?.terminate();
      try {
        if (written && isOurs()) file.truncateSync(0);
      } catch {
        // whoever comes next on this machine asks the kernel; on another, a lease later
      }
      file.close();
    },
  };
}
