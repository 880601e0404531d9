/**
 * A file system of a few pages in memory, for tests of full disks and of folders that cannot be written.
 *
 * @module
 */
import { inFolder } from "../in_folder.ts";

function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false; // there is no such program
  }
}

/** Whether this process may mount. */
function canMount(): boolean {
  const folder = Deno.makeTempDirSync({ prefix: "polysem-test-" });
  try {
    return run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder) && run("umount", folder);
  } finally {
    Deno.removeSync(folder);
  }
}

/** Set for tests that mount: to be ignored, and why, for the end of their names. */
export const MOUNTING = canMount()
  ? { ignore: false, skipped: "" }
  : { ignore: true, skipped: " (skipped: mounting is not permitted here; run the tests as root)" };

/** A mounted file system. */
export interface SmallDisk {
  readonly folder: string;
  /** Changes how much it holds, in bytes, or whether it can be written, with `ro` and `rw`. */
  remount(option: number | "ro" | "rw"): void;
}

/** Runs something with a file system of so many bytes, which is gone afterwards. */
export function onSmallDisk(bytes: number, action: (disk: SmallDisk) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    if (!run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder)) throw new Error("cannot mount");
    try {
      await action({
        folder,
        remount(option) {
          const what = typeof option === "number" ? `size=${option}` : option;
          if (!run("mount", "-o", `remount,${what}`, folder)) throw new Error(`cannot remount with ${what}`);
        },
      });
    } finally {
      run("umount", folder); // where it cannot be, removing the folder fails
    }
  });
}
