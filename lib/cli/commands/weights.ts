/**
 * `polysem weights list`, `fetch NAME...` and `verify [NAME...]`: the weights that polysem knows by name.
 *
 * @module
 */
import { basename } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../errors.ts";
import { fetchPinned } from "../../setup/mod.ts";
import {
  checkWeightFile,
  listWeightSets,
  pickWeightSet,
  type WeightFile,
  type WeightFileState,
  type WeightSet,
} from "../../weights/mod.ts";
import { formatTable, globalOptions, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";

/**
 * Adds the commands to the program.
 *
 * @param knownSets the sets to choose from.
 */
export function registerWeights(program: Command, knownSets: () => Promise<WeightSet[]> = listWeightSets): void {
  const weights = program.command("weights")
    .description("Pretrained weights: what is known by name, what is there, and downloads of the official files.");

  weights.command("list")
    .description("List every set of weights, its size and whether it is there (without reading it: see verify).")
    .action(async (_options: unknown, command: Command) => {
      const sets = await Promise.all((await knownSets()).map(async (set) => {
        const files = await Promise.all(set.files.map(async (file) => ({ ...file, present: await isThere(file) })));
        return { ...set, bytes: totalBytes(set), present: files.every((file) => file.present), files };
      }));
      printResult(command, sets, () =>
        formatTable(
          ["name", "what", "licence", "MB", "there"],
          sets.map(({ name, about, licence, bytes, present, files }) => [
            name,
            about,
            licence,
            megabytes(bytes),
            present ? (files[0].url === null ? "committed" : "fetched") : `no: deno task weights fetch ${name}`,
          ]),
        ));
    });

  weights.command("fetch")
    .description("Download weights from their official addresses; an interrupted download goes on where it stopped.")
    .argument("<name...>", "names that weights list shows, such as lpips-squeeze")
    .action(async (names: string[], _options: unknown, command: Command) => {
      const sets = await knownSets();
      const results: { name: string; files: { path: string; outcome: "present" | "fetched" }[] }[] = [];
      for (const set of names.map((name) => pickWeightSet(sets, name))) {
        const files: typeof results[number]["files"] = [];
        for (const file of set.files) {
          files.push({ path: file.path, outcome: await fetchFile(set.name, file, command) });
        }
        results.push({ name: set.name, files });
      }
      printResult(
        command,
        results,
        () => results.flatMap(({ files }) => files.map(({ path, outcome }) => `${outcome}: ${path}`)).join("\n"),
      );
    });

  weights.command("verify")
    .description("Check the sha256 of every file that is there, or of the named sets, which must then be there.")
    .argument("[name...]", "names that weights list shows")
    .action(async (names: string[], _options: unknown, command: Command) => {
      const sets = await knownSets();
      const chosen = names.length > 0 ? names.map((name) => pickWeightSet(sets, name)) : sets;
      const results: { name: string; path: string; sha256: string; state: WeightFileState }[] = [];
      const wrong: string[] = [];
      for (const { name, files } of chosen) {
        for (const file of files) {
          const state = await checkWeightFile(file);
          results.push({ name, path: file.path, sha256: file.sha256, state });
          const needed = names.length > 0 || file.url === null;
          if (state === "altered" || (state === "missing" && needed)) {
            wrong.push(
              `${file.path} is ${state} (${
                file.url === null ? "check it out again" : `deno task weights fetch ${name}`
              })`,
            );
          }
        }
      }
      printResult(
        command,
        results,
        () => formatTable(["name", "file", "state"], results.map(({ name, path, state }) => [name, path, state])),
      );
      if (wrong.length > 0) throw new Error(wrong.join("; "));
    });
}

/** Fetches one file with progress; a committed one is only checked. */
async function fetchFile(name: string, file: WeightFile, command: Command): Promise<"present" | "fetched"> {
  if (file.url === null) {
    const state = await checkWeightFile(file);
    if (state !== "intact") {
      throw new Error(`${file.path} is ${state}; it comes with the repository, check it out again`);
    }
    return "present";
  }
  const net = await Deno.permissions.query({ name: "net", host: new URL(file.url).host });
  if (net.state !== "granted" && await checkWeightFile(file) !== "intact") {
    throw new InputError(
      `${name} is downloaded, and this was started without the network; run \`deno task weights fetch ${name}\``,
    );
  }
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  const { quiet } = globalOptions(command);
  let progress: ReturnType<typeof createProgress> | undefined;
  try {
    return await fetchPinned({ ...file, url: file.url }, {
      onProgress: (received, total) => {
        progress ??= createProgress({ title: basename(file.path), total: kilobytes(total), unit: "kB", quiet });
        progress.update(kilobytes(received));
      },
    });
  } finally {
    progress?.stop();
  }
}

async function isThere({ path, bytes }: WeightFile): Promise<boolean> {
  return await Deno.stat(path).then(({ size }) => size === bytes, () => false);
}

function totalBytes({ files }: WeightSet): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
