import type { DatasetRef } from "../../data/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { createWorkerPool } from "../../jobs/mod.ts";
import type { InstrumentsRef } from "../../pipeline/mod.ts";
import type { TaughtEntry } from "./networks.ts";
import type { TrainedResult } from "./study.ts";
import type { Looked, Scored, TrainedInit, TrainedTask } from "./trained_worker.ts";
import { ACCURACY_FLOORS, SEPARATION_FLOOR } from "./truth.ts";

/** What to study, and how. */
export interface TrainedPlan {
  /** Folder of the networks. */
  readonly folder: string;
  readonly networks: readonly TaughtEntry[];
  /** What profiles measure with, by the profile's name, in the order of the table. */
  readonly profiles: Readonly<Record<string, InstrumentsRef>>;
  /** The profile whose images the control and the mean LPIPS are of, and by whose rule real images are clustered. */
  readonly reference: string;
  /** Seed of the scoring and of the draw of real images. */
  readonly seed: number;
  /** At most so many units of each network, the first of those that count; all of them if absent. */
  readonly limit?: number;
}

/** A network of the study, and whether it stands for the truth. */
export interface CheckedNetwork extends Pick<TaughtEntry, "name" | "architecture" | "kind" | "seed" | "sha256"> {
  /** Share of the test images whose label is told right. */
  readonly test_accuracy: number;
  /** Least accuracy at which its units are taken as true. */
  readonly floor: number;
  readonly refused: boolean;
  /** Units that count; 0 of a refused network. */
  readonly units: number;
}

/** A unit that does not answer to what it was taught. */
export interface RefusedUnit {
  readonly network: string;
  readonly unit: number;
  readonly classes: readonly number[];
  /** AUROC of its activation on each of its classes against all classes outside its set. */
  readonly separations: readonly number[];
}

/** What a study finds. */
export interface TrainedStudy {
  readonly networks: readonly CheckedNetwork[];
  readonly refused_units: readonly RefusedUnit[];
  /** The units that count, network by network. */
  readonly results: readonly TrainedResult[];
}

/** Units scored together. */
const UNITS_TOGETHER = 4;
/** Share of the work that goes into looking at networks before units are scored. */
const LOOKING = 0.05;

/**
 * Scores the units of taught networks by the ordinary pipeline, in workers. Networks below their floor of accuracy, and units
 * that do not answer to what they were taught, are left out first.
 *
 * @param backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param dataset CIFAR-10: what each worker opens; its memory is shared, not copied, where the reference holds it.
 * @param workers the most workers, at least 1.
 * @param onProgress called with the share done.
 * @throws {InputError} when fewer than two units of one class, or of several, are left; or a network's file is not intact.
 */
export async function runTrainedStudy(
  { networks, limit, ...plan }: TrainedPlan,
  { backend }: Pick<BackendReport, "backend">,
  dataset: DatasetRef,
  workers: number,
  onProgress: (share: number, detail: string) => void = () => {},
): Promise<TrainedStudy> {
  const pool = await createWorkerPool<TrainedInit, TrainedTask, Looked | Scored>(
    new URL("./trained_worker.ts", import.meta.url),
    Math.min(workers, mostTasks(networks, plan)),
    { ...plan, backend, dataset },
  );
  try {
    const looks: Looked[] = [];
    await pool.run(networks.map((network): TrainedTask => ({ kind: "look", network })), {
      onResult: (index, looked) => {
        looks[index] = looked as Looked;
        onProgress(LOOKING * Object.keys(looks).length / networks.length, networks[index].name);
      },
    });
    const checked = networks.map((network, i) => checkNetwork(network, looks[i], limit));
    requireBothKinds(checked);
    const tasks = checked.flatMap(({ network, units, exciting }) => tasksOf(network, units, exciting, plan));
    const scores = await scoreTasks(tasks, pool.run, (share, detail) => {
      onProgress(LOOKING + (1 - LOOKING) * share, detail);
    });
    return {
      networks: checked.map(({ summary }) => summary),
      refused_units: checked.flatMap(({ refused }) => refused),
      results: checked.flatMap(({ network, units }) =>
        units.map((unit): TrainedResult => ({
          network: network.name,
          architecture: network.architecture,
          kind: network.kind,
          seed: network.seed,
          unit,
          k: network.classes[unit].length,
          classes: network.classes[unit],
          scores: scores.get(keyOf(network, unit)) ?? {},
        }))
      ),
    };
  } finally {
    pool.close();
  }
}

/** A network after a look at it. */
interface Checked {
  readonly network: TaughtEntry;
  readonly summary: CheckedNetwork;
  /** Units that count. */
  readonly units: readonly number[];
  readonly refused: readonly RefusedUnit[];
  readonly exciting: Looked["exciting"];
}

