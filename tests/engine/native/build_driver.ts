import { join } from "node:path";

/** Builds the driver of a machine that there is not, `made_up_driver.c`; null where there is no compiler. */
export async function buildDriver(folder: string, name: string): Promise<string | null> {
  const library = join(folder, name);
  const source = join(import.meta.dirname!, "made_up_driver.c");
  for (const compiler of ["cc", "gcc", "clang"]) {
    try {
      const { success } = await new Deno.Command(compiler, {
        args: ["-shared", "-fPIC", "-o", library, source],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return library;
    } catch {
      // not this one
    }
  }
  return null;
}
