/**
 * `polysem lab`: the notebooks in JupyterLab.
 *
 * @module
 */
import type { Command } from "commander";
import { printNote } from "../console/output.ts";

const NOTEBOOKS = new URL("../../../notebooks/", import.meta.url).pathname;

/** Adds the command to the program. */
export function registerLab(program: Command): void {
  program.command("lab")
    .description("Open the notebooks in JupyterLab with Deno's kernel; the first time, install both into the cache.")
    .argument("[options...]", "options for JupyterLab after --, such as -- --no-browser --port 8888")
    .action(async (options: readonly string[], _: unknown, command: Command) => {
      const { setUpJupyter } = await import("../../setup/mod.ts");
      const { python, environment } = await setUpJupyter("lab", (line) => printNote(command, line));
      const lab = new Deno.Command(python, {
        args: [
          "-m",
          "jupyterlab",
          `--ServerApp.root_dir=${NOTEBOOKS}`,
          "--MultiKernelManager.default_kernel_name=deno",
          ...options,
        ],
        cwd: NOTEBOOKS,
        env: environment,
      }).spawn();
      const ignore = () => {}; // JupyterLab asks before it ends on an interrupt; ending here first would orphan it
      Deno.addSignalListener("SIGINT", ignore);
      const { code } = await lab.status;
      Deno.removeSignalListener("SIGINT", ignore);
      if (code !== 0) throw new Error(`JupyterLab ended with code ${code}`);
    });
}
