/**
 * Every set of weights by name: those committed under `models/` and the official files that are downloaded. Each file has
 * its size and sha256 pinned.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { cacheDirectory } from "../cache.ts";
import { InputError, messageOf } from "../errors.ts";
import { sha256OfFile } from "./load_weights.ts";
import { writeWhole } from "../whole_file.ts";

/** One file of a set. */
export interface WeightFile {
  /** Where it is or belongs, absolute. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** Its hash in lower-case hexadecimal. */
  readonly sha256: string;
  /** Where it is downloaded from; null when it is committed. */
  readonly url: string | null;
}

/** The weights of one network, in one or two files. */
export interface WeightSet {
  /** Name that commands take, such as `lpips-squeeze`. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly about: string;
  readonly licence: string;
  /** The network's file; for LPIPS followed by the heads' file, unless one file holds both. */
  readonly files: readonly WeightFile[];
}

/** The folder of committed models. */
export const MODELS_DIRECTORY: string = fileURLToPath(new URL("../../models/", import.meta.url));

const TORCHVISION = "https://download.pytorch.org/models/";
const HEADS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/" +
  "082bb24f84c091ea94de2867d34c4544f68e0963/lpips/weights/v0.1/";

/** Official files by the name they get here: [address, bytes, sha256]. The heads' own names are too short to stand alone. */
const OFFICIAL = {
  "alexnet-owt-7be5be79.pth": [
    `${TORCHVISION}alexnet-owt-7be5be79.pth`,
    244_408_911,
    "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
  ],
  "squeezenet1_1-b8a52dc0.pth": [
    `${TORCHVISION}squeezenet1_1-b8a52dc0.pth`,
    4_958_839,
    "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
  ],
  "vgg16-397923af.pth": [
    `${TORCHVISION}vgg16-397923af.pth`,
    553_433_881,
    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
  ],
  "resnet18-f37072fd.pth": [
    `${TORCHVISION}resnet18-f37072fd.pth`,
    46_830_571,
    "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
  ],
  "resnet34-b627a593.pth": [
    `${TORCHVISION}resnet34-b627a593.pth`,
    87_319_819,
    "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f",
  ],
  // ResNet50_Weights.IMAGENET1K_V1; V2 is another file
  "resnet50-0676ba61.pth": [
    `${TORCHVISION}resnet50-0676ba61.pth`,
    102_530_333,
    "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
  ],
  "lpips_alex_v0.1.pth": [
    `${HEADS}alex.pth`,
    6_009,
    "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
  ],
  "lpips_squeeze_v0.1.pth": [
    `${HEADS}squeeze.pth`,
    10_811,
    "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
  ],
  "lpips_vgg_v0.1.pth": [
    `${HEADS}vgg.pth`,
    7_289,
    "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
  ],
} as const satisfies Record<string, readonly [url: string, bytes: number, sha256: string]>;

/** Downloaded sets by name. */
const DOWNLOADS: Readonly<Record<string, { about: string; licence: string; files: (keyof typeof OFFICIAL)[] }>> = {
  "resnet18-imagenet": {
    about: "ResNet-18, torchvision, ImageNet",
    licence: "BSD-3",
    files: ["resnet18-f37072fd.pth"],
  },
  "resnet34-imagenet": {
    about: "ResNet-34, torchvision, ImageNet",
    licence: "BSD-3",
    files: ["resnet34-b627a593.pth"],
  },
  "resnet50-imagenet": {
    about: "ResNet-50, torchvision, ImageNet (V1)",
    licence: "BSD-3",
    files: ["resnet50-0676ba61.pth"],
  },
  "vgg16-imagenet": {
    about: "VGG-16, torchvision, ImageNet",
    licence: "BSD-3",
    files: ["vgg16-397923af.pth"],
  },
  "squeezenet1_1-imagenet": {
    about: "SqueezeNet 1.1, torchvision, ImageNet",
    licence: "BSD-3",
    files: ["squeezenet1_1-b8a52dc0.pth"],
  },
  "alexnet-imagenet": {
    about: "AlexNet, torchvision, ImageNet",
    licence: "BSD-3",
    files: ["alexnet-owt-7be5be79.pth"],
  },
  "lpips-squeeze": {
    about: "LPIPS v0.1 with SqueezeNet 1.1",
    licence: "BSD-3, BSD-2",
    files: ["squeezenet1_1-b8a52dc0.pth", "lpips_squeeze_v0.1.pth"],
  },
  "lpips-vgg": {
    about: "LPIPS v0.1 with VGG-16",
    licence: "BSD-3, BSD-2",
    files: ["vgg16-397923af.pth", "lpips_vgg_v0.1.pth"],
  },
  "lpips-alex-official": {
    about: "LPIPS v0.1 with AlexNet, the official files",
    licence: "BSD-3, BSD-2",
    files: ["alexnet-owt-7be5be79.pth", "lpips_alex_v0.1.pth"],
  },
};

