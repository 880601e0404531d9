/**
 * All measures of a generator, each beside what it is for real images and for what ignores the question.
 *
 * @module
 */
import { type Cifar10, CIFAR10_SIZE, toImageBatch } from "../../data/mod.ts";
import { loadLpips, type Lpips } from "../../lpips/mod.ts";
import { createRandom, deriveSeed, permutation } from "../../random.ts";
import type { ImageBatch, Matrix } from "../../types.ts";
import { type ImageGenerator, LABELS } from "../network/image_generator.ts";
import { gaussianBlur } from "../masks/shapes.ts";
import { createJudge, type Judge } from "./classifier.ts";
import { createConditions, type MaskKind, type MeasureConditions } from "./conditions.ts";
import { createNearestFeatures, type LabelDiversity, labelDiversity } from "./diversity.ts";
import { type FeatureStatistics, featureStatistics, frechetDistance } from "./frechet.ts";
import { type LabelFidelity, labelFidelity } from "./label_fidelity.ts";
import { correlateWithMasks, type MaskCorrelations, type MaskFidelity, maskFidelity } from "./mask_fidelity.ts";
import { measureMovedMask, type MovedMask } from "./moved_mask.ts";
import { createRealComposites } from "./real_composites.ts";

/** Measures of the images of a generator, or of what stands in its place. */
export interface SourceMeasures {
  /** Of images with silhouettes of test images as masks. */
  readonly label: LabelFidelity;
  /** By where masks come from. */
  readonly masks: Readonly<Record<MaskKind, MaskFidelity>>;
  readonly movedMask: MovedMask;
  /** Squared Frechet distance of the judge's features from those of the test images. */
  readonly frechet: number;
  /** LPIPS between images of one label. */
  readonly diversity: LabelDiversity;
}

/** Distances in the judge's features from images to the nearest training image. */
export interface NearestTraining {
  /** Training images compared with. */
  readonly trainingImages: number;
  /** Images of either side. */
  readonly queries: number;
  /** Median distance of generated images: near zero where training images were learned by heart. */
  readonly generated: number;
  /** Median distance of test images. */
  readonly test: number;
}

/** All that was measured: one plain document. */
export interface GeneratorMeasures {
  /** The generator's name. */
  readonly generator: string;
  /** Images measured; see each measure for its own number. */
  readonly count: number;
  readonly seed: number;
  /** The classifier whose labels and 512 features are used. Its Frechet distance is not the Inception FID. */
  readonly judge: { readonly name: string; readonly sha256: string };
  /** The network of LPIPS v0.1, and the side to which images are resized for it. */
  readonly lpips: { readonly net: string; readonly sha256: string; readonly resize: number };
  readonly generated: SourceMeasures;
  /** The same of real test images pasted into each other along the masks. */
  readonly composites: SourceMeasures;
  /** What the judge says of unaltered test images. */
  readonly test: { readonly label: LabelFidelity; readonly diversity: LabelDiversity };
  /** Squared Frechet distances from the same test images, of `count` images each. */
  readonly frechet: {
    /** Test images that all are compared with. */
    readonly reference: number;
    /** Training images. */
    readonly training: number;
    /** Training images smoothed by a Gaussian of one pixel. */
    readonly blurred: number;
    /** Training images with the pixels of each in random order. */
    readonly permuted: number;
    /** Uniform noise. */
    readonly noise: number;
  };
  readonly nearest: NearestTraining;
}

/** How a generator is measured. */
export interface MeasureOptions {
  /** Images to generate with silhouettes of test images, in [50, 50000]; default 5,000. Memory grows by 8 kB an image: features. */
  readonly count?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Called with the number of images done and the number in all, of all kinds. */
  readonly onProgress?: (done: number, total: number, doing: string) => void;
}

/** Fewest images that can be measured: five of each label. */
export const FEWEST_MEASURED = 50;
/** Most images that can be measured: as many as there are training images to compare with. */
export const MOST_MEASURED = 50_000;

/** Images in memory at once. */
const BATCH = 250;
/** Images with random shapes, at most. */
const MOST_SHAPES = 1000;
/** Latents under a moved mask, at most; eight images each. */
const MOST_LATENTS = 100;
/** Images of a label whose distances are measured, at most. */
const MOST_PER_LABEL = 20;
/** Images whose nearest training images are looked for, at most. */
const MOST_QUERIES = 1000;
/** Side to which images are resized for LPIPS, as in the pipeline. */
const LPIPS_SIZE = 64;
/** Standard deviation of blurred images in pixels. */
const BLUR = 1;

const IMAGE = 3 * CIFAR10_SIZE * CIFAR10_SIZE;

/**
 * Measures a generator: do its images show the label, follow the mask, move with it, look like test images and unlike each
 * other? Each beside the same of real images and beside a null (labels and masks shuffled, noise). The backend must be ready
 * (`useBackend`). Depends on nothing but the generator, `count` and `seed`. 5,000 images take some minutes on two cores.
 *
 * Held-out masks are silhouettes of test images; test images are also the reference of Frechet distances, so that those of
 * composites, which are made of test images, are of the same pictures. That a real image's own silhouette is its silhouette
 * is so by construction: composites are real images whose mask was imposed, as a generator's is.
 *
 * @param count at least {@linkcode FEWEST_MEASURED}.
 * @throws {RangeError} when `count` is out of range.
 * @throws {InputError} when weights are missing or altered.
 */
