/**
 * `polysem doctor`: what this machine computes with, and what of data and weights is there.
 *
 * @module
 */
import type { Command } from "commander";
import { readdir, stat } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "../../cache.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { messageOf } from "../../errors.ts";
import { CIFAR10_SHA256, DEFAULT_DATASET, locateDataset, openDataset } from "../../data/mod.ts";
import { checkWeightFile, listWeightSets, type WeightFileState } from "../../weights/mod.ts";
import { VERSION } from "../../version.ts";
import { formatTable, printResult } from "../console/output.ts";

/** A report with the names that JSON has. */
type ShownReport = Omit<BackendReport, "cards" | "refusedCards"> & {
  /** The cards that compute; missing where none does. */
  readonly cards?: readonly {
    readonly name: string;
    /** CUDA's compute capability, such as `9.0`. */
    readonly capability: string;
    readonly total_bytes: number;
    /** Before the engine started, which takes nearly all of it; null where the driver does not say. */
    readonly free_bytes: number | null;
  }[];
  /** Those that do not, and why; `name` is null where the driver shows none. */
  readonly refused_cards?: BackendReport["refusedCards"];
};

interface Diagnosis {
  /** What the engine runs on; where it cannot be had as asked for, why. */
  readonly engine: ShownReport | { readonly backend: null; readonly problem: string };
  /** The kernels that TensorFlow computes with, on which the last bits depend; null where there is nothing to choose. */
  readonly kernels: string | null;
  readonly versions: {
    readonly polysem: string;
    readonly deno: string;
    readonly v8: string;
    readonly tfjs: string | null;
    readonly tensorflow: string | null;
  };
  readonly cpu: { readonly model: string; readonly threads: number };
  /** In bytes; `limit` is the container's, null where there is none. */
  readonly memory: {
    readonly total: number;
    readonly available: number;
    readonly limit: { readonly limit_bytes: number; readonly free_bytes: number } | null;
  };
  /** Names of the cards, and the driver; null where there is no driver. */
  readonly nvidia: { readonly driver: string; readonly cards: readonly string[] } | null;
  readonly cache: {
    readonly directory: string;
    readonly bytes: number;
    readonly entries: readonly { readonly name: string; readonly bytes: number }[];
  };
  readonly data: {
    readonly name: "CIFAR-10";
    readonly directory: string;
    readonly state: "intact" | "missing" | "altered";
    /** Hash of the pinned hashes of all pixels and labels. */
    readonly sha256: string;
    readonly problem: string | null;
  };
  readonly weights: readonly {
    readonly name: string;
    /** The worst state of its files. */
    readonly state: WeightFileState;
    readonly files: readonly { readonly path: string; readonly sha256: string; readonly state: WeightFileState }[];
    readonly remedy: string | null;
  }[];
}

/** Adds the command to the program. */
export function registerDoctor(program: Command): void {
  program.command("doctor")
    .description("Show the engine in use and why not a better one, versions, and the state of data and weights.")
    .action(async (_options: unknown, command: Command) => {
      const diagnosis = await diagnose();
      printResult(command, diagnosis, () => describe(diagnosis));
    });
}

async function diagnose(): Promise<Diagnosis> {
  const { kernelsInUse, useBackend } = await import("../../engine/mod.ts");
  const engine = await useBackend().catch((error) => ({ backend: null, problem: messageOf(error) }));
  return {
    engine: engine.backend === null ? engine : shown(engine),
    kernels: engine.backend === null ? null : kernelsInUse(engine),
    versions: {
      polysem: VERSION,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      tfjs: engine.backend === null ? null : engine.versions.tfjs,
      tensorflow: engine.backend === null ? null : engine.versions.tensorflow,
    },
    cpu: { model: cpus()[0]?.model ?? "unknown", threads: navigator.hardwareConcurrency },
    memory: await measureMemory(),
    nvidia: await findNvidia(),
    cache: await measureCache(),
    data: await checkData(),
    weights: await checkWeights(),
  };
}

function shown({ cards, refusedCards, ...report }: BackendReport): ShownReport {
  return {
    ...report,
    ...(cards && {
      cards: cards.map(({ name, capability, totalBytes, freeBytes }) => ({
        name,
        capability: capability.join("."),
        total_bytes: totalBytes,
        free_bytes: freeBytes,
      })),
    }),
    ...(refusedCards && { refused_cards: refusedCards }),
  };
}

async function measureMemory(): Promise<Diagnosis["memory"]> {
  const { memoryLimit } = await import("../../jobs/mod.ts");
  const { total, available } = Deno.systemMemoryInfo();
  const limit = memoryLimit();
  return { total, available, limit: limit && { limit_bytes: limit.limitBytes, free_bytes: limit.freeBytes } };
}

/** Reads what the driver says in /proc, which needs no right to run `nvidia-smi`. */
async function findNvidia(): Promise<Diagnosis["nvidia"]> {
  try {
    const driver = (await Deno.readTextFile("/proc/driver/nvidia/version")).split("\n")[0];
    const cards: string[] = [];
    for await (const { name } of Deno.readDir("/proc/driver/nvidia/gpus")) {
      const about = await Deno.readTextFile(`/proc/driver/nvidia/gpus/${name}/information`);
      cards.push(/^Model:\s*(.+)$/m.exec(about)?.[1].trim() ?? name);
    }
    return { driver: driver.replace(/^NVRM version:\s*/, ""), cards };
  } catch {
    return null;
  }
}

