import type { BackendReport } from "../../engine/mod.ts";
import type { Dataset } from "../../data/mod.ts";
import { InputError } from "../../errors.ts";
import { createWorkerPool } from "../../jobs/mod.ts";
import { column } from "../../matrix.ts";
import type { Profile, SubjectRef } from "../../pipeline/mod.ts";
import { createRandom } from "../../random.ts";
import type { LayerInfo, Matrix, Size, UnitId } from "../../types.ts";
import type { ImageRange } from "../../visualize/mod.ts";
import { choosePairs, imagesAtEnds } from "./choose_images.ts";
import type { ImagesInit, ImagesPart, ImagesResult, ImagesTask } from "./images_worker.ts";
import type { JudgedUnit, UnitQuestions } from "./judge_units.ts";
import { type Amounts, groupsOf, MOST_TRAINING_IMAGES, refuseTooFew, unitsToRead } from "./plan_questions.ts";

/** What is judged, and by what. */
export interface ImagesPlan extends Amounts {
  /** The units to judge, at least two. */
  readonly units: readonly UnitId[];
  /** The layers of the network, in its order. */
  readonly layers: readonly LayerInfo[];
  /** Size of the network's images. */
  readonly input: Size;
  /** Profiles by name, at least one; all with the same metric and the same activation, which the questions are about. */
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly seed: number;
}

/** What came of it. */
export interface ImagesStudy {
  /** Units that were asked about, in the order of the network. */
  readonly judged: readonly JudgedUnit[];
  /**
   * Units that are left out, since they do not tell test images apart: not every image of the top 5 % excites them more than
   * every one of the bottom 5 %.
   */
  readonly leftOut: readonly UnitId[];
}

/** What a caller may watch. */
export interface ImagesEvents {
  /** Called with the share of the real images that have been shown to the units. */
  readonly onRead?: (share: number) => void;
  /** Called with the units that are done, fractions included. */
  readonly onJudged?: (units: number, layer: string) => void;
}

/** Real images that a worker reads in one task: their activations of a wide network are in memory. */
const READ_TOGETHER = 1000;

/** Most units that are judged together, and the fewest that may be: more are no faster. */
const [MOST_UNITS, FEWEST_UNITS] = [8, 3];

/** What the images that are made of a group of units may take. */
const GROUP_BYTES = 256e6;

/**
 * Asks of each unit which of two test images excites it more, and has LPIPS answer by the unit's own images, by real ones,
 * and by those of another unit.
 *
 * @param backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param subject what each worker loads; its dataset's memory is shared where the reference holds it.
 * @param dataset the same dataset, opened.
 * @param workers the most workers, at least 1; the result does not depend on it.
 * @throws {InputError} when units or images are too few, or fewer than two units tell test images apart.
 */
export async function runImagesStudy(
  plan: ImagesPlan,
  { backend }: Pick<BackendReport, "backend">,
  subject: SubjectRef,
  dataset: Pick<Dataset, "title" | "train" | "test">,
  workers: number,
  events: ImagesEvents = {},
): Promise<ImagesStudy> {
  const { units, layers, profiles, images, seed } = plan;
  refuseTooFew(units, dataset, plan);
  const reads = unitsToRead(layers, units, (layer) => createRandom(seed, "lender", layer));
  const [{ lpips, visualize: { activation } }] = Object.values(profiles);
  const pool = await createWorkerPool<ImagesInit, ImagesTask, ImagesResult>(
    new URL("./images_worker.ts", import.meta.url),
    workers,
    {
      backend,
      subject,
      lpips,
      activation,
      profiles: Object.fromEntries(Object.entries(profiles).map(([name, { visualize }]) => [name, visualize])),
      images,
      seed,
      reads,
    },
  );
  try {
    const activations = await readActivations(pool, reads, dataset, events.onRead);
    const { tasks, leftOut } = questions(plan, reads, activations);
    const asked = units.length - leftOut.length;
    if (asked < 2) {
      throw new InputError(
        `of ${units.length} units ${
          asked === 0 ? "none tells" : "one alone tells"
        } test images apart, and an interval over ` +
          "units needs two: the activation of the others is the same in the top and the bottom 5 %; choose other units",
      );
    }
    const judged = await judge(pool, tasks, events.onJudged);
    const inOrder = layers.flatMap(({ name }) =>
      judged.filter(({ layer }) => layer === name).sort((a, b) => a.unit - b.unit)
    );
    return { judged: inOrder, leftOut };
  } finally {
    pool.close();
  }
}

type Pool = Awaited<ReturnType<typeof createWorkerPool<ImagesInit, ImagesTask, ImagesResult>>>;

/** Activations of real images, by layer: shape [images, units read]. */
type Activations = Readonly<Record<ImagesPart, readonly Matrix[]>>;

