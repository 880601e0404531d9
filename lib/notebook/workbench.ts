/**
 * What every notebook begins with: a unit of a model, a profile, a seed, and everything loaded that its stages need.
 *
 * @module
 */
import { type BackendReport, useBackend } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import { DEFAULT_DATASET, locateDataset } from "../data/mod.ts";
import { loadContext, type LoadedContext, loadProfile, parseUnit, type Profile } from "../pipeline/mod.ts";
import type { UnitId } from "../types.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";
import { showTable } from "./table_view.tsx";

/** What a reader changes at the top of a notebook. */
export interface NotebookParameters {
  /** Name of the model, such as `lenet5-cifar10`. */
  readonly model: string;
  /** The unit to look at, such as `conv2:3`. */
  readonly unit: string;
  /** `calibrated-2`, `calibrated-1`, `paper`, or a JSON file. */
  readonly profile: string;
  /** Seed of everything random. */
  readonly seed: number;
}

/**
 * How much work the notebooks do: `full` unless the environment variable POLYSEM_NOTEBOOK says `small`, for a quick test that
 * they run.
 *
 * @throws {InputError} when it says anything else.
 */
export function notebookSetting(): "full" | "small" {
  const said = Deno.env.get("POLYSEM_NOTEBOOK") || "full";
  if (said !== "full" && said !== "small") {
    throw new InputError(`POLYSEM_NOTEBOOK is ${JSON.stringify(said)}; set it to full or small`);
  }
  return said;
}

/** The same stages with less of everything. */
export function smallProfile(profile: Profile): Profile {
  const { visualize, elbow, cluster } = profile;
  return {
    ...profile,
    visualize: { ...visualize, steps: Math.min(visualize.steps, 16) },
    elbow: { ...elbow, minImages: Math.min(elbow.minImages, 8), maxImages: Math.min(elbow.maxImages, 12) },
    cluster: { ...cluster, restarts: Math.min(cluster.restarts, 3) },
  };
}

/** What a layer is called, by where the responses of its units lie. */
const LAYERS = { none: "dense layer", grid: "convolution layer", tokens: "layer of tokens" } as const;

/** A unit and all that its stages need. */
export class Workbench implements Displayable {
  constructor(
    readonly parameters: NotebookParameters,
    readonly unit: UnitId,
    readonly context: LoadedContext,
    readonly backend: BackendReport,
    readonly setting: "full" | "small",
  ) {}

  /** The unit as people write it, such as `conv2:3`. */
  get name(): string {
    return `${this.unit.layer}:${this.unit.unit}`;
  }

  [DISPLAY](): MediaBundle {
    const { profile, embedder, lpips, network, dataset } = this.context;
    const { visualize, elbow, cluster } = profile;
    const layer = network.layers.find(({ name }) => name === this.unit.layer)!;
    return showTable(["", ""], [
      ["unit", `${this.name}, one of ${layer.units} of a ${LAYERS[layer.positions]} of ${this.parameters.model}`],
      [
        "profile",
        `${this.parameters.profile}: ${visualize.steps} steps from ${visualize.start} starts, ` +
        `${elbow.minImages} to ${elbow.maxImages} images, K by ${cluster.criterion}`,
      ],
      ["dataset", dataset?.title ?? "none: run `deno task setup`; ascent starts from noise instead"],
      ["LPIPS", `v${lpips.version}, ${lpips.net}, images at ${lpips.resize ?? "their own"} px`],
      ["embedder", `${embedder.name}, ${embedder.dimensions} dimensions`],
      ["engine", this.backend.backend],
      ...(this.setting === "small" ? [["setting", "small: a test that the notebook runs, not a result"]] : []),
    ])[DISPLAY]();
  }
}

/**
 * Loads what the parameters name.
 *
 * @throws {InputError} naming the parameter that is wrong, or the weights that are missing.
 */
export async function openWorkbench(parameters: NotebookParameters): Promise<Workbench> {
  const { model, seed } = parameters;
  if (!Number.isInteger(seed)) throw new InputError(`seed is ${seed}; give an integer`);
  const setting = notebookSetting();
  const { profile: whole } = await loadProfile(parameters.profile);
  const profile = setting === "small" ? smallProfile(whole) : whole;
  const backend = await useBackend();
  const context = await loadContext({
    subject: {
      model: { kind: "shipped", name: model },
      dataset: locateDataset(DEFAULT_DATASET).present ? DEFAULT_DATASET : null,
    },
    instruments: { profile },
    seed,
  });
  try {
    return new Workbench(
      parameters,
      parseUnit(parameters.unit, context.network.layers),
      context,
      backend,
      setting,
    );
  } catch (error) {
    context.dispose();
    throw error;
  }
}
