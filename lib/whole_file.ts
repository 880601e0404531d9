/**
 * Files that take their name only when they are whole: a reader never sees half of one, and a process killed meanwhile leaves
 * at most a file `NAME.PROCESS.tmp` behind. The next process that writes NAME removes what was left so. It knows it by the
 * kernel's lock, which a writer holds on its unfinished file and which ends with it.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { writeError } from "./errors.ts";
import { createFresh } from "./fresh_file.ts";
import { isStandardOutput, writeOut } from "./streams.ts";

/** The end of the name of an unfinished file, by the process that writes it. */
const UNFINISHED = /\.(\d+)\.tmp$/;

/** A file that is being written piece by piece, one too long to be held in memory among them. */
export class UnfinishedFile {
  readonly #unfinished: string;
  readonly #advice: string;
  readonly #file: Deno.FsFile;

  /**
   * @param path where it will be. A file that is there is replaced when this one is finished.
   * @param advice what to do where the place is wrong, for errors.
   * @throws {InputError} when nothing can be written there.
   * @throws {Error} when the disk is full.
   */
  constructor(readonly path: string, advice = "choose a place that can be") {
    this.#unfinished = `${path}.${Deno.pid}.tmp`;
    this.#advice = advice;
    removeAbandoned(path);
    this.#file = this.#attempt(() => openLocked(this.#unfinished));
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    this.#attempt(() => {
      for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    });
  }

  /** Gives the complete file its name. */
  finish(): void {
    this.#attempt(() => Deno.renameSync(this.#unfinished, this.path)); // while it is locked: nobody takes it for abandoned
    this.#file.close();
  }

  /** Removes what was written, unless the file is finished. */
  discard(): void {
    try {
      this.#file.close();
    } catch {
      return; // it is finished
    }
    try {
      Deno.removeSync(this.#unfinished);
    } catch {
      // It is not there, or cannot be removed: the next writer does.
    }
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeError(this.path, error, this.#advice);
    }
  }
}

/**
 * Writes a file whole or not at all. The path `-` is standard output.
 *
 * @throws {InputError} when nothing can be written there.
 * @throws {Error} when the disk is full; nothing is left behind.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  if (isStandardOutput(path)) return writeOut(content);
  const file = new UnfinishedFile(path);
  try {
    file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    file.finish();
  } finally {
    file.discard();
  }
}

/** Opens a file that nobody takes for abandoned: it is locked, and still there once it is. */
function openLocked(path: string): Deno.FsFile {
  for (;;) {
    const file = createFresh(path);
    if (!canLock(file) || isStillAt(path, file)) return file;
    file.close();
  }
}

/** Locks a file, after whoever holds it; false on file systems without locks, where nothing is taken for abandoned. */
function canLock(file: Deno.FsFile): boolean {
  try {
    file.lockSync(true);
    return true;
  } catch {
    return false;
  }
}

function isStillAt(path: string, file: Deno.FsFile): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Names of unfinished files in folders, as they were when this process first wrote there. */
const found = new Map<string, string[]>();

/**
 * Removes what processes that are no more have left of a file. What cannot be read or removed stays; so does all in a folder that
 * this thread may not list, which whoever started it does for it.
 */
export function removeAbandoned(path: string): void {
  const folder = dirname(path);
  for (const name of unfinishedIn(folder)) {
    const process = UNFINISHED.exec(name)![1];
    if (name.replace(UNFINISHED, "") === basename(path) && process !== String(Deno.pid)) {
      removeUnlessLocked(join(folder, name));
    }
  }
}

/** The listing is read once: a folder may get many thousand images. */
function unfinishedIn(folder: string): string[] {
  const known = found.get(folder);
  if (known !== undefined) return known;
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => UNFINISHED.test(name));
  } catch {
    return []; // writing will say what is wrong with the folder
  }
  found.set(folder, names);
  return names;
}

function removeUnlessLocked(path: string): void {
  try {
    using file = Deno.openSync(path, { write: true });
    if (file.tryLockSync(true)) Deno.removeSync(path);
  } catch {
    // It has been removed or finished meanwhile, or is not ours to remove.
  }
}
