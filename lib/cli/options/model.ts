/**
 * The model of a command: one that comes with polysem, an .onnx file and how that takes its images, or a .ts file.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { InputError } from "../../errors.ts";
import type { ModelDescription, ModelRef, OnnxInputOptions } from "../../networks/mod.ts";
import type { BackendOptions } from "../../engine/mod.ts";
import type { Size } from "../../types.ts";
import { printNote } from "../console/output.ts";
import { startEngine } from "./engine.ts";
import { inputFileOf, isUnnormalized, oddInput, readInputFile } from "./input_file.ts";

/** The options that say which model. */
export interface ModelOptions {
  readonly model: string;
  readonly modelWeights?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly inputSize?: Size;
  readonly inputRange?: readonly [number, number];
  readonly inputColours?: "rgb" | "bgr";
}

/** Adds the options. */
export function withModelOptions(command: Command): Command {
  return command
    .option("--model <name>", "model whose units are scored: a name, an .onnx file, or a .ts file", "lenet5-cifar10")
    .option("--model-weights <file>", "its weights, .pth or .safetensors, in place of its own")
    .option(
      "--mean <numbers>",
      "mean of each colour that an .onnx file's images are given less, such as .485,.456,.406",
      numbers,
    )
    .option("--std <numbers>", "standard deviation of each colour likewise, such as .229,.224,.225", numbers)
    .option(
      "--input-size <pixels>",
      "height and width of images, 224 or 224x160: for an .onnx file that leaves them open, and for models of ImageNet " +
        "(64 to 224; default: 64 for alexnet-imagenet, 224 for others)",
      size,
    )
    .option(
      "--input-range <low,high>",
      "what black and white are for an .onnx file, before mean and std (default: 0,1)",
      range,
    )
    .addOption(new Option("--input-colours <order>", "the order of an .onnx file's colours").choices(["rgb", "bgr"]));
}

function numbers(text: string): number[] {
  const values = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (!values.every(Number.isFinite) || ![1, 3].includes(values.length)) {
    throw new InvalidArgumentError("Give one number, or one for each of three colours, such as .485,.456,.406.");
  }
  return values;
}

function size(text: string): Size {
  const match = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text.trim());
  if (!match || Number(match[1]) === 0 || Number(match[2] ?? 1) === 0) {
    throw new InvalidArgumentError("Give a number of pixels, such as 224, or height and width, such as 224x160.");
  }
  return { height: Number(match[1]), width: Number(match[2] ?? match[1]) };
}

function range(text: string): [number, number] {
  const [low, high, ...more] = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (!Number.isFinite(low) || !Number.isFinite(high) || more.length > 0 || low === high) {
    throw new InvalidArgumentError("Give two numbers, such as 0,255.");
  }
  return [low, high];
}

async function refuseMissing(file: string): Promise<void> {
  if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return;
  throw new InputError(`there is no file ${file}; check the path`);
}

/** A model in TypeScript, which says by itself what options say of others. */
async function typeScriptRef(options: ModelOptions): Promise<ModelRef> {
  const { model, modelWeights, mean, std, inputSize, inputRange, inputColours } = options;
  if ([modelWeights, mean, std, inputSize, inputRange, inputColours].some((value) => value !== undefined)) {
    throw new InputError(
      `--model-weights, --mean, --std, --input-size, --input-range and --input-colours are for other models; ${model} reads ` +
        "its own weights and takes its images as it says: leave them out",
    );
  }
  await refuseMissing(model);
  return { kind: "typescript", file: resolve(model) };
}

/**
 * The model that the options name. What a flag does not say of an .onnx file's images is taken from `NAME.json` beside it;
 * what neither says is said aloud.
 *
 * @throws {InputError} when options do not go together, or the file beside the model is not right.
 */
export async function modelRef(options: ModelOptions, command: Command): Promise<ModelRef> {
  const { model, modelWeights, mean, std, inputSize, inputRange, inputColours } = options;
  const { isTypeScriptModel } = await import("../../networks/mod.ts");
  if (isTypeScriptModel(model)) return await typeScriptRef(options);
  if (/\.(pth?|ckpt|safetensors|bin|h5|keras|pb|tflite)$/i.test(model)) {
    throw new InputError(
      `${model} is no .onnx file; export the network by torch.onnx.export (docs/your-model.md), or, where it is one that ` +
        "polysem knows, give its weights by --model-weights",
    );
  }
  if (!/\.onnx$/i.test(model)) {
    if ([mean, std, inputRange, inputColours].some((value) => value !== undefined)) {
      throw new InputError(
        `--mean, --std, --input-range and --input-colours are for .onnx files; ${model} knows its own: leave them out`,
      );
    }
    const size = inputSize === undefined ? {} : { size: inputSize };
    return { kind: "shipped", name: model, weights: modelWeights, ...size };
  }
  if (modelWeights !== undefined) {
    throw new InputError("--model-weights is for models that come with polysem; an .onnx file has its weights with it");
  }
  const flags = Object.entries({
    mean,
    std,
    size: inputSize,
    range: inputRange,
    colours: inputColours,
  }).filter(([, value]) => value !== undefined);
  await refuseMissing(model);
  const beside = inputFileOf(model);
  const { input: said, classes } = await readInputFile(beside);
  const input: OnnxInputOptions = { ...said, ...Object.fromEntries(flags) };
  const odd = oddInput(input);
  if (odd !== null) printNote(command, `note: ${model}: ${odd}`);
  if (isUnnormalized(input)) {
    printNote(
      command,
      `note: ${model} is given pixels from 0 to 1 as they are: neither --mean and --std nor ${beside} say how it was trained`,
    );
  }
  return {
    kind: "onnx",
    file: resolve(model),
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...(classes === undefined ? {} : { classes }),
  };
}

/** A model, described: for one of a file the engine is started, with these options. */
export async function describeChosenModel(
  options: ModelOptions,
  command: Command,
  engine: BackendOptions = {},
): Promise<ModelDescription & { readonly ref: ModelRef }> {
  const { describeModel } = await import("../../networks/mod.ts");
  const ref = await modelRef(options, command);
  if (ref.kind !== "shipped") await startEngine(command, engine);
  return { ref, ...await describeModel(ref) };
}

/**
 * Says of a unit or layer that was asked for why it cannot be scored, where the model has it.
 *
 * @param asked units or layers as they were given.
 * @throws {InputError} naming the first such layer, and why.
 */
export function refuseUnscorable(
  { unscorable = [] }: Pick<ModelDescription, "unscorable">,
  ...asked: (string | undefined)[]
): void {
  const words = asked.flatMap((text) => text?.split(",") ?? []).map((word) => word.trim());
  const found = unscorable.find(({ name }) => words.some((word) => word === name || word.startsWith(`${name}:`)));
  if (found !== undefined) throw new InputError(`layer ${found.name} cannot be scored: ${found.reason}`);
}
