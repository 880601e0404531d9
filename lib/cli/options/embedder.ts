/**
 * The embedder of a command: one that polysem knows, or any tensor of an .onnx file.
 *
 * @module
 */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { EmbedderRef } from "../../embed/mod.ts";
import { InputError } from "../../errors.ts";
import type { FeaturePool } from "../../networks/mod.ts";
import type { PricedProfile, Profile } from "../../pipeline/mod.ts";
import { printNote } from "../console/output.ts";
import { inputFileOf, isUnnormalized, oddInput, readInputFile } from "./input_file.ts";

/** The options that say which embedder. */
export interface EmbedderOptions {
  readonly embedder?: string;
  readonly embedderWeights?: string;
  readonly embedderTensor?: string;
  readonly embedderPool?: FeaturePool;
}

/**
 * Adds the options.
 *
 * @param byDefault what embeds images where none is named.
 */
export function withEmbedderOptions(command: Command, byDefault: string): Command {
  return command
    .option(
      "--embedder <name>",
      "what embeds images: resnet18-cifar10, alexnet-imagenet, resnet18-imagenet (after `deno task weights fetch resnet18-imagenet`), or an " +
        `.onnx file (default: ${byDefault})`,
    )
    .option("--embedder-weights <file>", "weights of an embedder that has a name, .pth or .safetensors")
    .option(
      "--embedder-tensor <name>",
      "which tensor of an .onnx file is the embedding: a layer as `polysem layers` lists it, or any value (default: its output)",
    )
    .addOption(
      new Option("--embedder-pool <how>", "how its positions or tokens become one embedding (default: mean)")
        .choices(["mean", "class-token"]),
    );
}

/**
 * The embedder that the options name; null where they name none.
 *
 * @throws {InputError} when options do not go together, or the file beside the embedder's is not right.
 */
export async function embedderRef(options: EmbedderOptions, command: Command): Promise<EmbedderRef | null> {
  const { embedder, embedderWeights: weights, embedderTensor, embedderPool } = options;
  const isFile = embedder !== undefined && /\.onnx$/i.test(embedder);
  if (!isFile) {
    if (embedderTensor !== undefined || embedderPool !== undefined) {
      throw new InputError("--embedder-tensor and --embedder-pool are for --embedder FILE.onnx; leave them out");
    }
    return embedder === undefined ? null : { kind: "shipped", name: embedder, weights };
  }
  if (weights !== undefined) {
    throw new InputError(
      "--embedder-weights is for an embedder that has a name; an .onnx file has its weights with it",
    );
  }
  if (!await Deno.stat(embedder).then(({ isFile }) => isFile, () => false)) {
    throw new InputError(`there is no file ${embedder}; check the path`);
  }
  const beside = inputFileOf(embedder);
  const { input, tensor, pool } = await readInputFile(beside);
  const odd = oddInput(input);
  if (odd !== null) printNote(command, `note: the embedder ${embedder}: ${odd}`);
  if (isUnnormalized(input)) {
    printNote(
      command,
      `note: the embedder ${embedder} is given pixels from 0 to 1 as they are: there is no ${beside} that says its mean and std`,
    );
  }
  const chosen = {
    ...input,
    ...withoutUndefined({ tensor: embedderTensor ?? tensor, pool: embedderPool ?? pool }),
  };
  return { kind: "onnx", file: resolve(embedder), ...(Object.keys(chosen).length === 0 ? {} : { options: chosen }) };
}

/**
 * The profile with the price of a cluster that was found for its embedder; says where that comes from, or that none was found.
 *
 * @param sha256 hash of the embedder's weights.
 */
export async function pricedProfile(
  profile: Profile,
  embedder: EmbedderRef,
  sha256: string,
  command: Command,
): Promise<PricedProfile> {
  const { priceFor } = await import("../../pipeline/mod.ts");
  const priced = await priceFor(profile, embedder, sha256);
  const price = `the price of a cluster, beta ${priced.profile.cluster.beta},`;
  if (priced.file !== null) printNote(command, `note: ${price} is that of ${priced.file}`);
  if (!priced.calibrated) {
    const name = embedder.kind === "onnx" ? embedder.file : embedder.name;
    const { tensor, pool } = (embedder.kind === "onnx" ? embedder.options : undefined) ?? {};
    const options = (tensor === undefined ? "" : ` --embedder-tensor ${tensor}`) +
      (pool === undefined ? "" : ` --embedder-pool ${pool}`);
    printNote(
      command,
      `note: ${price} is not calibrated for ${profile.embed.embedder}, and K and S depend on it; ` +
        `\`deno task polysem validate calibrate --embedder ${name}${options}\` finds it`,
    );
  }
  return priced;
}

function withoutUndefined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
