/**
 * How the pending jobs of a run are done on the device that there is: by how many workers, and which jobs together.
 *
 * A processor's jobs are done one by one, a core each, or in parts where there are few of them: two together would save calls, but 512 images of LeNet-5 no longer fit into
 * a core's cache, and took 12 % longer an image than 256. On a card several workers take turns: while one reads its images and
 * clusters them on the processor, the card ascends for the others. A worker waits for the card in a thread of its own, so
 * nothing has to be made asynchronous for that.
 *
 * @module
 */
import {
  type BackendReport,
  type BatchLimits,
  CARD_BYTES_PER_WORKER,
  keepsBitsInCompany,
  setBatchLimits,
} from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { PipelineContext } from "../pipeline/mod.ts";
import { imagesMadeTogether } from "../visualize/mod.ts";
import { groupJobs, partsOfJobs } from "./group_jobs.ts";
import type { Job } from "./plan.ts";
import { suggestWorkers } from "./score_all_in_workers.ts";

/** Most images of a step on a card. */
const CARD_IMAGES = 4096;

/**
 * The share of a card's free memory that batches are sized for: cuDNN works in as much again, and networks and what is left
 * between tensors take the rest. A guess: it was not measured; where it is too much, batches are halved.
 */
const BATCH_SHARE = 0.4;

/** Free memory that a card is taken to have where the driver does not say. */
const UNKNOWN_BYTES = 8e9;

/** How jobs are done. */
export interface DevicePlan {
  readonly workers: number;
  /** Jobs that are done together; missing where each is done by itself. */
  readonly groups?: readonly (readonly number[])[];
  /** In how many parts each job is done, as far as it has units; missing where each is done whole. */
  readonly parts?: number;
  /** What each worker is told of the card; missing on a processor. */
  readonly card?: WorkerCard;
}

/** What a worker needs to know of the cards. */
export interface WorkerCard {
  /** What stands for cards in tests; `GPU` by default. */
  readonly type?: "CPU";
  /** Number of cards; worker i computes on card i modulo this number. */
  readonly cards: number;
  /** Limits of a worker's batches; null for those of a processor. */
  readonly limits: BatchLimits | null;
}

/** What a plan is made from. */
export interface DeviceWork {
  /** The whole plan. */
  readonly jobs: readonly Job[];
  /** Numbers of the jobs to do. */
  readonly pending: readonly number[];
  /** Number of workers that was asked for; by default as many as are worth starting. */
  readonly workers?: number;
  /**
   * Whether equal bits are asked of the card: then jobs are done one by one in a processor's batches, since the kernels that a
   * card chooses, and with them the last bits, depend on the size of a batch.
   */
  readonly deterministic?: boolean;
}

/**
 * Plans the work on the device of a report. On a card it measures, once for each layer, what an image takes.
 *
 * @throws {InputError} when more workers were asked for than a card's memory holds.
 */
export async function planForDevice(
  { network, profile, lpips }: Pick<PipelineContext, "network" | "profile" | "lpips">,
  report: Pick<BackendReport, "device" | "cards">,
  { jobs, pending, workers: asked, deterministic = false }: DeviceWork,
): Promise<DevicePlan> {
  if (report.device !== "cuda") return planForProcessor(report, jobs, pending, asked);
  const workers = asked ?? suggestWorkers(report, pending.length);
  const cards = report.cards ?? [];
  const count = Math.max(1, cards.length);
  const perCard = Math.ceil(workers / count);
  const leastFree = Math.min(...cards.map(({ freeBytes, totalBytes }) => freeBytes ?? totalBytes));
  const free = Number.isFinite(leastFree) ? leastFree : UNKNOWN_BYTES;
  const holds = Math.max(1, Math.floor(free / CARD_BYTES_PER_WORKER));
  if (cards.length > 0 && perCard > holds) {
    throw new InputError(
      `${workers} workers are more than the card's memory holds: ${(free / 1e9).toFixed(1)} GB of ${
        cards[0].name
      } are ` +
        `free, and a worker needs ${CARD_BYTES_PER_WORKER / 1e9} GB; give --workers ${holds * count} or fewer`,
    );
  }
  if (deterministic) return { workers, card: { cards: count, limits: null } };
  const limits = { images: CARD_IMAGES, bytes: BATCH_SHARE * free / perCard };
  setBatchLimits(limits);
  const { maxImages } = profile.elbow;
  // features of every image of a unit are kept on the card until it is scored
  const kept = maxImages * (lpips.bytesPerImage?.(network.input) ?? 0);
  const units = await unitsTogether(network, profile, jobs, pending);
  for (const [layer, count] of units) units.set(layer, Math.min(count, Math.floor(limits.bytes / kept)));
  return {
    workers,
    groups: groupJobs(jobs, pending, (layer) => units.get(layer)!, workers),
    card: { cards: count, limits },
  };
}

/** Jobs may be done in parts where a unit's bits do not depend on which others are scored with it. */
function planForProcessor(
  report: Pick<BackendReport, "device">,
  jobs: readonly Job[],
  pending: readonly number[],
  asked: number | undefined,
): DevicePlan {
  const cut = report.device === "cpu" && keepsBitsInCompany();
  const units = pending.reduce((sum, job) => sum + jobs[job].units.length, 0);
  const workers = asked ?? suggestWorkers(report, cut ? units : pending.length);
  const parts = cut && pending.length > 0 ? partsOfJobs(pending.length, workers) : 1;
  return parts === 1 ? { workers } : { workers, parts };
}

/** How many units of each layer of the pending jobs a batch of ascent has room for. */
async function unitsTogether(
  network: PipelineContext["network"],
  { elbow, visualize }: PipelineContext["profile"],
  jobs: readonly Job[],
  pending: readonly number[],
): Promise<Map<string, number>> {
  const units = new Map<string, number>();
  for (const layer of new Set(pending.map((job) => jobs[job].layer))) {
    units.set(layer, Math.floor(await imagesMadeTogether(network, layer, visualize) / elbow.minImages));
  }
  return units;
}