/** `models/index.json`: what is committed. */
const MODEL_INDEX = z.record(
  z.string(),
  z.strictObject({
    /** Path of the file in the folder of the index. */
    file: z.string().regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, "must be a path inside models/"),
    bytes: z.int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
    about: z.string(),
    licence: z.string(),
  }),
);

type ModelIndex = z.infer<typeof MODEL_INDEX>;

async function readModelIndex(modelsDirectory: string): Promise<ModelIndex> {
  const path = join(modelsDirectory, "index.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check out the repository again`);
  }
  try {
    return MODEL_INDEX.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError
      ? error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join(", ")
      : messageOf(error);
    throw new InputError(`${path} is not a valid index of models: ${what}; check out the repository again`);
  }
}

/** The folder of downloaded weights. */
export function downloadDirectory(): string {
  return join(cacheDirectory(), "weights");
}

/** Every set that is known, the committed ones first. */
export async function listWeightSets(modelsDirectory: string = MODELS_DIRECTORY): Promise<WeightSet[]> {
  const committed = Object.entries(await readModelIndex(modelsDirectory)).map(([name, model]): WeightSet => {
    const { file, bytes, sha256, about, licence } = model;
    return { name, about, licence, files: [{ path: join(modelsDirectory, file), bytes, sha256, url: null }] };
  });
  const downloads = Object.entries(DOWNLOADS).map(([name, { about, licence, files }]): WeightSet => ({
    name,
    about,
    licence,
    files: files.map((file) => {
      const [url, bytes, sha256] = OFFICIAL[file];
      return { path: join(downloadDirectory(), file), bytes, sha256, url };
    }),
  }));
  return [...committed, ...downloads];
}

/**
 * One set by its name.
 *
 * @throws {InputError} when there is none of that name.
 */
export async function findWeightSet(name: string, modelsDirectory: string = MODELS_DIRECTORY): Promise<WeightSet> {
  return pickWeightSet(await listWeightSets(modelsDirectory), name);
}

/**
 * The set of that name among the given ones.
 *
 * @throws {InputError} when there is none.
 */
export function pickWeightSet(sets: readonly WeightSet[], name: string): WeightSet {
  const found = sets.find((set) => set.name === name);
  if (found) return found;
  throw new InputError(`there are no weights named "${name}"; choose one of ${sets.map((set) => set.name).join(", ")}`);
}

/** What is at a weight file's place: nothing, another file (or a damaged one), or the pinned one. */
export type WeightFileState = "missing" | "altered" | "intact";

/** Compares a file with its pinned size and hash. */
export async function checkWeightFile({ path, bytes, sha256 }: WeightFile): Promise<WeightFileState> {
  try {
    const { size } = await Deno.stat(path);
    return size === bytes && await sha256OfFile(path) === sha256 ? "intact" : "altered";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw new InputError(`cannot read ${path}: ${messageOf(error)}; check its permissions`);
  }
}

/**
 * Enters a model's committed weights, `models/NAME/weights.safetensors`, into the index, with their size and hash. What
 * makes such a file calls it last.
 */
export async function recordModel(
  name: string,
  { about, licence }: { about: string; licence: string },
  modelsDirectory: string = MODELS_DIRECTORY,
): Promise<void> {
  const file = `${name}/weights.safetensors`;
  const path = join(modelsDirectory, file);
  const { size: bytes } = await Deno.stat(path);
  const index = await readModelIndex(modelsDirectory);
  index[name] = { file, bytes, sha256: await sha256OfFile(path), about, licence };
  const sorted = Object.fromEntries(Object.entries(index).sort(([a], [b]) => a < b ? -1 : 1));
  await Deno.mkdir(dirname(path), { recursive: true });
  writeWhole(join(modelsDirectory, "index.json"), `${JSON.stringify(sorted, null, 2)}\n`);
}