async function measureCache(): Promise<Diagnosis["cache"]> {
  const directory = cacheDirectory();
  const names = await readdir(directory).catch(() => []);
  const entries = await Promise.all(
    names.sort().map(async (name) => ({ name, bytes: await bytesOf(join(directory, name)) })),
  );
  return { directory, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0), entries };
}

/**
 * Size of a file, or of all files under a folder; what disappears meanwhile counts nothing, nor does a link inside the folder,
 * such as `lib64` beside `lib` in a Python environment.
 */
async function bytesOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return found.size;
    const entries = (await readdir(path, { withFileTypes: true })).filter((entry) => !entry.isSymbolicLink());
    const inside = await Promise.all(entries.map(({ name }) => bytesOf(join(path, name))));
    return inside.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return 0;
  }
}

async function checkData(): Promise<Diagnosis["data"]> {
  const { directory, present } = locateDataset(DEFAULT_DATASET);
  const about = { name: "CIFAR-10", directory, sha256: CIFAR10_SHA256 } as const;
  if (!present) return { ...about, state: "missing", problem: "run `deno task setup`" };
  try {
    await openDataset(DEFAULT_DATASET);
    return { ...about, state: "intact", problem: null };
  } catch (error) {
    return { ...about, state: "altered", problem: messageOf(error) };
  }
}

async function checkWeights(): Promise<Diagnosis["weights"]> {
  const weights: Diagnosis["weights"][number][] = [];
  for (const set of await listWeightSets()) {
    const files: Diagnosis["weights"][number]["files"][number][] = [];
    for (const file of set.files) {
      files.push({ path: file.path, sha256: file.sha256, state: await checkWeightFile(file) });
    }
    const states = files.map((file) => file.state);
    const state = states.includes("altered") ? "altered" : states.includes("missing") ? "missing" : "intact";
    const remedy = state === "intact"
      ? null
      : set.files.some((file) => file.url === null)
      ? "check out the repository again"
      : `deno task weights fetch ${set.name}`;
    weights.push({ name: set.name, state, files, remedy });
  }
  return weights;
}

function describe({ engine, kernels, versions, cpu, memory, nvidia, cache, data, weights }: Diagnosis): string {
  const lines: string[] = [];
  if (engine.backend === null) {
    lines.push(`engine    none: ${engine.problem}`);
  } else {
    const threads = `${engine.threads} thread${engine.threads === 1 ? "" : "s"}`;
    lines.push(`engine    ${engine.backend} on ${engine.adapter ?? engine.device}, ${threads}`);
    for (const { backend, why, remedy } of engine.skipped) lines.push(`          not ${backend}: ${why}; ${remedy}`);
    for (const { name, capability, total_bytes, free_bytes } of engine.cards ?? []) {
      const free = free_bytes === null ? "" : `${megabytes(free_bytes)} of `;
      lines.push(`          ${name}, compute capability ${capability}, ${free}${megabytes(total_bytes)} free`);
    }
    for (const { name, why, remedy } of engine.refused_cards ?? []) {
      lines.push(`          not on ${name ?? "a card"}: ${why}; ${remedy}`);
    }
    if (kernels !== null) lines.push(`kernels   ${kernels}`);
  }
  const tensorflow = versions.tensorflow === null ? "" : `, TensorFlow ${versions.tensorflow}`;
  lines.push(
    `versions  polysem ${versions.polysem}, TensorFlow.js ${
      versions.tfjs ?? "-"
    }${tensorflow}, Deno ${versions.deno}, ` +
      `V8 ${versions.v8}`,
    `cpu       ${cpu.model}, ${cpu.threads} threads`,
    `memory    ${megabytes(memory.available)} of ${megabytes(memory.total)} free` +
      (memory.limit === null
        ? ""
        : `; the container's limit is ${megabytes(memory.limit.limit_bytes)}, ${
          megabytes(memory.limit.free_bytes)
        } of it free`),
    `nvidia    ${nvidia === null ? "no driver" : `${nvidia.cards.join(", ") || "no card"}; ${nvidia.driver}`}`,
    `cache     ${cache.directory}, ${megabytes(cache.bytes)}` +
      (cache.entries.length > 0 ? ` (${cache.entries.map((e) => `${e.name} ${megabytes(e.bytes)}`).join(", ")})` : ""),
    `CIFAR-10  ${data.state}${data.problem === null ? `, sha256 ${data.sha256}` : `: ${data.problem}`}`,
    formatTable(
      ["weights", "state", "sha256", "file or remedy"],
      weights.flatMap(({ name, files, remedy }) =>
        files.map(({ path, sha256, state }) => [
          name,
          state,
          sha256.slice(0, 16),
          state === "intact" ? path : remedy ?? path,
        ])
      ),
    ),
  );
  return lines.join("\n");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
