/**
 * Which graphics cards TensorFlow is to compute on, and why not on others.
 *
 * @module
 */
import { TENSORFLOW_VERSION } from "./addon.ts";
import type { Card, Obstacle } from "./nvidia_driver.ts";

/**
 * The least compute capability that TensorFlow's wheel has kernels for: it is built for 6.0 (Pascal, 2016) and later, and
 * passes over older cards without a word.
 */
const LEAST_CAPABILITY = 6;

/**
 * Memory that a worker needs of a card: its networks, a batch, what cuDNN works in, and a share of what CUDA takes for itself.
 * A guess with room to spare: it was not measured.
 */
export const CARD_BYTES_PER_WORKER = 2e9;

/** A card that does not compute. */
export interface RefusedCard extends Obstacle {
  /** Null where the driver shows none. */
  readonly name: string | null;
}

/** Cards by whether they can be used. */
export interface ChosenCards {
  /** In CUDA's order; TensorFlow numbers them anew from 0. */
  readonly cards: readonly Card[];
  readonly refused: readonly RefusedCard[];
}

/** Chooses among the cards that the driver shows, if it shows any. */
export function chooseCards(found: readonly Card[] | Obstacle): ChosenCards {
  if ("why" in found) return { cards: [], refused: [{ name: null, ...found }] };
  const judged = found.map((card) => ({ card, obstacle: obstacleOf(card) }));
  return {
    cards: judged.filter(({ obstacle }) => obstacle === null).map(({ card }) => card),
    refused: judged.flatMap(({ card: { name }, obstacle }) => obstacle === null ? [] : [{ name, ...obstacle }]),
  };
}

function obstacleOf({ capability: [major, minor], totalBytes, freeBytes }: Card): Obstacle | null {
  if (major < LEAST_CAPABILITY) {
    return {
      why:
        `it is too old: its compute capability is ${major}.${minor}, and TensorFlow ${TENSORFLOW_VERSION} computes on ` +
        `${LEAST_CAPABILITY}.0 and later`,
      remedy: "nothing is lost: the processor, or another card, computes in its place",
    };
  }
  const free = freeBytes ?? totalBytes;
  if (free >= CARD_BYTES_PER_WORKER) return null;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  return {
    why: `${gigabytes(free)} GB of its ${gigabytes(totalBytes)} GB are free, and ` +
      `${gigabytes(CARD_BYTES_PER_WORKER)} GB are needed`,
    remedy: totalBytes < CARD_BYTES_PER_WORKER
      ? "another card has more"
      : "end what else uses it (`nvidia-smi` names it); two processes share a card where both are started with " +
        "TF_FORCE_GPU_ALLOW_GROWTH=true",
  };
}

/** Settings of TensorFlow that polysem makes. */
export interface TensorFlowSettings {
  /** How many devices of a type there are to be, such as `{ CPU: 2 }`, or none: `{ GPU: 0 }`. */
  readonly deviceCount?: Readonly<Record<string, number>>;
  /** The cards to use, by CUDA's numbers; all by default. */
  readonly visibleCards?: readonly number[];
  /** Whether an operation that a device has no kernel for is computed on another. */
  readonly softPlacement?: boolean;
}

/**
 * What TensorFlow must be told to compute on the chosen cards; null where it chooses them by itself: one card, and no other.
 *
 * @param found how many cards CUDA shows.
 */
export function settingsFor({ cards }: ChosenCards, found: number): TensorFlowSettings | null {
  if (cards.length === found && found <= 1) return null;
  if (cards.length === 0) return { deviceCount: { GPU: 0 } };
  return {
    ...(cards.length === found ? {} : { visibleCards: cards.map(({ index }) => index) }),
    ...(cards.length === 1 ? {} : { softPlacement: true }),
  };
}

/**
 * Settings as TensorFlow's `ConfigProto`, in hexadecimal digits, as our build of the binding reads them.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/core/protobuf/config.proto
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function encodeSettings({ deviceCount = {}, visibleCards, softPlacement }: TensorFlowSettings): string {
  const field = (number: number, bytes: readonly number[]) => [number << 3 | 2, bytes.length, ...bytes];
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const bytes = [
    // map<string, int32> device_count = 1
    ...Object.entries(deviceCount).flatMap(([type, count]) => field(1, [...field(1, text(type)), 2 << 3, count])),
    // GPUOptions gpu_options = 6, in which string visible_device_list = 5
    ...(visibleCards === undefined ? [] : field(6, field(5, text(visibleCards.join())))),
    ...(softPlacement ? [7 << 3, 1] : []), // bool allow_soft_placement = 7
  ];
  if (bytes.some((byte) => byte > 127)) throw new RangeError("settings longer than a byte can tell");
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