async function readActivations(
  pool: Pool,
  reads: ImagesInit["reads"],
  { train, test }: Pick<Dataset, "train" | "test">,
  onRead: (share: number) => void = () => {},
): Promise<Activations> {
  const counts = { references: Math.min(MOST_TRAINING_IMAGES, train.count), test: test.count };
  const whole = (rows: number): Matrix[] =>
    reads.map(({ units: { length: cols } }) => ({ rows, cols, data: new Float32Array(rows * cols) }));
  const activations = { references: whole(counts.references), test: whole(counts.test) };
  const tasks = (["test", "references"] as const).flatMap((part) =>
    stretches(counts[part]).map((range) => ({ kind: "read", part, range }) as const)
  );
  const shares = tasks.map(() => 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const done = shares.reduce((sum, each, i) => sum + each * (tasks[i].range.to - tasks[i].range.from), 0);
    onRead(done / (counts.references + counts.test));
  };
  await pool.run(tasks, {
    onProgress: report,
    onResult: (index, result) => {
      if (result.kind !== "read") return;
      const { part, range } = tasks[index];
      result.activations.forEach(({ cols, data }, i) => activations[part][i].data.set(data, range.from * cols));
      report(index, 1);
    },
  });
  return activations;
}

function stretches(count: number): ImageRange[] {
  return Array.from({ length: Math.ceil(count / READ_TOGETHER) }, (_, i) => ({
    from: i * READ_TOGETHER,
    to: Math.min(count, (i + 1) * READ_TOGETHER),
  }));
}

type JudgeTask = Extract<ImagesTask, { kind: "judge" }>;

/** What is asked of each unit, in groups, and the units of which nothing can be. */
function questions(
  { units, input, profiles, pairs, images, seed }: ImagesPlan,
  reads: ImagesInit["reads"],
  activations: Activations,
): { tasks: JudgeTask[]; leftOut: UnitId[] } {
  const unitBytes = 2 * images * input.height * input.width * 3 * 4 * Object.keys(profiles).length;
  const together = Math.min(MOST_UNITS, Math.max(FEWEST_UNITS, Math.floor(GROUP_BYTES / unitBytes)));
  const leftOut: UnitId[] = [];
  const tasks = reads.flatMap(({ layer, units: read }, at) => {
    const questioned = read.flatMap((unit, place): UnitQuestions[] => {
      const isChosen = units.some((each) => each.layer === layer && each.unit === unit);
      const random = (what: string) => createRandom(seed, what, layer, unit);
      const asked = isChosen ? choosePairs(column(activations.test[at], place), pairs, random("pairs")) : null;
      if (isChosen && asked === null) {
        leftOut.push({ layer, unit });
        return [];
      }
      const shown = column(activations.references[at], place);
      const ends = imagesAtEnds(shown, images, random("references"));
      const of = (indices: readonly number[] = []) => indices.map((index) => shown[index]);
      return [{
        unit,
        pairs: asked,
        real: ends,
        realActivations: { most: of(ends?.most), least: of(ends?.least) },
      }];
    });
    if (questioned.every((each) => each.pairs === null)) return [];
    return groupsOf(questioned, together, createRandom(seed, "groups", layer))
      .map((group): JudgeTask => ({ kind: "judge", layer, units: group }));
  });
  return { tasks, leftOut };
}

async function judge(
  pool: Pool,
  tasks: readonly JudgeTask[],
  onJudged: (units: number, layer: string) => void = () => {},
): Promise<JudgedUnit[]> {
  const judged: JudgedUnit[] = [];
  const shares = tasks.map(() => 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const done = shares.reduce(
      (sum, each, i) => sum + each * tasks[i].units.filter(({ pairs }) => pairs !== null).length,
      0,
    );
    onJudged(done, tasks[index].layer);
  };
  await pool.run(tasks, {
    onProgress: report,
    onResult: (index, result) => {
      if (result.kind !== "judge") return;
      judged.push(...result.judged);
      report(index, 1);
    },
  });
  return judged;
}

/**
 * Refuses profiles that cannot stand in one table.
 *
 * @throws {InputError} when one measures distances or activations otherwise than the first.
 */
export function refuseUnlike(profiles: Readonly<Record<string, Profile>>): void {
  const [[first, like], ...others] = Object.entries(profiles);
  for (const [name, { lpips, visualize }] of others) {
    const [ours, theirs] = [[like.lpips, like.visualize.activation], [lpips, visualize.activation]]
      .map((each) => JSON.stringify(each));
    if (ours !== theirs) {
      throw new InputError(
        `the profiles ${first} and ${name} differ in lpips or visualize.activation, and one table asks the same questions of ` +
          "one metric; run them one after the other",
      );
    }
  }
}
