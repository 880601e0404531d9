/**
 * Weight files from disk, whichever of the known formats they are in.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { InputError, messageOf } from "../errors.ts";
import { openPth, pthFormat, type TensorFile } from "./pth.ts";
import { decodeSafetensors, type WeightArray } from "./safetensors.ts";
import { withoutWrappers } from "./state_dict.ts";

/**
 * Reads a weight file. Its first bytes tell the format (safetensors, .pth as zip, legacy .pth), not its name.
 *
 * @param wanted which tensors to read, by name.
 * @throws {InputError} when the file is not there, in none of these formats, or not a valid one.
 */
export async function loadWeights(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, WeightArray>> {
  return (await openWeights(path)).read(wanted);
}

/**
 * Reads a weight file as {@linkcode loadWeights} does, by the names that the network itself gives its tensors: those of
 * wrappers that all names begin with (`module.`, `_orig_mod.`, `model.`) are taken off.
 *
 * @param wanted which tensors to read, by the network's own names.
 */
export async function loadNetworkWeights(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, WeightArray>> {
  const file = await openWeights(path);
  const own = withoutWrappers(file.names);
  const isWanted = (name: string) => own.has(name) && wanted(own.get(name)!);
  return new Map([...file.read(isWanted)].map(([name, array]) => [own.get(name)!, array]));
}

async function openWeights(path: string): Promise<TensorFile> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read the weight file ${path}: ${messageOf(error)}; check the path`);
  }
  if (pthFormat(bytes) !== undefined) return openPth(bytes, path);
  if (bytes[8] !== 0x7b) { // the header of safetensors begins with a brace
    throw new InputError(
      `${path} is not a weight file: it begins neither as safetensors nor as .pth (zip or legacy); check what it is`,
    );
  }
  const { tensors } = decodeSafetensors(bytes, path);
  return {
    names: [...tensors.keys()],
    read: (wanted) => new Map([...tensors].filter(([name]) => wanted(name))),
  };
}

/** The sha256 of a file in lower-case hexadecimal, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/**
 * Checks a file against its pinned hash.
 *
 * @param expected sha256 in hexadecimal.
 * @throws {InputError} when the file is not there or is another one.
 */
export async function verifySha256(path: string, expected: string): Promise<void> {
  let found: string;
  try {
    found = await sha256OfFile(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check the path`);
  }
  if (found !== expected.toLowerCase()) {
    throw new InputError(
      `${path} has sha256 ${found} instead of ${expected}: it is cut off or another file; delete it and fetch it again`,
    );
  }
}
