/**
 * TensorFlow writes two lines to standard error while it starts that none of its settings turns off.
 *
 * @module
 */

const LIBC = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const STDERR = 2;
const WRITE_ONLY = 1;

/**
 * Runs an action with the process's standard error sent to nowhere. Where that cannot be done, it just runs. What the
 * action throws is thrown.
 */
export async function withoutStderr<T>(action: () => Promise<T>): Promise<T> {
  let libc: Deno.DynamicLibrary<typeof LIBC>;
  try {
    libc = Deno.dlopen("libc.so.6", LIBC);
  } catch {
    return await action();
  }
  const { open, dup, dup2, close } = libc.symbols;
  const nowhere = open(new TextEncoder().encode("/dev/null\0"), WRITE_ONLY);
  const kept = nowhere < 0 ? -1 : dup(STDERR);
  try {
    if (kept >= 0) dup2(nowhere, STDERR);
    return await action();
  } finally {
    if (kept >= 0) {
      dup2(kept, STDERR);
      close(kept);
    }
    if (nowhere >= 0) close(nowhere);
    libc.close();
  }
}
