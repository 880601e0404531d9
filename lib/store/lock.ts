/**
 * One writer per run. The kernel holds the lock on an open file and lets it go when the process ends, however that ends. So
 * a stale lock never has to be removed.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../errors.ts";

/** Name of the file that is locked. It stays when the run is closed and then means nothing. */
const LOCK_FILE = "run.lock";

/** A held lock. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the lock of a run's folder, at once or not at all.
 *
 * @throws {InputError} when another process, or another opening in this one, holds it; or the folder cannot be written.
 */
export function lockRun(directory: string): RunLock {
  const path = join(directory, LOCK_FILE);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { create: true, read: true, write: true });
  } catch (error) {
    throw new InputError(`run ${directory} cannot be written: ${messageOf(error)}; choose a folder that can be`);
  }
  if (!file.tryLockSync(true)) {
    file.close();
    const holder = /^\d+$/.exec(Deno.readTextFileSync(path).trim());
    throw new InputError(
      `run ${directory} is being written by another process${holder ? ` (${holder[0]})` : ""}; ` +
        `wait until it is done, or use another run name with --run`,
    );
  }
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(String(Deno.pid)));
  } catch {
    // The process id is for the message of a refusal alone: on a full disk the lock holds without it.
  }
  return { release: () => file.close() };
}
