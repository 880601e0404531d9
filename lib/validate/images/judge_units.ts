/**
 * Units' own images and real ones as explanations: how often they tell which of two test images excites the unit more.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import type { ImageSource } from "../../data/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import { type Lpips, squaredDistances, type UnitVector } from "../../lpips/mod.ts";
import type { Network } from "../../networks/mod.ts";
import type { Size, UnitId } from "../../types.ts";
import { imageRequests, visualize, type VisualizeOptions } from "../../visualize/mod.ts";
import type { Ends } from "./choose_images.ts";
import { likeness, shareRight } from "./decide.ts";

/** The setting whose references are real images. */
export const REAL = "real images";

/** What units are judged with. */
export interface JudgeContext {
  readonly network: Network;
  /** The images that are asked about. */
  readonly test: ImageSource;
  /** Real images that may explain a unit; none of those that are asked about. */
  readonly references: ImageSource;
  /** Images that ascent starts from. */
  readonly starts: ImageSource;
  readonly lpips: Pick<Lpips, "features">;
  /** How images are made, by the name of the profile. */
  readonly profiles: Readonly<Record<string, VisualizeOptions>>;
  /** References a side: images that excite a unit, and as many that do not. */
  readonly images: number;
  readonly seed: number;
}

/** A unit, the test images that are asked about, and the real images that may explain it. */
export interface UnitQuestions {
  readonly unit: number;
  /** Test images by pairs; null for a unit that only lends its references to another. */
  readonly pairs: Ends | null;
  /** Real images among the references; null where they do not tell the unit's activations apart. */
  readonly real: Ends | null;
  /** Activations of these real images, in their order. */
  readonly realActivations: { readonly most: readonly number[]; readonly least: readonly number[] };
}

/** What one setting says of a unit. */
export interface Judgement {
  /** A profile by its name, or `REAL`. */
  readonly setting: string;
  /** Share of right choices by the unit's own references; null where there are none. */
  readonly own: number | null;
  /** The same by those of another unit of the layer; null where there is no other, or none of its. */
  readonly another: number | null;
  /** Mean activation of the unit on its own positive references; null where there are none. */
  readonly positive: number | null;
  /** The same of the negative ones. */
  readonly negative: number | null;
}

/** A unit that was asked about. */
export interface JudgedUnit extends UnitId {
  /** The other unit of the layer whose references were tried; null where there is none. */
  readonly other: number | null;
  /** By each profile in turn, and by real images. */
  readonly judgements: readonly Judgement[];
}

/** References of one unit in one setting, as the metric sees them. */
interface References {
  readonly positive: readonly UnitVector[];
  readonly negative: readonly UnitVector[];
  readonly activations: { readonly positive: number; readonly negative: number };
}

/** References of one unit, by setting; null where it has none. */
type UnitReferences = ReadonlyMap<string, References | null>;

/**
 * Judges a few units of one layer. Each is also judged by the references of the next one in the list, the last by those of
 * the first. Every image goes through the metric once, as the network sees it: at the network's size.
 *
 * @param units in the order in which they lend each other references; a single one has no other.
 * @param onProgress called with the share that is done, in [0, 1].
 * @returns the units that were asked about, in the order given.
 */
export async function judgeUnits(
  context: JudgeContext,
  layer: string,
  units: readonly UnitQuestions[],
  onProgress: (share: number) => void = () => {},
): Promise<JudgedUnit[]> {
  const made = await makeImages(context, layer, units, (share) => onProgress(0.9 * share));
  const first = await referencesOf(context, units, made, 0);
  const judged: JudgedUnit[] = [];
  let own = first;
  for (const [i, { unit, pairs }] of units.entries()) {
    const isLast = i === units.length - 1;
    const next = isLast ? first : await referencesOf(context, units, made, i + 1);
    if (pairs !== null) {
      const other = units.length === 1 ? null : units[(i + 1) % units.length].unit;
      judged.push({ layer, unit, other, judgements: await ask(context, pairs, own, other === null ? null : next) });
    }
    own = next;
    onProgress(0.9 + 0.1 * (i + 1) / units.length);
  }
  return judged;
}

