/**
 * Memory of this process.
 *
 * @module
 */

/** Most memory that this process has had, in bytes: the kernel's own count on Linux, elsewhere what it has now. */
export function peakBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))!;
    return 1024 * Number(kilobytes);
  } catch {
    return Deno.memoryUsage().rss;
  }
}
