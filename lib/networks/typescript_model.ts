/**
 * A model that is a TypeScript file: its default export makes a network. Such a file is a program and is run, where every
 * other kind of model is parsed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { tf } from "../engine/mod.ts";
import { InputError, messageOf } from "../errors.ts";
import { readTensors, type WeightArray, type Weights } from "../weights/mod.ts";
import { checkNetwork } from "./check_network.ts";
import type { Network } from "./network.ts";
import { toTensor } from "./tensors.ts";

/** What the function of a TypeScript model is given. */
export interface ModelTools {
  /** TensorFlow.js, as polysem uses it. */
  readonly tf: typeof tf;
  /**
   * Reads a weight file, .safetensors or .pth.
   *
   * @param path from the folder of the model's file.
   * @returns arrays by name, as the file has them: PyTorch's layouts.
   * @throws {InputError} when it is missing or not a weight file.
   */
  readWeights(path: string | URL): Promise<Weights>;
  /**
   * Reads any file.
   *
   * @param path from the folder of the model's file.
   * @throws {InputError} when it cannot be read.
   */
  readFile(path: string | URL): Promise<Uint8Array>;
  /** PyTorch's layout to TensorFlow's: [out, in, height, width] to [height, width, in, out], [out, in] to [in, out]. */
  toTensor(array: WeightArray): tf.Tensor;
}

/** Endings of files that hold a model as a program. */
const ENDING = /\.m?[jt]s$/i;

/** Whether a file holds a model as a program, by its ending: .ts, .mts, .js or .mjs. */
export function isTypeScriptModel(file: string): boolean {
  return ENDING.test(file);
}

/**
 * What the function of a TypeScript model is given, for a program that makes its network itself.
 *
 * @param folder where relative paths begin.
 */
export function modelTools(folder: string): ModelTools {
  return toolsThatTell(folder, () => {});
}

/** @param onRead called with the sha256 of every file that is read. */
function toolsThatTell(folder: string, onRead: (sha256: string) => void): ModelTools {
  const locate = (path: string | URL) => path instanceof URL ? fileURLToPath(path) : resolve(folder, path);
  return {
    tf,
    toTensor,
    readWeights: async (path) => {
      const { tensors, sha256 } = await readTensors(locate(path));
      onRead(sha256);
      return tensors;
    },
    readFile: async (path) => {
      const bytes = await readBytes(locate(path));
      onRead(sha256Of(bytes));
      return bytes;
    },
  };
}

/**
 * Loads a network: imports the file and calls its default export. The backend must be ready (`useBackend`). A file that
 * has changed is imported anew; files that it imports itself are not.
 *
 * @returns the network, whose `activations` free what they leave behind, and the sha256 of the file. Where the function
 * read other files by its tools, it is the sha256 of all their hashes, one a line: the file's own, then the others sorted.
 * @throws {InputError} when the file is missing or no such program, fails, or makes what is no network.
 */
export async function loadTypeScriptNetwork(file: string): Promise<{ network: Network; sha256: string }> {
  const called = basename(file);
  if (!isTypeScriptModel(file)) {
    throw new InputError(`${called} is not a model in TypeScript; give a file that ends in .ts, .mts, .js or .mjs`);
  }
  const path = resolve(file);
  const bytes = await readBytes(path);
  refuseRemoteImports(new TextDecoder().decode(bytes), called);
  const own = sha256Of(bytes);
  const url = pathToFileURL(path);
  url.searchParams.set("sha256", own); // what was imported before under this name may be an older text
  const others = new Set<string>();
  const tools = toolsThatTell(dirname(path), (sha256) => others.add(sha256));
  const made = await makeNetwork(url, called, tools);
  try {
    await checkNetwork(made, called);
  } catch (error) {
    throw error instanceof InputError && error.cause !== undefined ? failure(error.message, error.cause, url) : error;
  }
  const sha256 = others.size === 0 ? own : sha256Of([own, ...[...others].sort()].map((each) => `${each}\n`).join(""));
  return { network: guarded(made), sha256 };
}

async function makeNetwork(url: URL, called: string, tools: ModelTools): Promise<Network> {
  let exported: { readonly default?: unknown };
  try {
    exported = await import(url.href);
  } catch (error) {
    throw failure(`${called} cannot be loaded: ${firstLine(error)}`, error, url);
  }
  if (typeof exported.default !== "function") {
    throw new InputError(
      `${called} has no function as its default export; write \`export default function ({ tf }) { ... }\` that returns a ` +
        "network, as docs/typescript-models.md shows",
    );
  }
  try {
    return await exported.default(tools);
  } catch (error) {
    throw failure(`${called} makes no network: ${firstLine(error)}`, error, url);
  }
}

/** The network, refusing layers that it has not, and freeing all that its activations make beside what they return. */
function guarded(network: Network): Network {
  const { name, input, layers } = network;
  return {
    name,
    input: { height: input.height, width: input.width },
    layers: layers.map(({ name, positions, units }) => ({ name, positions, units })),
    activations: (images, wanted, through) => {
      const unknown = wanted.find((layer) => !layers.some(({ name }) => name === layer));
      if (unknown !== undefined) throw new RangeError(`${name} has no layer ${unknown}`);
      // callers free what they are given; the images are theirs
      return tf.tidy(() =>
        network.activations(images, wanted, through).map((each) => each === images ? each.clone() : each)
      );
    },
    dispose: () => network.dispose(),
  };
}

/**
 * Refuses what Deno would fetch. It does so whatever the permissions are, and writes packages into polysem's own folder.
 */
function refuseRemoteImports(source: string, called: string): void {
  const found = /^\s*(?:import|export)\b[^;"'`]*["']((?:npm|jsr|https?):[^"'\n]*)["']/m.exec(source);
  if (found === null) return;
  throw new InputError(
    `${called} imports ${
      found[1]
    }, and scoring does without the network; import files that lie on this machine, and take tf ` +
      "from what the function is given",
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check the path`);
  }
}

function sha256Of(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The first line of what was thrown, without the colours that Deno gives it. */
function firstLine(thrown: unknown): string {
  return stripVTControlCharacters(messageOf(thrown)).trim().split("\n")[0];
}

/** The error of the model's own code, with the place in it where that is known, and the stack that leads there. */
function failure(message: string, thrown: unknown, { href }: URL): InputError {
  const error = new InputError(message, { cause: thrown });
  if (!(thrown instanceof Error)) return error;
  const text = stripVTControlCharacters(`${thrown.message}\n${thrown.stack ?? ""}`);
  const at = text.indexOf(`${href}:`);
  const place = at === -1 ? null : /^(\d+):(\d+)/.exec(text.slice(at + href.length + 1));
  if (place !== null) error.message += ` (line ${place[1]}, column ${place[2]})`;
  error.stack = thrown.stack;
  return error;
}
