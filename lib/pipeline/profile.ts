/**
 * Profiles: every free choice of the method, in one validated document. `paper` follows the text literally; `calibrated-2`,
 * the default, keeps the stages and formulas and sets the free choices by evidence; `calibrated-1` was the default before.
 * `calibrated` is the newest of them. A run's manifest holds its profile in full.
 *
 * @module
 */
import { basename } from "node:path";
import { z } from "zod";
import { CRITERIA } from "../cluster/mod.ts";
import { EMBEDDERS } from "../embed/mod.ts";
import { InputError, messageOf } from "../errors.ts";
import { LPIPS_NETWORKS } from "../lpips/mod.ts";

/** A number in [low, high]; the message of its error is what is allowed. */
function number(low: number, high: number) {
  const error = `a number from ${low} to ${high}`;
  return z.number({ error }).min(low, { error }).max(high, { error });
}

/** An integer in [low, high]; the message of its error is what is allowed. */
function integer(low: number, high: number) {
  const error = `an integer from ${low} to ${high}`;
  return z.number({ error }).int({ error }).min(low, { error }).max(high, { error });
}

function oneOf<const T extends readonly [string, ...string[]]>(...names: T) {
  return z.enum(names, { error: `one of ${names.map((name) => JSON.stringify(name)).join(", ")}` });
}

function flag() {
  return z.boolean({ error: "true or false" });
}

function section<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) => issue.code === "invalid_type" ? `an object with ${Object.keys(shape).join(", ")}` : undefined,
  });
}

/** Images are compared by what they look like alone. */
const NO_ATTRIBUTIONS = { depth: 0, weight: 0, beta: 0, lpipsWeight: 0, pooledWeight: 0 };

const K_MAX_ALLOWED = 'an integer from 1 to 1000, or "I-1"';

const profileSchema = section({
  /** Ascent: from which image, by which steps, under which transforms, towards which activation. */
  visualize: section({
    /** Free variables of an image: logits of pixels, or scaled Fourier coefficients with decorrelated colour. */
    parametrization: oneOf("pixel", "fourier"),
    /** Where the ascent starts: normal noise, or unrelated real training images drawn by the seed. */
    start: oneOf("noise", "dataset"),
    /** Standard deviation of the noise start, in logits. */
    noiseScale: number(0, 10),
    /** Share of the steps over which the start fades out of the image; 0 keeps it. */
    startFade: number(0, 1),
    /** Steps of Adam. */
    steps: integer(1, 100_000),
    /** Step size of Adam, in logits. */
    learningRate: number(1e-6, 10),
    /** Largest shift in pixels of a 32 px image, either way on both axes; larger images are shifted by as much more. */
    jitter: integer(0, 16),
    /** Largest relative change of size either way; 0 for none. */
    scale: number(0, 0.5),
    /** Largest rotation in degrees, either way; 0 for none. */
    rotation: number(0, 180),
    /** How strongly images of a unit that are made together turn away from each other at first; 0 for not at all. */
    repulsion: number(0, 100).default(0),
    /** Share of the steps in which they do. */
    repulsionShare: number(0, 1).default(0.5),
    /** How a unit's responses become one number. */
    activation: section({
      /** Over the positions of a convolution channel, or the tokens of a transformer; they alone have a class token, the first. */
      reduce: oneOf("mean", "centre", "maximum", "class-token"),
      /** Whether the activation is taken after the ReLU; before it otherwise. */
      postRelu: flag(),
    }),
  }),
  /** Perceptual distance. */
  lpips: section({
    net: oneOf(...LPIPS_NETWORKS),
    /** Side in pixels to which images are resized first. */
    resize: integer(32, 512),
  }),
  /** When to stop making images. */
  elbow: section({
    /** A change of the mean pairwise distance below this counts as small. */
    threshold: number(0, 1),
    /** Number of small changes in a row that stop the sequence. */
    patience: integer(1, 100),
    minImages: integer(2, 1000),
    maxImages: integer(2, 1000),
  }),
  embed: section({
    embedder: oneOf(...EMBEDDERS),
  }),
  /** k-means and the choice of K. */
  cluster: section({
    criterion: oneOf(...CRITERIA),
    /** Cost of a cluster, for the criterion `sse-penalty`. */
    beta: number(0, 1e6),
    /** Factor of the penalty, for the criteria `pelleg-moore` and `spherical`. */
    lambda: number(0, 1000),
    /** Largest K tried: a number, or one less than the number of images. */
    kMax: z.union([integer(1, 1000), z.literal("I-1")], { error: K_MAX_ALLOWED }),
    /** Whether K is also at most half the number of images, rounded down (but at least 1). */
    halfCap: flag(),
    /** Seeded restarts of k-means for each K; the lowest inertia wins. */
    restarts: integer(1, 1000),
    /** Whether the mean embedding of the training images is subtracted before clustering. */
    center: flag(),
    /** Whether embeddings are divided by their L2 norm before clustering, after centring. */
    normalize: flag(),
    /** What one unit of LPIPS between two images adds to the squared distance of their embeddings; 0 for nothing. */
    lpipsWeight: number(0, 1000),
    /** The same for the squared distance of the features of LPIPS's network, pooled over positions. */
    pooledWeight: number(0, 1000),
    /** Images of a smaller cluster join the nearest of the others. */
    minClusterSize: integer(1, 100),
    /**
     * What the unit's answers are made of, beside what its images look like: gradient times activation at a layer below. Where
     * it is known these weights and this price take the place of those above.
     */
    attributions: section({
      /** At which layer below: 1 is the nearest, or the last there is where there are fewer; 0 for none. */
      depth: integer(0, 8),
      /** What one unit of the squared distance of attributions of unit length adds; 0 for nothing. */
      weight: number(0, 1000),
      beta: number(0, 1e6),
      lpipsWeight: number(0, 1000),
      pooledWeight: number(0, 1000),
    }).default(() => ({ ...NO_ATTRIBUTIONS })),
  }),
});

