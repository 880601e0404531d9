/**
 * The folder that a command was typed in.
 *
 * @module
 */
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Goes to the folder that the command was typed in. `deno task` starts every command in the repository and says where it was
 * typed in `INIT_CWD`; paths are meant from there. Names of runs stay those of the repository's `runs/`.
 */
export function enterWhereTyped(): void {
  const typed = Deno.env.get("INIT_CWD");
  if (!typed || !existsSync(typed) || Deno.cwd() !== realpathSync(ROOT) || realpathSync(typed) === Deno.cwd()) return;
  if (!Deno.env.get("POLYSEM_RUNS")) Deno.env.set("POLYSEM_RUNS", join(ROOT, "runs"));
  Deno.chdir(typed);
}