/** Images of one profile: `images` of each unit, unit after unit, that excite it and that do not. */
type MadeImages = Readonly<Record<"positive" | "negative", Awaited<ReturnType<typeof visualize>>>>;

async function makeImages(
  { network, starts, profiles, images, seed }: JudgeContext,
  layer: string,
  units: readonly UnitQuestions[],
  onProgress: (share: number) => void,
): Promise<Map<string, MadeImages>> {
  const requests = imageRequests(units.map(({ unit }) => unit), 0, images);
  const made = new Map<string, MadeImages>();
  for (const [name, options] of Object.entries(profiles)) {
    const along = (direction: 1 | -1, before: number) =>
      visualize(network, layer, requests, options, {
        seed,
        dataset: starts,
        direction,
        onProgress: (share) => onProgress((made.size + (before + share) / 2) / Object.keys(profiles).length),
      });
    made.set(name, { positive: await along(1, 0), negative: await along(-1, 1) });
  }
  return made;
}

async function referencesOf(
  { network, references: source, lpips, images }: JudgeContext,
  units: readonly UnitQuestions[],
  made: ReadonlyMap<string, MadeImages>,
  index: number,
): Promise<UnitReferences> {
  const references = new Map<string, References | null>();
  for (const [name, sides] of made) {
    const [from, to] = [index * images, (index + 1) * images];
    const side = async ({ images: { height, width, data }, activations }: MadeImages["positive"]) => ({
      vectors: await lpips.features({
        count: images,
        height,
        width,
        data: data.subarray(from * height * width * 3, to * height * width * 3),
      }),
      mean: meanSimple([...activations.subarray(from, to)]),
    });
    // a unit without a gradient from any start is dead: its images are what they started from
    const isDead = sides.positive.gradientless.slice(from, to).every(Boolean);
    const hasExploded = Object.values(sides).some(({ exploded }) => exploded.slice(from, to).some(Boolean));
    if (isDead || hasExploded) references.set(name, null);
    else references.set(name, toReferences(await side(sides.positive), await side(sides.negative)));
  }
  const { real, realActivations } = units[index];
  const shown = async (indices: readonly number[], activations: readonly number[]) => ({
    vectors: await seen(lpips, source, indices, network.input),
    mean: meanSimple([...activations]),
  });
  references.set(
    REAL,
    real && toReferences(
      await shown(real.most, realActivations.most),
      await shown(real.least, realActivations.least),
    ),
  );
  return references;
}

interface Side {
  readonly vectors: readonly UnitVector[];
  readonly mean: number;
}

function toReferences(positive: Side, negative: Side): References {
  return {
    positive: positive.vectors,
    negative: negative.vectors,
    activations: { positive: positive.mean, negative: negative.mean },
  };
}

/** Real images that are in memory at once. */
const TOGETHER = 32;

/** Images of a source as the metric sees them, once they are as the network sees them. */
async function seen(
  lpips: Pick<Lpips, "features">,
  source: ImageSource,
  indices: readonly number[],
  { height, width }: Size,
): Promise<UnitVector[]> {
  const vectors: UnitVector[] = [];
  for (let from = 0; from < indices.length; from += TOGETHER) {
    const images = await source.images(indices.slice(from, from + TOGETHER));
    vectors.push(...await lpips.features(resizeBilinear(images, height, width)));
  }
  return vectors;
}

/** Asks about a unit's pairs: each setting's own references, and those of another unit. */
async function ask(
  { network, test, lpips }: JudgeContext,
  pairs: Ends,
  own: UnitReferences,
  another: UnitReferences | null,
): Promise<Judgement[]> {
  const exciting = await seen(lpips, test, pairs.most, network.input);
  const other = await seen(lpips, test, pairs.least, network.input);
  const shareBy = (references: References | null | undefined): number | null => {
    if (!references) return null;
    const { positive, negative } = references;
    const likenesses = (queries: readonly UnitVector[]) =>
      queries.map((query) => likeness(squaredDistances(query, positive), squaredDistances(query, negative)));
    return shareRight(likenesses(exciting), likenesses(other));
  };
  return [...own].map(([setting, references]) => ({
    setting,
    own: shareBy(references),
    another: shareBy(another?.get(setting)),
    positive: references?.activations.positive ?? null,
    negative: references?.activations.negative ?? null,
  }));
}