/** Every free choice of the method. The embedder is one that polysem knows, or has the name of the file it came from. */
export type Profile = Omit<z.infer<typeof profileSchema>, "embed"> & { embed: { embedder: string } };

/** The text of the paper, literally. */
export const PAPER: Profile = {
  visualize: {
    parametrization: "pixel",
    start: "noise",
    noiseScale: 0.3,
    startFade: 0,
    steps: 256,
    learningRate: 0.05,
    jitter: 2,
    scale: 0,
    rotation: 0,
    repulsion: 0,
    repulsionShare: 0.5,
    activation: { reduce: "mean", postRelu: false },
  },
  lpips: { net: "alex", resize: 64 },
  elbow: { threshold: 0.02, patience: 1, minImages: 2, maxImages: 48 },
  embed: { embedder: "resnet18-cifar10" },
  cluster: {
    criterion: "pelleg-moore",
    beta: 1.79,
    lambda: 1,
    kMax: "I-1",
    halfCap: false,
    restarts: 10,
    center: false,
    normalize: false,
    lpipsWeight: 0,
    pooledWeight: 0,
    minClusterSize: 1,
    attributions: NO_ATTRIBUTIONS,
  },
};

/** The same stages and formulas, free choices set by evidence on planted units, whose number of features is known. */
export const CALIBRATED_1: Profile = {
  // steps: at 96 every unit of LeNet-5 passes section 3, and a further step gains under 1 % (docs/method.md)
  visualize: { ...PAPER.visualize, start: "dataset", startFade: 1, steps: 96 },
  lpips: PAPER.lpips,
  elbow: { threshold: 0.005, patience: 3, minImages: 32, maxImages: 48 },
  embed: PAPER.embed,
  cluster: {
    criterion: "sse-penalty",
    beta: 6.56,
    lambda: 1,
    kMax: 10,
    halfCap: true,
    restarts: 10,
    center: true,
    normalize: true,
    lpipsWeight: 4,
    pooledWeight: 0.5,
    minClusterSize: 2,
    attributions: NO_ATTRIBUTIONS,
  },
};

/**
 * Set by evidence on units trained towards known classes too: images of a unit repel each other at first. Units without a
 * layer below are scored as by `calibrated-1`.
 */
export const CALIBRATED_2: Profile = { ...CALIBRATED_1, visualize: { ...CALIBRATED_1.visualize, repulsion: 1 } };

/** The newest calibrated profile, which is the default. */
export const CALIBRATED: Profile = CALIBRATED_2;

/** What the default profile is called in runs and tables. */
export const CALIBRATED_NAME = "calibrated-2";

/** The name that stands for the newest calibrated profile, whichever that is. */
const NEWEST = "calibrated";

