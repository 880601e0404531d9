/**
 * Jupyter of our own: a virtual environment in the cache with pinned versions and Deno's kernel. Nothing of the user's own
 * Jupyter is read or changed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../cache.ts";
import { InputError, messageOf } from "../errors.ts";

/** What is installed: `run` executes notebooks, `lab` shows them too. */
export type JupyterKind = "run" | "lab";

/** A Jupyter that is ready. */
export interface Jupyter {
  /** Its Python. */
  readonly python: string;
  /** Environment variables under which its programs see its own kernel, settings and files alone. */
  readonly environment: Readonly<Record<string, string>>;
}

const REQUIREMENTS: Readonly<Record<JupyterKind, string>> = {
  run: new URL("./requirements.txt", import.meta.url).pathname,
  lab: new URL("./requirements-lab.txt", import.meta.url).pathname,
};

/**
 * Makes the environment where it is missing or of other versions, and installs the kernel of the Deno that runs this.
 *
 * @param say called with what is being done, a line each.
 * @throws {InputError} when Python 3 with venv and pip is missing, or pip cannot install.
 */
export async function setUpJupyter(kind: JupyterKind, say: (line: string) => void): Promise<Jupyter> {
  const home = join(cacheDirectory(), "jupyter-venv");
  const python = join(home, "bin", "python");
  if (!existsSync(python)) {
    say(`Making a Python environment in ${home}`);
    await mkdir(home, { recursive: true });
    await runOrExplain("python3", ["-m", "venv", "--clear", home], {}, "install python3 and python3-venv");
  }
  const wanted = await readFile(REQUIREMENTS[kind], "utf8");
  const stamp = join(home, `installed-${kind}.txt`);
  const installed = await readFile(stamp, "utf8").catch(() => "");
  if (installed !== wanted) {
    say(`Installing ${kind === "lab" ? "JupyterLab" : "nbclient"} there`);
    await runOrExplain(
      python,
      ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS[kind]],
      {},
      "check the network and the settings of pip",
    );
    await writeFile(stamp, wanted);
  }
  const share = join(home, "share");
  // the kernel's file names the Deno that runs this, which may be another than last time
  await runOrExplain(
    Deno.execPath(),
    ["jupyter", "--install", "--force"],
    { XDG_DATA_HOME: share },
    "use Deno 2.9 or newer",
  );
  return {
    python,
    environment: {
      JUPYTER_PATH: join(share, "jupyter"),
      JUPYTER_DATA_DIR: join(home, "data"),
      JUPYTER_CONFIG_DIR: join(home, "etc", "own"),
      JUPYTER_RUNTIME_DIR: join(home, "runtime"),
      JUPYTER_PREFER_ENV_PATH: "1",
    },
  };
}

async function runOrExplain(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  remedy: string,
): Promise<void> {
  let said: string;
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env, stdin: "null" })
      .output();
    if (success) return;
    const decoder = new TextDecoder();
    said = (decoder.decode(stderr).trim() || decoder.decode(stdout).trim()).split("\n").at(-1) ?? "";
  } catch (error) {
    said = messageOf(error);
  }
  throw new InputError(`${program} ${args.slice(0, 3).join(" ")} failed: ${said}; ${remedy}`);
}