export async function measureGenerator(
  generator: ImageGenerator,
  data: Cifar10,
  { count = 5000, seed = 0, onProgress = () => {} }: MeasureOptions = {},
): Promise<GeneratorMeasures> {
  if (!(Number.isInteger(count) && count >= FEWEST_MEASURED && count <= MOST_MEASURED)) {
    throw new RangeError(`count must be an integer from ${FEWEST_MEASURED} to ${MOST_MEASURED}, got ${count}`);
  }
  const judge = await createJudge();
  try {
    const lpips = await loadLpips("alex", { resize: LPIPS_SIZE });
    try {
      return measure(generator, data, judge, lpips, count, seed, onProgress);
    } finally {
      lpips.dispose();
    }
  } finally {
    judge.dispose();
  }
}

function measure(
  generator: ImageGenerator,
  data: Cifar10,
  judge: Judge,
  lpips: Lpips & { readonly sha256: string },
  count: number,
  seed: number,
  onProgress: (done: number, total: number, doing: string) => void,
): GeneratorMeasures {
  const reference = Math.min(data.test.count, 2 * count);
  const trained = Math.min(data.train.count, 10 * count);
  const shapes = Math.min(count, MOST_SHAPES);
  const latents = Math.min(MOST_LATENTS, Math.ceil(count / 10));
  const perLabel = Math.min(MOST_PER_LABEL, Math.floor(count / LABELS));
  const queries = Math.min(MOST_QUERIES, count, reference);
  const total = reference + 2 * (count + shapes + 8 * latents) + trained + 3 * count;
  let done = 0;
  const advance = (images: number, doing: string) => onProgress(done += images, total, doing);
  const conditions = createConditions(data.test, seed);

  const order = permutation(data.test.count, createRandom(seed, "reference"));
  const chosen = order.subarray(0, reference);
  const test = judgeAll(judge, reference, (start, size) => {
    advance(size, "test images");
    return toImageBatch(data.test, chosen.subarray(start, start + size));
  });
  const moments = featureStatistics(test.features);

  const sourceOptions = { judge, lpips, conditions, moments, count, shapes, latents, perLabel, seed };
  const generated = measureSource(generator, sourceOptions, (images) => advance(images, generator.name));
  const composites = measureSource(
    createRealComposites(data.test),
    sourceOptions,
    (images) => advance(images, "real composites"),
  );

  const trainingOrder = permutation(data.train.count, createRandom(seed, "training images"));
  const training = (start: number, size: number) =>
    toImageBatch(data.train, trainingOrder.subarray(start, start + size));
  const nearestOf = [generated.features, test.features].map((features) =>
    createNearestFeatures(firstRows(features, queries))
  );
  const trainingFeatures = judgeAll(
    judge,
    trained,
    (start, size) => {
      advance(size, "training images");
      return training(start, size);
    },
    (features) => nearestOf.forEach((nearest) => nearest.add(features)),
    Math.min(count, trained),
  ).features;
  const [generatedNearest, testNearest] = nearestOf.map((nearest) => median(nearest.distances()));

  const distanceOf = (doing: string, make: (start: number, size: number) => ImageBatch) =>
    frechetDistance(
      judgeAll(judge, count, (start, size) => {
        advance(size, doing);
        return make(start, size);
      }).features,
      moments,
    );
  const judged = test.labels;
  const asked = Uint8Array.from(chosen, (image) => data.test.labels[image]);
  return {
    generator: generator.name,
    count,
    seed,
    judge: { name: judge.name, sha256: judge.sha256 },
    lpips: { net: lpips.net, sha256: lpips.sha256, resize: LPIPS_SIZE },
    generated: generated.measures,
    composites: composites.measures,
    test: {
      label: labelFidelity(asked, judged, createRandom(seed, "labels", "test")),
      diversity: labelDiversity(
        lpips,
        toImageBatch(data.test, Array.from({ length: perLabel * LABELS }, (_, i) => conditions.testImage(i))),
      ),
    },
    frechet: {
      reference,
      training: frechetDistance(trainingFeatures, moments),
      blurred: distanceOf("blurred images", (start, size) => blurred(training(start, size))),
      permuted: distanceOf("permuted images", (start, size) => permuted(training(start, size), seed, start)),
      noise: distanceOf("noise", (start, size) => noise(size, seed, start)),
    },
    nearest: { trainingImages: trained, queries, generated: generatedNearest, test: testNearest },
  };
}

interface SourceOptions {
  readonly judge: Judge;
  readonly lpips: Lpips;
  readonly conditions: MeasureConditions;
  readonly moments: FeatureStatistics;
  readonly count: number;
  readonly shapes: number;
  readonly latents: number;
  readonly perLabel: number;
  readonly seed: number;
}

