/**
 * Folders in which something is made that takes its name only when it is whole.
 *
 * @module
 */
import { join } from "node:path";

const ABANDONED_MILLISECONDS = 3_600_000;

/**
 * Makes an empty folder in another, and removes those that killed processes have left there.
 *
 * @param parent created if need be.
 * @param purpose part of its name.
 */
export async function createTemporaryFolder(parent: string, purpose: string): Promise<string> {
  await Deno.mkdir(parent, { recursive: true });
  const folder = join(parent, `.${purpose}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}`);
  await Deno.mkdir(folder);
  await removeAbandoned(parent, purpose, await changedAt(folder));
  return folder;
}

async function changedAt(path: string): Promise<number> {
  return await Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
}

/** @param now by the clock of the file system, which may be another machine's. */
async function removeAbandoned(parent: string, purpose: string, now: number): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    if (!name.startsWith(`.${purpose}.`)) continue;
    const path = join(parent, name);
    const pid = name.slice(purpose.length + 2).split(".")[0];
    const alive = await Deno.stat(`/proc/${pid}`).then(() => true, () => false);
    // a process that is not seen here may run on another machine with the same home folder
    if (!alive && await changedAt(path) < now - ABANDONED_MILLISECONDS) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
  }
}
