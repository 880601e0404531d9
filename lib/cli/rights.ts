/**
 * What a command may read and write: the files and folders that its arguments name, its run, the cache and polysem itself. Everything
 * else is refused by Deno, whatever asks for it: a mistake of ours, or a model in TypeScript.
 *
 * @module
 */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "../cache.ts";
import { addonPath } from "../engine/native/mod.ts";
import { runDirectory } from "../run_directory.ts";
import { isStandardInput, isStandardOutput } from "../streams.ts";

/** The repository's own folder. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Commands that bring things to the machine, start other programs, or look at the machine: they keep all that Deno gives them. */
export const UNCONFINED: readonly string[] = ["setup", "weights", "lab", "doctor", "submit", "status"];

/** Options without a value; all that begin with `--no-` are some, too. */
export const FLAGS: readonly string[] = [
  ...[
    "--json",
    "--verbose",
    "--quiet",
    "--help",
    "-h",
    "--version",
    "--deterministic",
    "--sheet",
    "--card",
    "--metrics",
  ],
  ...["--train-only", "--shuffle-labels", "--stderr", "--divide-dataset", "--complete", "--dry-run"],
];

/** Options whose value is a file or folder to write. */
export const OUTPUTS: readonly string[] = ["--out", "--sheets", "--networks"];

/** Options whose value is a run to write, by its name or path. */
export const RUN_OUTPUTS: readonly string[] = ["--run", "--into"];

/** Commands whose arguments are runs, into whose folders they write. */
const OF_RUNS = ["check", "export", "report", "figures", "migrate", "probe", "validate metrics", "validate stability"];
/** Commands whose arguments are runs that are read. */
const OF_READ_RUNS = ["merge", "validate layers"];

/** Files and folders that may be read, and those that may be written, absolute. A folder stands for all that is in it. */
export interface Rights {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Files and folders among them that an option names to write. */
  readonly outputs: readonly string[];
  /** Whether the command makes temporary files. */
  readonly temporary: boolean;
}

/** A command line taken apart, as far as rights depend on it. */
interface Parts {
  /** Such as `export` or `validate metrics`. */
  readonly command: string;
  readonly positional: readonly string[];
  readonly options: readonly (readonly [name: string, value: string])[];
}

function takeApart(args: readonly string[]): Parts {
  const positional: string[] = [];
  const options: [string, string][] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--") { // what follows are no options
      positional.push(...args.slice(i + 1));
      break;
    }
    const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(args[i]) ?? [];
    if (name !== undefined) options.push([name, value]);
    else if (!args[i].startsWith("-") || args[i] === "-") positional.push(args[i]);
    else if (!FLAGS.includes(args[i]) && !args[i].startsWith("--no-") && i + 1 < args.length) {
      options.push([args[i], args[++i]]);
    }
  }
  const words = positional[0] === "validate" ? 2 : 1;
  return { command: positional.slice(0, words).join(" "), positional: positional.slice(words), options };
}

/** The files beside an input that belong to it by their names. */
function besides(file: string): string[] {
  return [join(dirname(file), "calibration.json")];
}

/**
 * What a model brings along: its folder's content, for tensors, descriptions and imports that lie beside it. Hidden files, where
 * secrets are kept, and links that lead out of the folder are left out, and so is what lies in other folders.
 */
function modelFolder(file: string): string[] {
  const folder = dirname(file);
  const stem = join(folder, basename(file, extname(file)));
  try {
    const real = realPath(folder);
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
      !entry.name.startsWith(".") &&
      !(entry.isSymbolicLink() && !realPath(join(folder, entry.name)).startsWith(join(real, "/")))
    );
    return [...entries.map(({ name }) => join(folder, name)), `${stem}.json`, `${stem}.calibration.json`];
  } catch {
    return []; // there is no such folder: the command will say so
  }
}

/** Where a path leads when the links on its way are followed, as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** Paths as they are named, and as they lie: Deno asks for the latter where a link is not followed, as in giving a file its name. */
function namedAndReal(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => [path, realPath(path)]))];
}

