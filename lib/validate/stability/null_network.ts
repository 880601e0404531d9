/**
 * The null: a network of the run's model that has learned nothing, scored as the run was.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import type { ContextRef } from "../../pipeline/mod.ts";
import { createRandom } from "../../random.ts";
import { initialWeights, TRAINABLE_MODELS } from "../../training/mod.ts";
import type { RunManifest } from "../../types.ts";
import { sha256OfFile } from "../../weights/mod.ts";
import type { ByLayer } from "./agreement.ts";
import { compareWithNull, type MaybeScored, type NullScores, type UnitAgainstNull } from "./null_scores.ts";

/** A network that has learned nothing: of random weights, or trained on shuffled labels. */
export interface NullNetwork {
  readonly kind: "random" | "shuffled";
  /** File of its weights; for `random`, the initialization from the run's seed if absent. */
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
      `how ${model}.onnx was initialized and trained is not known; give --null-weights FILE, an .onnx file of the same ` +
        "network that has learned nothing",
    );
  }
  if (modelFormat === "typescript") {
    throw new InputError(
      `how ${model} was initialized and trained is not known; give --null-weights FILE, a .ts file of the same network that ` +
        "has learned nothing",
    );
  }
  if (!TRAINABLE_MODELS.includes(model)) {
    throw new InputError(
      `${model} was not trained here, and cannot be initialized or trained again; give --null-weights FILE, weights of the ` +
        "same network that has learned nothing",
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
  const made = given === undefined ? await writeInitialWeights(manifest) : null;
  const weights = given ?? made!;
  try {
    const { model } = context.subject;
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

/** Writes what training of the run's model would begin with into a file of its own. */
async function writeInitialWeights({ model, seed }: Pick<RunManifest, "model" | "seed">): Promise<string> {
  const bytes = initialWeights(model, seed);
  const path = await Deno.makeTempFile({ prefix: "polysem-null-", suffix: ".safetensors" });
  await Deno.writeFile(path, bytes);
  return path;
}