/** All measures of one source, its images made and forgotten batch by batch. */
function measureSource(
  source: ImageGenerator,
  { judge, lpips, conditions, moments, count, shapes, latents, perLabel, seed }: SourceOptions,
  advance: (images: number) => void,
): { readonly measures: SourceMeasures; readonly features: Matrix } {
  const kept = new Float32Array(perLabel * LABELS * IMAGE);
  const correlations: Record<MaskKind, MaskCorrelations[]> = { silhouette: [], shape: [] };
  const make = (kind: MaskKind, start: number, size: number): ImageBatch => {
    const asked = conditions.part(kind, start, size);
    const images = source.generate(asked);
    correlations[kind].push(correlateWithMasks(images, asked.masks, asked.labels));
    advance(size);
    return images;
  };
  const { features, labels } = judgeAll(judge, count, (start, size) => {
    const images = make("silhouette", start, size);
    if (start * IMAGE < kept.length) kept.set(images.data.subarray(0, kept.length - start * IMAGE), start * IMAGE);
    return images;
  });
  for (const { start, size } of batches(shapes)) make("shape", start, size);
  const asked = Uint8Array.from({ length: count }, (_, i) => i % LABELS);
  const fidelity = (kind: MaskKind) => maskFidelity(correlations[kind], createRandom(seed, "masks", kind));
  return {
    features,
    measures: {
      label: labelFidelity(asked, labels, createRandom(seed, "labels", "generated")),
      masks: { silhouette: fidelity("silhouette"), shape: fidelity("shape") },
      movedMask: measureMovedMask(source, { latents, seed: deriveSeed(seed, "moved mask"), onImages: advance }),
      frechet: frechetDistance(features, moments),
      diversity: labelDiversity(lpips, {
        count: perLabel * LABELS,
        height: CIFAR10_SIZE,
        width: CIFAR10_SIZE,
        data: kept,
      }),
    },
  };
}

/** All images in batches of nearly the same size, so that none is a single image: a mask of another image needs two. */
function batches(count: number): { readonly start: number; readonly size: number }[] {
  const parts = Math.ceil(count / BATCH);
  const ends = Array.from({ length: parts + 1 }, (_, i) => Math.round(i * count / parts));
  return Array.from({ length: parts }, (_, i) => ({ start: ends[i], size: ends[i + 1] - ends[i] }));
}

/**
 * Features and labels of images that are made batch by batch.
 *
 * @param onFeatures called with the features of each batch.
 * @param most features are kept of the first so many images.
 */
function judgeAll(
  judge: Judge,
  count: number,
  make: (start: number, size: number) => ImageBatch,
  onFeatures: (features: Matrix) => void = () => {},
  most = count,
): { readonly features: Matrix; readonly labels: Uint8Array } {
  const labels = new Uint8Array(count);
  let kept = new Float32Array(0);
  let cols = 0;
  for (const { start, size } of batches(count)) {
    const { features, labels: found } = judge.judge(make(start, size));
    if (kept.length === 0) {
      cols = features.cols;
      kept = new Float32Array(most * cols);
    }
    labels.set(found, start);
    if (start < most) kept.set(features.data.subarray(0, (most - start) * cols), start * cols);
    onFeatures(features);
  }
  return { features: { rows: most, cols, data: kept }, labels };
}

function firstRows({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.subarray(0, rows * cols) };
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** Each colour of each image smoothed. */
function blurred(images: ImageBatch): ImageBatch {
  const data = new Float32Array(images.data.length);
  const plane = new Float32Array(CIFAR10_SIZE * CIFAR10_SIZE);
  for (let start = 0; start < data.length; start += IMAGE) {
    for (let colour = 0; colour < 3; colour++) {
      for (let i = 0; i < plane.length; i++) plane[i] = images.data[start + 3 * i + colour];
      const smooth = gaussianBlur(plane, BLUR);
      for (let i = 0; i < plane.length; i++) data[start + 3 * i + colour] = smooth[i];
    }
  }
  return { ...images, data };
}

/** The pixels of each image in an order of its own. */
function permuted(images: ImageBatch, seed: number, first: number): ImageBatch {
  const data = new Float32Array(images.data.length);
  for (let image = 0; image < images.count; image++) {
    const order = permutation(IMAGE / 3, createRandom(seed, "pixels", first + image));
    order.forEach((from, to) => {
      for (let colour = 0; colour < 3; colour++) {
        data[image * IMAGE + 3 * to + colour] = images.data[image * IMAGE + 3 * from + colour];
      }
    });
  }
  return { ...images, data };
}

/** Independent uniform colours. */
function noise(count: number, seed: number, first: number): ImageBatch {
  const data = new Float32Array(count * IMAGE);
  for (let image = 0; image < count; image++) {
    const random = createRandom(seed, "noise", first + image);
    for (let i = image * IMAGE; i < (image + 1) * IMAGE; i++) data[i] = random.uniform();
  }
  return { count, height: CIFAR10_SIZE, width: CIFAR10_SIZE, data };
}
