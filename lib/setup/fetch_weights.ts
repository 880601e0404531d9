/**
 * Downloads of pinned files: resumable, and checked before they take their name.
 *
 * @module
 */
import { dirname } from "node:path";
import { messageOf } from "../errors.ts";
import { sha256OfFile } from "../weights/mod.ts";

/** A download that failed. The message is one line: what, why, and where to put the file by hand. */
export class FetchError extends Error {
  override readonly name = "FetchError";
}

/** A file to download. */
export interface PinnedFile {
  readonly url: string;
  /** Where it is written; while incomplete, `PATH.part`. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** How a download goes on. */
export interface FetchOptions {
  /** Called as bytes arrive, with those there so far (resumed ones included) and those there will be. */
  readonly onProgress?: (received: number, total: number) => void;
  /** Seconds without a byte after which the download fails; 60 unless given. */
  readonly patience?: number;
}

/**
 * Makes sure that a file is there. A complete one with the right hash costs no request; an interrupted download goes on
 * where it stopped, if the server can; the file takes its name only when its size and hash are right. One process fetches it.
 *
 * @returns whether it was already there.
 * @throws {FetchError} when the server cannot be reached or fails, when another process fetches the file, when what the server
 * sends is not the pinned file (which is then deleted), or when it cannot be written.
 */
export async function fetchPinned(file: PinnedFile, options: FetchOptions = {}): Promise<"present" | "fetched"> {
  const { url, path, bytes, sha256 } = file;
  const part = `${path}.part`;
  const fail = (why: string): never => {
    throw new FetchError(
      `cannot fetch ${url}: ${why}; try again, or download it by hand (${bytes} bytes, sha256 ${sha256}) and put it at ${path}`
        .replace(/\s+/g, " "),
    );
  };
  const isThere = async () => await sizeOf(path) === bytes && await sha256OfFile(path) === sha256;
  try {
    if (await isThere()) return "present";
    await Deno.mkdir(dirname(path), { recursive: true });
    using held = await Deno.open(part, { write: true, create: true });
    if (!await held.tryLock(true)) fail("another process is fetching it");
    try {
      if (await isThere()) return "present"; // another process has just fetched it
      if (await sizeOf(part) > bytes) await held.truncate(0);
      const there = await sizeOf(part);
      if (there < bytes) await download(file, part, there, options, fail);
      const found = await sha256OfFile(part);
      if (found !== sha256) {
        await Deno.remove(part);
        fail(`what arrived has sha256 ${found}, so it is another file or damaged, and was deleted`);
      }
      await Deno.rename(part, path);
    } finally {
      if (await sizeOf(part) === 0) await Deno.remove(part).catch(() => {}); // nothing came
    }
  } catch (error) {
    if (error instanceof FetchError) throw error;
    fail(`${path} cannot be written: ${messageOf(error)}`);
  }
  return "fetched";
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function download(
  { url, bytes }: PinnedFile,
  part: string,
  there: number,
  { onProgress, patience = 60 }: FetchOptions,
  fail: (why: string) => never,
): Promise<void> {
  const abort = new AbortController();
  const stalled = () => abort.abort(new Error(`no data for ${patience} s`));
  let timer = setTimeout(stalled, patience * 1000);
  try {
    const response = await request(url, there, abort.signal).catch((error) => fail(reasonOf(error)));
    // a server that does not know ranges, or whose file is shorter than what is there, sends or is asked for all of it
    const resumed = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${there}-`);
    if (!resumed && (!response.ok || response.status === 206)) {
      await response.body?.cancel();
      if (there > 0 && (response.status === 416 || response.status === 206)) await Deno.remove(part);
      fail(`the server answers ${response.status} ${response.statusText}`.trim());
    }
    let received = resumed ? there : 0;
    using out = await Deno.open(part, { write: true, create: true, append: received > 0, truncate: received === 0 });
    const reader = response.body?.getReader();
    while (reader) {
      const { done, value } = await reader.read().catch((error) => {
        return fail(`the connection ended after ${received} of ${bytes} bytes (${reasonOf(error)}), which are kept`);
      });
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(stalled, patience * 1000);
      received += value.length;
      if (received > bytes) {
        await reader.cancel();
        await Deno.remove(part);
        fail(`the server sends more than the ${bytes} bytes it should have, so it is another file`);
      }
      for (let at = 0; at < value.length;) at += await out.write(value.subarray(at));
      onProgress?.(received, bytes);
    }
    if (received < bytes) fail(`the server sent ${received} of ${bytes} bytes, which are kept`);
  } finally {
    clearTimeout(timer);
  }
}

function request(url: string, from: number, signal: AbortSignal): Promise<Response> {
  // identity: a compressed answer would have another length than the pinned one
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (from > 0) headers.range = `bytes=${from}-`;
  return fetch(url, { headers, signal });
}

/** Why a request failed: the cause, which `fetch` hides one level down. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
