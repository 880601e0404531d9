/**
 * A folder of taught networks: `networks.json`, which says what their units were taught, and the weights of each beside it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { InputError, messageOf } from "../../errors.ts";
import {
  createTaughtNetwork,
  layerOfTaught,
  type Network,
  TAUGHT_ARCHITECTURES,
  type TaughtHead,
} from "../../networks/mod.ts";
import { taughtName, type TaughtPlan } from "../../training/mod.ts";
import { checkWeightFile, MODELS_DIRECTORY, readWeights, type Weights } from "../../weights/mod.ts";
import { writeWhole } from "../../whole_file.ts";

/** The folder of the networks that polysem comes with. */
export const TAUGHT_DIRECTORY: string = join(MODELS_DIRECTORY, "taught-cifar10");

const INDEX = "networks.json";
/** Classes of CIFAR-10. */
const CLASSES = 10;

const entrySchema = z.strictObject({
  name: z.string().regex(/^[\w-]+$/, "must be of letters, digits and hyphens"),
  architecture: z.enum(TAUGHT_ARCHITECTURES),
  /** Merged labels at the output, or sets of classes in a layer before the classifier. */
  kind: z.enum(["labels", "sets"]),
  seed: z.int().min(0),
  /** Name of the weights' file in the folder. */
  file: z.string().regex(/^[\w-][\w.-]*\.safetensors$/, "must be the name of a .safetensors file in the folder"),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
  parameters: z.int().positive(),
  /** The classes that each unit was taught. */
  classes: z.array(
    z.array(z.int().min(0).max(CLASSES - 1)).min(1).max(CLASSES - 1)
      .refine((set) => new Set(set).size === set.length, "must have each class once"),
  ).min(1),
  /** Share of the test images classified right by the weights as stored. */
  test_accuracy: z.number().min(0).max(1),
  /** The command that made it. */
  command: z.string(),
}).refine(
  ({ kind, classes }) => kind !== "labels" || [...classes.flat()].sort().join() === [...Array(CLASSES).keys()].join(),
  { path: ["classes"], error: "merged labels must have each of the ten classes once" },
);

const indexSchema = z.strictObject({
  networks: z.array(entrySchema).refine(
    (networks) => new Set(networks.map(({ name }) => name)).size === networks.length,
    "must have each name once",
  ),
});

/** What a folder says of a taught network. */
export type TaughtEntry = z.infer<typeof entrySchema>;

/** What makes a taught network what it is. */
export type TaughtIdentity = Pick<TaughtEntry, "name" | "architecture" | "kind" | "classes">;

/** A taught network, loaded. */
export interface TaughtNetwork {
  readonly entry: TaughtIdentity;
  readonly network: Network;
  /** The layer whose first units were taught, `entry.classes` in turn. */
  readonly layer: string;
}

/**
 * The networks of a folder.
 *
 * @returns none where the folder has no `networks.json`.
 * @throws {InputError} when that is no such list.
 */
export async function listTaughtNetworks(folder: string): Promise<TaughtEntry[]> {
  const path = join(folder, INDEX);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new InputError(`${path} cannot be read: ${messageOf(error)}; give another folder with --networks`);
  }
  try {
    return indexSchema.parse(JSON.parse(text)).networks;
  } catch (error) {
    const what = error instanceof z.ZodError
      ? error.issues.slice(0, 3).map((issue) => `${issue.path.join(".")}: ${issue.message}`).join(", ")
      : messageOf(error);
    throw new InputError(
      `${path} is not a list of taught networks: ${what}; check out the repository again, or train ` +
        "them into another folder",
    );
  }
}

/**
 * The networks of a folder that are to be studied.
 *
 * @param only names, in any order; all networks if absent.
 * @throws {InputError} when there are none, or none of a name.
 */
export async function chooseTaughtNetworks(folder: string, only?: readonly string[]): Promise<TaughtEntry[]> {
  const entries = await listTaughtNetworks(folder);
  if (entries.length === 0) {
    throw new InputError(
      `there are no taught networks in ${folder}; train some with --train resnet-sets --seeds 101, or give their folder ` +
        "with --networks",
    );
  }
  const missing = only?.find((name) => !entries.some((entry) => entry.name === name));
  if (missing !== undefined) {
    const names = entries.map(({ name }) => name).join(", ");
    throw new InputError(`there is no taught network "${missing}" in ${folder}; choose from ${names}`);
  }
  return entries.filter(({ name }) => only === undefined || only.includes(name));
}

/** What a network's last layers are. */
function headOf({ kind, classes }: TaughtIdentity): TaughtHead {
  return kind === "labels" ? { kind, units: classes.length } : { kind, units: classes.length, classes: CLASSES };
}

/** The network of an entry and its weights. The backend must be ready (`useBackend`). */
export function taughtNetwork(entry: TaughtIdentity, weights: Weights, source: string): TaughtNetwork {
  const head = headOf(entry);
  const { architecture, name } = entry;
  return {
    entry,
    network: createTaughtNetwork(architecture, head, weights, source, name),
    layer: layerOfTaught(architecture, head),
  };
}

/**
 * Loads a network. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when its file is missing, another than the list says, or of another network.
 */
export async function loadTaughtNetwork(folder: string, entry: TaughtEntry): Promise<TaughtNetwork> {
  const { file, bytes, sha256, name, command } = entry;
  const path = join(folder, file);
  const state = await checkWeightFile({ path, bytes, sha256, url: null });
  if (state !== "intact") {
    const what = state === "missing" ? "is not there" : `is not the file that ${INDEX} tells of: size or sha256 differ`;
    throw new InputError(
      `${path} ${what}; check out the repository again, or take ${name} out of ${INDEX} and train it anew: ${command}`,
    );
  }
  const { tensors } = await readWeights(path, name);
  return taughtNetwork(entry, tensors, path);
}

/** What is known of a network beside its plan when it has been trained. */
export interface TaughtFacts extends Pick<TaughtEntry, "classes" | "parameters" | "test_accuracy" | "command"> {
  /** The bytes of its weights' file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The entry of a trained network. */
function taughtEntry(plan: TaughtPlan, { bytes, classes, ...facts }: TaughtFacts): TaughtEntry {
  const name = taughtName(plan);
  return {
    name,
    architecture: plan.architecture,
    kind: plan.kind,
    seed: plan.seed,
    file: `${name}.safetensors`,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    parameters: facts.parameters,
    classes,
    test_accuracy: facts.test_accuracy,
    command: facts.command,
  };
}

/** Writes a trained network into a folder and enters it into the list, in place of one of the same name. */
export async function recordTaughtNetwork(folder: string, plan: TaughtPlan, facts: TaughtFacts): Promise<TaughtEntry> {
  const entry = taughtEntry(plan, facts);
  await Deno.mkdir(folder, { recursive: true });
  const others = (await listTaughtNetworks(folder)).filter(({ name }) => name !== entry.name);
  const networks = [...others, entry].sort((a, b) => a.name < b.name ? -1 : 1);
  // the weights first: a list never names a file that is not there
  writeWhole(join(folder, entry.file), facts.bytes);
  writeWhole(join(folder, INDEX), new TextEncoder().encode(`${JSON.stringify({ networks }, null, 2)}\n`));
  return entry;
}
