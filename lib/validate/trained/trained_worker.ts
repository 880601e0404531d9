/**
 * A worker of the study of trained units: shows taught networks test images, and scores their units by the ordinary pipeline.
 *
 * @module
 */
import { type DatasetRef, type ImageSource, openDataset } from "../../data/mod.ts";
import { type Backend, useBackend } from "../../engine/mod.ts";
import { serveTasks } from "../../jobs/mod.ts";
import { column } from "../../matrix.ts";
import {
  type Instruments,
  type InstrumentsRef,
  loadInstruments,
  type PipelineContext,
  scoreUnits,
} from "../../pipeline/mod.ts";
import type { UnitRecord } from "../../types.ts";
import { datasetActivations } from "../../visualize/mod.ts";
import { meanLpips } from "../metrics/mod.ts";
import { spreadPhotographs } from "../planted/photographs.ts";
import { CONTROL, type SettingScore } from "../planted/study.ts";
import { loadTaughtNetwork, type TaughtEntry, type TaughtNetwork } from "./networks.ts";
import { scoreWithKnownK } from "./known_k.ts";
import { drawExciting, LOOKED_THROUGH, scoreRealImages } from "./real_images.ts";
import { KNOWN_K, MEAN_LPIPS, REAL_IMAGES } from "./study.ts";
import { ACCURACY_FLOORS, type NetworkTruth, readingOf, truthOf } from "./truth.ts";

/** What a worker begins with. */
export interface TrainedInit {
  readonly backend: Backend;
  readonly dataset: DatasetRef;
  /** Folder of the networks. */
  readonly folder: string;
  /** What profiles measure with, by the profile's name. */
  readonly profiles: Readonly<Record<string, InstrumentsRef>>;
  /** The profile whose images the control and the mean LPIPS are of, and by whose rule real images are clustered. */
  readonly reference: string;
  readonly seed: number;
}

/** Test images shown to a network, and training images searched; or some of its units scored by one profile. */
export type TrainedTask =
  | { readonly kind: "look"; readonly network: TaughtEntry }
  | {
    readonly kind: "score";
    readonly network: TaughtEntry;
    readonly profile: string;
    readonly units: readonly number[];
    /** Images that excite each of the units, for the reference alone. */
    readonly exciting: readonly (readonly number[] | null)[];
  };

/** What a look at a network finds. */
export interface Looked extends NetworkTruth {
  /** For each unit, images drawn from those that excite it most; null where all do alike, and of a refused network. */
  readonly exciting: readonly (readonly number[] | null)[];
}

/** Scores of units in the order of a task, by setting. */
export type Scored = readonly Readonly<Record<string, SettingScore>>[];

serveTasks<TrainedInit, TrainedTask, Looked | Scored>(
  async ({ backend, folder, profiles, reference, seed, ...init }) => {
    await useBackend(backend);
    const dataset = await openDataset(init.dataset);
    const source = spreadPhotographs(dataset.train, LOOKED_THROUGH);
    const instruments = new Map<string, Instruments>();
    let current: TaughtNetwork | undefined;

    /** The network of a task; it is kept until a task needs another. */
    const networkOf = async (entry: TaughtEntry): Promise<TaughtNetwork> => {
      if (current?.entry.name === entry.name) return current;
      current?.network.dispose();
      current = undefined;
      return current = await loadTaughtNetwork(folder, entry);
    };
    const instrumentsOf = async (profile: string): Promise<Instruments> => {
      const loaded = instruments.get(profile) ?? await loadInstruments(profiles[profile], dataset);
      instruments.set(profile, loaded);
      return loaded;
    };

    const look = async (taught: TaughtNetwork): Promise<Looked> => {
      const { network, layer, entry: { name, architecture, classes } } = taught;
      const truth = await truthOf(taught, dataset.test);
      if (truth.accuracy < ACCURACY_FLOORS[architecture]) return { ...truth, exciting: classes.map(() => null) };
      const [activations] = await datasetActivations(network, [readingOf(layer)], source);
      return {
        ...truth,
        exciting: classes.map((_, unit) => drawExciting(column(activations, unit), seed, name, unit)),
      };
    };

    return async (task, onProgress) => {
      const taught = await networkOf(task.network);
      if (task.kind === "look") return await look(taught);
      const { network, layer } = taught;
      const context: PipelineContext = { ...await instrumentsOf(task.profile), network, dataset, seed };
      const records = await scoreUnits(context, layer, task.units, onProgress);
      const scores: Record<string, SettingScore>[] = [];
      for (const [i, record] of records.entries()) {
        const isReference = task.profile === reference;
        const real = isReference ? await realScore(context, record, source, task.exciting[i]) : null;
        const known = isReference ? scoreWithKnownK(context, record, taught.entry.classes[record.unit].length) : null;
        scores.push({
          ...settingScores(record, task.profile, isReference),
          ...(real && { [REAL_IMAGES]: real }),
          ...(known && { [KNOWN_K]: known }),
        });
      }
      return scores;
    };
  },
);

/** What a profile says of a unit, and the statistics without clusters for the reference; nothing of a dead unit. */
function settingScores(record: UnitRecord, profile: string, isReference: boolean): Record<string, SettingScore> {
  const { score, meanAngle } = record;
  if (score === null || score.S === null) return {};
  const { I, K, S } = score;
  const lpips = meanLpips(record);
  return {
    [profile]: { I, K, S },
    ...(isReference && meanAngle !== null && { [CONTROL]: { I, K: null, S: meanAngle } }),
    ...(isReference && lpips !== null && { [MEAN_LPIPS]: { I, K: null, S: lpips } }),
  };
}

async function realScore(
  context: PipelineContext,
  { layer, unit }: UnitRecord,
  source: ImageSource,
  exciting: readonly number[] | null,
): Promise<SettingScore | null> {
  return exciting === null ? null : await scoreRealImages(context, layer, unit, source, exciting);
}