/** What an argument may name, as it is or as a list with commas. */
function inputsOf(text: string): string[] {
  return [...new Set([text, ...text.split(",").map((part) => part.trim())])]
    .filter((part) => part !== "" && !isStandardInput(part) && !part.includes("\0"))
    .map((part) => resolve(part))
    .flatMap((path) => {
      const isModel = /\.(onnx|m?[jt]s)$/i.test(path);
      return [path, ...(isModel ? modelFolder(path) : besides(path)), realPath(path)];
    })
    .filter((path) => path !== "/");
}

/** What is written for a file or folder: itself, what it is called before it is whole, and the images of a page beside it. */
function outputsOf(text: string): string[] {
  if (text === "" || isStandardOutput(text) || text.includes("\0")) return [];
  const path = resolve(text);
  const parent = dirname(path);
  const beside = namedAndReal([parent]).flatMap((folder) => [
    join(folder, `${basename(path)}.${Deno.pid}.tmp`),
    join(folder, `${basename(path, extname(path))}_files`),
  ]);
  return [...namedAndReal([path]), ...beside, ...(exists(parent) ? [] : namedAndReal([parent]))];
}

function exists(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return true; // Deno keeps what is in /dev and /proc to itself
  }
}

/** The folder of a run; none where the name is none. */
function runOf(name: string): string[] {
  try {
    return namedAndReal([resolve(runDirectory(name))]);
  } catch {
    return []; // the command will say what is wrong with it
  }
}

/** What a command writes where no option says where. */
function usualOutputs({ command, options }: Parts): string[] {
  const isGiven = (...names: string[]) => options.some(([name]) => names.includes(name));
  const checkpoints = join(cacheDirectory(), "checkpoints");
  const models = join(ROOT, "models");
  switch (command) {
    case "score-all":
      return isGiven("--run") ? [] : [resolve(Deno.env.get("POLYSEM_RUNS") || "runs")];
    case "train":
      return [checkpoints, ...(isGiven("--out") ? [] : [models])];
    case "validate trained":
      return [checkpoints, ...(isGiven("--networks") ? [] : [join(models, "taught-cifar10")])];
    case "validate calibrate":
    case "validate gan":
      return [models];
    default:
      return [];
  }
}

/** The folder of the engine's addon among the packages, where it is put when another version of it lies there. */
function addonFolder(): string[] {
  try {
    return [dirname(addonPath())];
  } catch {
    return []; // packages are not installed
  }
}

/**
 * The rights of a command.
 *
 * @param args the arguments after the program's name; paths in them are meant from the current folder.
 * @returns null for a command that keeps all that Deno gives it, and where there is none.
 */
export function rightsOf(args: readonly string[]): Rights | null {
  const parts = takeApart(args);
  const { command, positional, options } = parts;
  if (command === "" || command === "help" || UNCONFINED.includes(command)) return null;
  const writesRuns = OF_RUNS.includes(command);
  const runs = writesRuns || OF_READ_RUNS.includes(command) ? positional.flatMap(runOf) : [];
  const named = options.flatMap(([name, value]) => [
    ...(OUTPUTS.includes(name) ? outputsOf(value) : []),
    ...(RUN_OUTPUTS.includes(name) ? runOf(value) : []),
  ]);
  const write = [
    ...named,
    ...(writesRuns ? runs : []),
    ...namedAndReal([...usualOutputs(parts), ...addonFolder()]),
  ];
  const beside = options.some(([name]) => name === "--shard") // the other shards lie beside a shard
    ? options.flatMap(([name, value]) => name === "--run" ? runOf(value).map(dirname) : [])
    : [];
  const read = [
    ...namedAndReal([
      ROOT,
      resolve(cacheDirectory()),
      resolve(Deno.env.get("POLYSEM_RUNS") || "runs"),
      ...(Deno.env.get("POLYSEM_READ") ?? "").split(":").filter((path) => path !== "").map((path) => resolve(path)),
    ]),
    ...positional.flatMap(inputsOf),
    ...options.flatMap(([, value]) => inputsOf(value)),
    ...options.flatMap(([name, value]) => name === "--compare" ? runOf(value) : []),
    ...runs,
    ...beside,
    ...write,
  ];
  const outputs = options.filter(([name, value]) => OUTPUTS.includes(name) && outputsOf(value).length > 0)
    .map(([, value]) => resolve(value));
  return { read: [...new Set(read)], write: [...new Set(write)], outputs, temporary: command.startsWith("validate ") };
}
