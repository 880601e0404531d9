/**
 * The memory that a container leaves to this process. The kernel tells of the whole machine elsewhere, and ends a process
 * that goes beyond its container's limit without a word.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory and
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 * @module
 */
import { dirname, join } from "node:path";

/** A limit and what is left of it, in bytes. */
export interface MemoryLimit {
  readonly limitBytes: number;
  /** At least 0. File pages that the kernel would give up first count as free. */
  readonly freeBytes: number;
}

/** Names of a control group's files, by the version of control groups. */
const FILES = {
  1: { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", cache: "total_inactive_file" },
  2: { limit: "memory.max", usage: "memory.current", cache: "inactive_file" },
} as const;

/** Version 1 says so much or more, close to 2^63, where there is no limit. */
const UNLIMITED = 2 ** 60;

/**
 * The tightest memory limit of this process's control group and those above it, of version 1 or 2.
 *
 * @param root where the system's files are; `/` but in tests.
 * @returns null where there is no limit, and on systems without control groups.
 */
export function memoryLimit(root = "/"): MemoryLimit | null {
  const limits = groupsOf(root).flatMap(({ version, folder }) => readLimit(folder, version) ?? []);
  if (limits.length === 0) return null;
  return {
    limitBytes: Math.min(...limits.map(({ limitBytes }) => limitBytes)),
    freeBytes: Math.min(...limits.map(({ freeBytes }) => freeBytes)),
  };
}

/** The folders of the control groups that this process is in, innermost first. */
function groupsOf(root: string): { version: 1 | 2; folder: string }[] {
  const lines = (read(join(root, "proc/self/cgroup")) ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    const version = controllers === "" ? 2 : 1;
    if (path === undefined || (version === 1 && !controllers.split(",").includes("memory"))) return [];
    const mount = join(root, "sys/fs/cgroup", version === 1 ? "memory" : "");
    // a container may see its own group as the mount's root, whatever the path says: it is looked at, too
    const paths = [path];
    while (paths.at(-1) !== "/") paths.push(dirname(paths.at(-1)!));
    return paths.map((each) => ({ version, folder: join(mount, each) } as const));
  });
}

function readLimit(folder: string, version: 1 | 2): MemoryLimit | null {
  const { limit, usage, cache } = FILES[version];
  const limitBytes = Number(read(join(folder, limit)) ?? NaN); // "max" is no number
  if (!(limitBytes >= 0 && limitBytes < UNLIMITED)) return null;
  const used = Number(read(join(folder, usage)) ?? 0);
  const cached = Number(new RegExp(`^${cache} (\\d+)$`, "m").exec(read(join(folder, "memory.stat")) ?? "")?.[1] ?? 0);
  return { limitBytes, freeBytes: Math.max(0, limitBytes - Math.max(0, used - cached)) };
}

/** A file's text; null where it cannot be read. */
function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
