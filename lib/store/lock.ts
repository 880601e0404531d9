/**
 * One writer per run. The lock is the kernel's, on an open file: it ends with the process however that ends, so there is
 * never a stale one to remove.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../errors.ts";

/** Name of the file that is locked; it stays behind, empty of meaning, when the run is closed. */
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
        `wait until it is done, or use another run name`,
    );
  }
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(String(Deno.pid)));
  } catch {
    // The process id only makes the refusal clearer; on a full disk the lock holds without it.
  }
  return { release: () => file.close() };
}