/**
 * Leaves out a network below its floor, and units that do not answer to what they were taught.
 *
 * @param limit the most units that count: the first.
 */
export function checkNetwork(
  network: TaughtEntry,
  { accuracy, separations, exciting }: Looked,
  limit: number = Infinity,
): Checked {
  const { name, architecture, kind, seed, sha256, classes } = network;
  const floor = ACCURACY_FLOORS[architecture];
  const isRefused = accuracy < floor;
  const all = isRefused ? [] : classes.map((_, unit) => unit);
  const answers = (unit: number) => separations[unit].every((area) => area >= SEPARATION_FLOOR);
  const units = all.filter(answers).slice(0, limit);
  return {
    network,
    summary: {
      name,
      architecture,
      kind,
      seed,
      sha256,
      test_accuracy: accuracy,
      floor,
      refused: isRefused,
      units: units.length,
    },
    units,
    refused: all.filter((unit) => !answers(unit)).map((unit) => ({
      network: name,
      unit,
      classes: classes[unit],
      separations: separations[unit],
    })),
    exciting,
  };
}

/**
 * Refuses a study that has not two units of each kind.
 *
 * @throws {InputError} saying what was left out, and what to do.
 */
export function requireBothKinds(checked: readonly Pick<Checked, "network" | "summary" | "units" | "refused">[]): void {
  const counts = checked.flatMap(({ network, units }) => units.map((unit) => network.classes[unit].length));
  const ones = counts.filter((k) => k === 1).length;
  const several = counts.length - ones;
  if (ones >= 2 && several >= 2) return;
  const low = checked.filter(({ summary }) => summary.refused).map(({ summary: { name, test_accuracy, floor } }) =>
    `${name} is refused as truth, with ${percent(test_accuracy)} test accuracy where ${percent(floor)} are asked for`
  );
  const strays = checked.reduce((sum, { refused }) => sum + refused.length, 0);
  const reasons = [
    ...low,
    ...(strays === 0 ? [] : [`${strays} units do not answer to the classes they were taught`]),
  ];
  throw new InputError(
    `the study would have ${ones} units of one class and ${several} of several, and needs at least two of each` +
      (reasons.length === 0 ? "" : ` (${reasons.join("; ")})`) +
      "; train more networks with --train, or choose others with --only or --networks",
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

type ScoreTask = Extract<TrainedTask, { kind: "score" }>;

/** The units of a network, some at a time, by each profile. */
function tasksOf(
  network: TaughtEntry,
  units: readonly number[],
  exciting: Looked["exciting"],
  { profiles, reference }: Pick<TrainedPlan, "profiles" | "reference">,
): ScoreTask[] {
  const parts = Array.from(
    { length: Math.ceil(units.length / UNITS_TOGETHER) },
    (_, i) => units.slice(i * UNITS_TOGETHER, (i + 1) * UNITS_TOGETHER),
  );
  return Object.keys(profiles).flatMap((profile) =>
    parts.map((part): ScoreTask => ({
      kind: "score",
      network,
      profile,
      units: part,
      exciting: profile === reference ? part.map((unit) => exciting[unit]) : [],
    }))
  );
}

/** Tasks if no unit is left out. */
function mostTasks(networks: readonly TaughtEntry[], plan: Pick<TrainedPlan, "profiles" | "reference">): number {
  return networks.flatMap((network) => tasksOf(network, [...network.classes.keys()], [], plan)).length;
}

function keyOf({ name }: Pick<TaughtEntry, "name">, unit: number): string {
  return `${name}:${unit}`;
}

/** Runs tasks, and merges what profiles say of each unit. */
async function scoreTasks(
  tasks: readonly ScoreTask[],
  run: (
    tasks: readonly TrainedTask[],
    events: {
      onResult: (index: number, result: Looked | Scored) => void;
      onProgress: (index: number, share: number) => void;
    },
  ) => Promise<void>,
  onProgress: (share: number, detail: string) => void,
): Promise<Map<string, TrainedResult["scores"]>> {
  const scores = new Map<string, TrainedResult["scores"]>();
  const shares = tasks.map(() => 0);
  const total = tasks.reduce((sum, { units }) => sum + units.length, 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const done = shares.reduce((sum, each, i) => sum + each * tasks[i].units.length, 0);
    onProgress(done / total, `${tasks[index].network.name}, ${tasks[index].profile}`);
  };
  await run(tasks, {
    onProgress: report,
    onResult: (index, result) => {
      const { network, units } = tasks[index];
      for (const [i, unit] of units.entries()) {
        const key = keyOf(network, unit);
        scores.set(key, { ...scores.get(key), ...(result as Scored)[i] });
      }
      report(index, 1);
    },
  });
  return scores;
}
