/**
 * The file beside an .onnx file, `NAME.json`, that says how the network takes its images.
 *
 * @module
 */
import { z } from "zod";
import { InputError, messageOf } from "../../errors.ts";
import type { FeaturePool, OnnxInputOptions } from "../../networks/mod.ts";

const channels = z.union([z.number().transform((value) => [value]), z.array(z.number())])
  .refine(({ length }) => length === 1 || length === 3, "give 1 number or 3");
const inputFile = z.strictObject({
  size: z.union([z.int().min(1).max(4096), z.strictObject({ height: z.int().min(1), width: z.int().min(1) })])
    .optional(),
  mean: channels.optional(),
  std: channels.optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  colours: z.enum(["rgb", "bgr"]).optional(),
  classes: z.array(z.string().min(1).max(200)).min(1).optional(),
  tensor: z.string().min(1).optional(),
  pool: z.enum(["mean", "class-token"]).optional(),
});

/** What such a file says. */
export interface InputFile {
  /** How the network takes its images. */
  readonly input: OnnxInputOptions;
  /** Names of the classes that the network tells, in the order of its outputs. */
  readonly classes?: readonly string[];
  /** Of an embedder: the tensor that is the embedding. */
  readonly tensor?: string;
  /** Of an embedder: how positions or tokens become one row. */
  readonly pool?: FeaturePool;
}

/** The place of the file beside a model. */
export function inputFileOf(model: string): string {
  return model.replace(/\.onnx$/i, ".json");
}

/**
 * What the file beside a model says; nothing where there is none.
 *
 * @throws {InputError} when it cannot be read, or has another form.
 */
export async function readInputFile(path: string): Promise<InputFile> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { input: {} };
    throw new InputError(
      `${path} cannot be read: ${messageOf(error)}; it says how the model beside it takes its images`,
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${messageOf(error)}; correct it, or remove it`);
  }
  const parsed = inputFile.safeParse(document);
  if (!parsed.success) {
    const [{ path: field, message }] = parsed.error.issues;
    throw new InputError(
      `${path}: ${
        field.join(".") || "the document"
      }: ${message}; it takes size, mean, std, range, colours and classes, ` +
        "and tensor and pool for an embedder",
    );
  }
  const { size, classes, tensor, pool, ...rest } = parsed.data;
  return {
    input: {
      ...rest,
      ...(size === undefined ? {} : { size: typeof size === "number" ? { height: size, width: size } : size }),
    },
    ...(classes === undefined ? {} : { classes }),
    ...(tensor === undefined ? {} : { tensor }),
    ...(pool === undefined ? {} : { pool }),
  };
}

/** What is odd about how a network is said to take its images; null where nothing is. */
export function oddInput({ mean, std, range }: OnnxInputOptions): string | null {
  const isOfBytes = range === undefined && [...mean ?? [], ...std ?? []].some((value) => Math.abs(value) > 2);
  return isOfBytes
    ? `mean ${mean ?? 0} and std ${
      std ?? 1
    } are for pixels from 0 to 255, and they are given from 0 to 1; say --input-range 0,255, ` +
      'or "range": [0, 255], if that is what was meant'
    : null;
}

/** Whether neither flags nor the file beside a model say how its images are normalized. */
export function isUnnormalized({ mean, std }: OnnxInputOptions): boolean {
  return mean === undefined && std === undefined;
}