const SHIPPED: Readonly<Record<string, Profile>> = {
  [CALIBRATED_NAME]: CALIBRATED,
  "calibrated-1": CALIBRATED_1,
  paper: PAPER,
  [NEWEST]: CALIBRATED,
};

/** The names of the profiles that polysem comes with, as a sentence lists them. */
export const PROFILES_LISTED: string = `${CALIBRATED_NAME} (or ${NEWEST}, the newest), calibrated-1, paper`;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => isObject(value) ? value[String(key)] : undefined, document);
}

/** `changes` over `base`: objects merge key by key, anything else replaces. */
function merge(base: unknown, changes: unknown): unknown {
  if (!isObject(base) || !isObject(changes)) return changes;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const whole = Object.hasOwn(base, key) ? merge(base[key], value) : value;
    // not by assignment, which would take a key `__proto__` for what objects inherit
    Object.defineProperty(merged, key, { value: whole, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}

/**
 * A profile out of a document as a file would hold it: complete, or `extends` with the fields to change.
 *
 * @param document parsed JSON.
 * @param source what errors call the document, such as its file name.
 * @throws {InputError} naming each wrong field, its value and what is allowed, in one line.
 */
export function parseProfile(document: unknown, source: string): Profile {
  if (!isObject(document)) {
    throw new InputError(`profile ${source} is not a JSON object; see the profiles' documentation`);
  }
  const { extends: baseName, ...changes } = document;
  if (baseName !== undefined && !(typeof baseName === "string" && Object.hasOwn(SHIPPED, baseName))) {
    throw new InputError(
      `profile ${source}: extends is ${JSON.stringify(baseName)}; allowed: ${
        Object.keys(SHIPPED).map((name) => JSON.stringify(name)).join(", ")
      }`,
    );
  }
  const whole = baseName === undefined ? changes : merge(SHIPPED[baseName as string], changes);
  const parsed = profileSchema.safeParse(whole);
  if (!parsed.success) {
    throw new InputError(`profile ${source}: ${parsed.error.issues.map((issue) => describe(issue, whole)).join("; ")}`);
  }
  const { elbow } = parsed.data;
  if (elbow.minImages > elbow.maxImages) {
    throw new InputError(
      `profile ${source}: elbow.minImages is ${elbow.minImages}; ` +
        `allowed: at most elbow.maxImages, which is ${elbow.maxImages}`,
    );
  }
  return parsed.data;
}

/** A value as an error shows it. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}...`;
}

function describe(issue: z.core.$ZodIssue, document: unknown): string {
  if (issue.code === "unrecognized_keys") {
    const fields = Object.keys(valueAt(CALIBRATED, issue.path) as object).join(", ");
    return issue.keys
      .map((key) => `${[...issue.path, key].join(".")} is not a field; the fields here are ${fields}`)
      .join("; ");
  }
  const value = valueAt(document, issue.path);
  const state = value === undefined
    ? 'is missing (start the file with "extends": "calibrated-2" to give only what differs)'
    : `is ${shown(value)}`;
  return `${issue.path.join(".")} ${state}; allowed: ${issue.message}`;
}

/**
 * The profile of that name, or out of that file.
 *
 * A profile file is JSON, either complete or `{"extends": "calibrated-2" or another name, ...}` with only the fields to change.
 *
 * @param nameOrFile its name, or the path of a JSON file; `calibrated` is the newest calibrated profile.
 * @returns the profile, and its name: for a file, the file's name without its ending; `calibrated-2` for `calibrated`.
 * @throws {InputError} when there is no such profile, or the file is not a valid one.
 */
export async function loadProfile(nameOrFile: string): Promise<{ name: string; profile: Profile }> {
  if (Object.hasOwn(SHIPPED, nameOrFile)) {
    const name = nameOrFile === NEWEST ? CALIBRATED_NAME : nameOrFile;
    return { name, profile: structuredClone(SHIPPED[nameOrFile]) };
  }
  let text: string;
  try {
    text = await Deno.readTextFile(nameOrFile);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new InputError(
      `profile ${JSON.stringify(nameOrFile)} cannot be read: ${reason}; give ${PROFILES_LISTED} or a JSON file`,
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InputError(`profile ${nameOrFile} is not JSON: ${messageOf(error)}; correct it`);
  }
  return { name: basename(nameOrFile).replace(/\.json$/i, ""), profile: parseProfile(document, nameOrFile) };
}
