/**
 * The manifest: what makes a run what it is, stated once.
 *
 * @module
 */
import type { EmbedderRef } from "../embed/mod.ts";
import type { BackendReport } from "../engine/mod.ts";
import { chosenSize, type ModelRef } from "../networks/mod.ts";
import { RUN_SCHEMA } from "../store/mod.ts";
import type { RunManifest } from "../types.ts";
import { VERSION } from "../version.ts";
import type { LoadedContext } from "./context.ts";

/** What a manifest states beside the context. */
export interface RunPlan {
  /** What the profile is called. */
  readonly profileName: string;
  /** Jobs of the plan, each a list of units of one layer, before sharding. */
  readonly jobs: RunManifest["jobs"];
  readonly shard: RunManifest["shard"];
  /** Whether the profile's price of a cluster was found for the embedder; true by default. */
  readonly priceCalibrated?: boolean;
}

/**
 * The manifest of a run that scores a plan with a context.
 *
 * @param kernels what the engine computes with (`kernelsInUse()`); null, the default, where that is not known.
 */
export function manifestOf(
  context: LoadedContext,
  { profileName, jobs, shard, priceCalibrated = true }: RunPlan,
  { backend, versions }: Pick<BackendReport, "backend" | "versions">,
  kernels: string | null = null,
): RunManifest {
  const { dataset, embedder, lpips } = context;
  return {
    schema: RUN_SCHEMA,
    version: VERSION,
    model: context.network.name,
    modelSha256: context.modelSha256,
    ...modelSettings(context.ref.subject.model),
    ...classSettings(context),
    seed: context.seed,
    profileName,
    profile: context.profile,
    embedder: embedder.name,
    embedderSha256: embedder.sha256,
    ...embedderSettings(context.ref.instruments.embedder),
    ...(priceCalibrated ? {} : { priceCalibrated }),
    lpips: lpips.net,
    lpipsSha256: lpips.sha256,
    dataset: dataset && {
      name: dataset.name,
      ...(dataset.ref.kind === "cifar10" ? {} : { kind: dataset.ref.kind }),
      sha256: dataset.sha256,
      images: dataset.test.count,
    },
    jobs,
    shard,
    engine: `${backend}, ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}`,
    ...(kernels === null ? {} : { kernels: [kernels] }),
  };
}

/**
 * What a manifest says of a model beside its name and weights: of one from a file not where it lies, which differs from host
 * to host.
 */
function modelSettings(ref: ModelRef): Pick<RunManifest, "modelFormat" | "modelInput"> {
  if (ref.kind === "onnx") {
    return { modelFormat: "onnx", ...(ref.input === undefined ? {} : { modelInput: { ...ref.input } }) };
  }
  if (ref.kind === "typescript") return { modelFormat: "typescript" };
  const size = chosenSize(ref);
  return size === null ? {} : { modelInput: { size } };
}

/** The classes that were said of a model of a file: those of its last layer. */
function classSettings({ network, ref }: LoadedContext): Pick<RunManifest, "modelClasses"> {
  const { model } = ref.subject;
  if (model.kind !== "onnx" || model.classes === undefined) return {};
  return { modelClasses: { layer: network.layers.at(-1)!.name, names: model.classes } };
}

/** What a manifest says of an embedder beside its name and weights. */
function embedderSettings(ref: EmbedderRef | undefined): Pick<RunManifest, "embedderFormat" | "embedderInput"> {
  if (ref?.kind !== "onnx") return {};
  return { embedderFormat: "onnx", ...(ref.options === undefined ? {} : { embedderInput: { ...ref.options } }) };
}
