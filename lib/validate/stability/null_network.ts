/**
 * The null: a network of the run's model that has learned nothing, scored as the run was.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import { type ModelRef, readModelWeights } from "../../networks/mod.ts";
import type { ContextRef } from "../../pipeline/mod.ts";
import { createRandom, permutation } from "../../random.ts";
import { initialWeights, TRAINABLE_MODELS } from "../../training/mod.ts";
import type { RunManifest } from "../../types.ts";
import { encodeSafetensors, sha256OfFile, type Weights } from "../../weights/mod.ts";
import type { ByLayer } from "./agreement.ts";
import { compareWithNull, type MaybeScored, type NullScores, type UnitAgainstNull } from "./null_scores.ts";

/**
 * A network that has learned nothing: of random weights, of the trained weights in another order (those of each tensor
 * permuted), or trained on shuffled labels.
 */
export interface NullNetwork {
  readonly kind: "random" | "permuted" | "shuffled";
  /** File of its weights. If absent, `random` is the initialization from the run's seed, and `permuted` is permuted by it. */
  readonly weights?: string;
}

/** A run against a null. */
export interface NullReport {
  readonly kind: NullNetwork["kind"];
  readonly weightsSha256: string;
  readonly layers: readonly ByLayer<NullScores>[];
  readonly units: readonly UnitAgainstNull[];
}

/**
 * Checks that a null can be made.
 *
 * @throws {InputError} saying how to get its weights, where they are not given and cannot be made here.
 */
export function checkNull(
  { model, modelFormat }: Pick<RunManifest, "model" | "modelFormat">,
  { kind, weights }: NullNetwork,
): void {
  if (weights !== undefined) return;
  if (modelFormat === "onnx") {
    throw new InputError(
      `the weights of ${model}.onnx are not permuted, and how it was initialized and trained is not known; give ` +
        "--null-weights FILE, an .onnx file of the same network that has learned nothing",
    );
  }
  if (modelFormat === "typescript") {
    throw new InputError(
      `the weights of ${model} are not permuted, and how it was initialized and trained is not known; give ` +
        "--null-weights FILE, a .ts file of the same network that has learned nothing",
    );
  }
  if (kind === "permuted") return;
  if (!TRAINABLE_MODELS.includes(model)) {
    throw new InputError(
      `${model} was not trained here, and cannot be initialized or trained again; take --null permuted, or give ` +
        "--null-weights FILE, weights of the same network that has learned nothing",
    );
  }
  if (kind !== "shuffled") return;
  throw new InputError(
    "--null shuffled needs the weights of a network trained on shuffled labels: make them with " +
      `\`deno task train ${model} --shuffle-labels --out DIR\` and give --null-weights DIR/${model}/weights.safetensors`,
  );
}

/**
 * Scores the same units of a null as of the run, and compares the two.
 *
 * @param trained units of the run's network.
 * @param context what the run was scored by.
 * @param scoreAgain takes the units through the pipeline by another context; it is told what that is.
 * @throws {InputError} when the null's weights are missing or wrong, or the model is none that can be initialized.
 */
export async function studyNull(
  manifest: RunManifest,
  trained: readonly MaybeScored[],
  context: ContextRef,
  { kind, weights: given }: NullNetwork,
  scoreAgain: (context: ContextRef, what: string) => Promise<readonly MaybeScored[]>,
): Promise<NullReport> {
  const { model } = context.subject;
  const made = given === undefined ? await writeNullWeights(kind, model, manifest) : null;
  const weights = given ?? made!;
  try {
    const subject = {
      ...context.subject,
      model: model.kind === "shipped" ? { ...model, weights } : { ...model, file: weights },
    };
    const nullUnits = await scoreAgain({ ...context, subject }, `null (${kind})`);
    const random = createRandom(manifest.seed, "null", kind);
    return { kind, weightsSha256: await sha256OfFile(weights), ...compareWithNull(trained, nullUnits, random) };
  } finally {
    if (made !== null) await Deno.remove(made);
  }
}

/** Writes the weights of a null into a file of their own. */
async function writeNullWeights(
  kind: NullNetwork["kind"],
  ref: ModelRef,
  { model, seed }: Pick<RunManifest, "model" | "seed">,
): Promise<string> {
  const bytes = kind === "permuted" && ref.kind === "shipped"
    ? permutedWeights((await readModelWeights(ref)).tensors, seed)
    : initialWeights(model, seed);
  const path = await Deno.makeTempFile({ prefix: "polysem-null-", suffix: ".safetensors" });
  await Deno.writeFile(path, bytes);
  return path;
}

/** A file of the same tensors with the numbers of each in another order, which depends on the seed and the tensor's name. */
export function permutedWeights(weights: Weights, seed: number): Uint8Array<ArrayBuffer> {
  const arrays = new Map([...weights].map(([name, { shape, data }]) => {
    const order = permutation(data.length, createRandom(seed, "permuted weights", name));
    return [name, { shape, data: Float32Array.from(order, (i) => data[i]) }] as const;
  }));
  return encodeSafetensors(arrays, { seed: String(seed), trained: "no" }, "F32");
}
