/**
 * All measures of a generator. Each stands beside what it is for real images, and for a generator that ignores the
 * question.
 *
 * @module
 */
import { median } from "simple-statistics";
import { type Dataset, imagesOf } from "../../data/mod.ts";
import { loadLpips } from "../../lpips/mod.ts";
import { firstRows } from "../../matrix.ts";
import { createRandom, permutation } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";
import { type DatasetImages, readDatasetImages } from "../dataset_images.ts";
import { type ImageGenerator, LABELS } from "../network/image_generator.ts";
import { blurred, noise, permuted } from "./altered_images.ts";
import { createJudge, type Judge } from "./classifier.ts";
import { createConditions } from "./conditions.ts";
import { createNearestFeatures, type LabelDiversity, labelDiversity } from "./diversity.ts";
import { type FeatureStatistics, featureStatistics, frechetDistance } from "./frechet.ts";
import { judgeAll } from "./judge_all.ts";
import { type LabelFidelity, labelFidelity } from "./label_fidelity.ts";
import { measureSource, type MeasureTools, type SourceMeasures } from "./measure_source.ts";
import { createRealComposites } from "./real_composites.ts";

/** Distances from images to the nearest training image, in the judge's features. */
export interface NearestTraining {
  /** Number of training images. */
  readonly trainingImages: number;
  /** Number of generated images, and of test images. */
  readonly queries: number;
  /** Median distance of generated images. It is near zero when the generator repeats training images. */
  readonly generated: number;
  /** Median distance of test images. */
  readonly test: number;
}

/** All that was measured: one plain document. */
export interface GeneratorMeasures {
  /** The generator's name. */
  readonly generator: string;
  /** Images under silhouettes; each measure states how many images it is of. */
  readonly count: number;
  readonly seed: number;
  /** The classifier whose labels and 512 features are used. Its Frechet distance is not the Inception FID. */
  readonly judge: { readonly name: string; readonly sha256: string };
  /** The network of LPIPS v0.1, and the side to which images are resized for it. */
  readonly lpips: { readonly net: string; readonly sha256: string; readonly resize: number };
  readonly generated: SourceMeasures;
  /** The same measures of real test images that are pasted into each other along the masks. */
  readonly composites: SourceMeasures;
  /** The same measures of test images as they are, where they apply. */
  readonly test: { readonly label: LabelFidelity; readonly diversity: LabelDiversity };
  /** Squared Frechet distances from the same test images, of `count` images each. */
  readonly frechet: {
    /** Number of those test images. */
    readonly reference: number;
    /** Training images. */
    readonly training: number;
    /** Training images smoothed by a Gaussian with a standard deviation of one pixel. */
    readonly blurred: number;
    /** Training images whose pixels are in random order. */
    readonly permuted: number;
    /** Uniform noise. */
    readonly noise: number;
  };
  readonly nearest: NearestTraining;
}

/** How a generator is measured. */
export interface MeasureOptions {
  /**
   * Images to generate under silhouettes of test images, in [50, 50000]; default 5,000. Features take 8 kB an image.
   */
  readonly count?: number;
  /** Of latents, masks and samples; default 0. */
  readonly seed?: number;
  /** Called with the number of images done and the number in all, whatever they are, and with what they are. */
  readonly onProgress?: (done: number, total: number, doing: string) => void;
}

/** Fewest images that can be measured: five of each label. */
export const FEWEST_MEASURED = 50;
/** Most images that can be measured: as many as there are training images to compare with. */
export const MOST_MEASURED = 50_000;

/** Images with random shapes, at most. */
const MOST_SHAPES = 1000;
/** Latents under a moved mask, at most; each has eight images. */
const MOST_LATENTS = 100;
/** Images of a label whose LPIPS is measured, at most: 190 pairs. */
const MOST_PER_LABEL = 20;
/** Images whose nearest training images are searched, at most. */
const MOST_QUERIES = 1000;
/** Side to which images are resized for LPIPS, as in the pipeline. */
const LPIPS_SIZE = 64;

/** How many images of each kind a measurement takes. */
interface MeasurePlan {
  readonly count: number;
  /** Test images that all are compared with. */
  readonly reference: number;
  /** Training images among which the nearest are searched. */
  readonly trained: number;
  readonly shapes: number;
  readonly latents: number;
  readonly perLabel: number;
  readonly queries: number;
  /** All images, whatever they are. */
  readonly total: number;
}

function planOf(count: number, { train, test }: DatasetImages): MeasurePlan {
  const reference = Math.min(test.count, 2 * count);
  const trained = Math.min(train.count, 10 * count);
  const shapes = Math.min(count, MOST_SHAPES);
  const latents = Math.min(MOST_LATENTS, Math.ceil(count / 10));
  return {
    count,
    reference,
    trained,
    shapes,
    latents,
    perLabel: Math.min(MOST_PER_LABEL, Math.floor(count / LABELS)),
    queries: Math.min(MOST_QUERIES, count, reference),
    total: reference + 2 * (count + shapes + 8 * latents) + trained + 3 * count,
  };
}

/**
 * Measures a generator. Do its images show the label, follow the mask, and move with it? Do they look like test images,
 * and unlike each other? Each answer stands beside that of real images and that of a null (labels and masks shuffled,
 * noise). The backend must be ready (`useBackend`). The result depends on the generator, the dataset, `count` and
 * `seed` alone. 5,000 images take some minutes on two cores.
 *
 * The masks are silhouettes of test images, which training never saw. Frechet distances are from test images too; for
 * composites, which are made of test images, these are distances from the same pictures. A real image follows its own
 * silhouette by construction. Therefore the real images that are measured are composites, on which the mask is imposed
 * as it is on a generator.
 *
 * @param dataset of the generator's labels.
 * @throws {RangeError} when `count` is out of range.
 * @throws {InputError} when the dataset has other labels, or weights are missing or altered.
 */
export async function measureGenerator(
  generator: ImageGenerator,
  dataset: Dataset,
  { count = 5000, seed = 0, onProgress = () => {} }: MeasureOptions = {},
): Promise<GeneratorMeasures> {
  if (!(Number.isInteger(count) && count >= FEWEST_MEASURED && count <= MOST_MEASURED)) {
    throw new RangeError(`count must be an integer from ${FEWEST_MEASURED} to ${MOST_MEASURED}, got ${count}`);
  }
  const images = await readDatasetImages(dataset);
  const plan = planOf(count, images);
  let done = 0;
  const advance = (more: number, doing: string) => onProgress(done += more, plan.total, doing);
  const judge = await createJudge();
  try {
    const lpips = await loadLpips("alex", { resize: LPIPS_SIZE });
    try {
      const measures = await measure(generator, images, plan, { judge, lpips, seed, advance });
      return {
        generator: generator.name,
        count,
        seed,
        judge: { name: judge.name, sha256: judge.sha256 },
        lpips: { net: lpips.net, sha256: lpips.sha256, resize: LPIPS_SIZE },
        ...measures,
      };
    } finally {
      lpips.dispose();
    }
  } finally {
    judge.dispose();
  }
}

async function measure(
  generator: ImageGenerator,
  images: DatasetImages,
  plan: MeasurePlan,
  tools: Omit<MeasureTools, "conditions" | "moments">,
): Promise<Pick<GeneratorMeasures, "generated" | "composites" | "test" | "frechet" | "nearest">> {
  const { judge, lpips, seed, advance } = tools;
  const { count, reference, trained, perLabel, queries } = plan;
  const conditions = createConditions(images.test, seed);
  const chosen = permutation(images.test.count, createRandom(seed, "reference")).subarray(0, reference);
  const test = judgeAll(judge, reference, (start, size) => {
    advance(size, "test images");
    return imagesOf(images.test, chosen.subarray(start, start + size));
  });
  const moments = featureStatistics(test.features);
  const source = { ...tools, conditions, moments };
  const generated = await measureSource(generator, plan, source);
  const composites = await measureSource(createRealComposites(images.test), plan, source);

  const order = permutation(images.train.count, createRandom(seed, "training images"));
  const training = (start: number, size: number) => imagesOf(images.train, order.subarray(start, start + size));
  const nearest = [generated.features, test.features].map((features) =>
    createNearestFeatures(firstRows(features, queries))
  );
  const trainingFeatures = judgeAll(
    judge,
    trained,
    (start, size) => {
      advance(size, "training images");
      return training(start, size);
    },
    { keep: Math.min(count, trained), onFeatures: (features) => nearest.forEach((each) => each.add(features)) },
  ).features;
  const [generatedNearest, testNearest] = nearest.map((each) => median(Array.from(each.distances())));

  const asked = Uint8Array.from(chosen, (image) => images.test.labels[image]);
  const testSample = Array.from({ length: perLabel * LABELS }, (_, i) => conditions.testImage(i));
  return {
    generated: generated.measures,
    composites: composites.measures,
    test: {
      label: labelFidelity(asked, test.labels, createRandom(seed, "labels", "test")),
      diversity: await labelDiversity(lpips, imagesOf(images.test, testSample)),
    },
    frechet: {
      reference,
      training: frechetDistance(trainingFeatures, moments),
      ...alteredDistances(count, training, moments, { judge, seed, advance }),
    },
    nearest: { trainingImages: trained, queries, generated: generatedNearest, test: testNearest },
  };
}

/** Frechet distances of training images that are blurred or permuted, and of noise. */
function alteredDistances(
  count: number,
  training: (start: number, size: number) => ImageBatch,
  moments: FeatureStatistics,
  { judge, seed, advance }: { readonly judge: Judge; readonly seed: number; readonly advance: MeasureTools["advance"] },
): Pick<GeneratorMeasures["frechet"], "blurred" | "permuted" | "noise"> {
  const distanceOf = (doing: string, make: (start: number, size: number) => ImageBatch) => {
    const { features } = judgeAll(judge, count, (start, size) => {
      advance(size, doing);
      return make(start, size);
    });
    return frechetDistance(features, moments);
  };
  return {
    blurred: distanceOf("blurred images", (start, size) => blurred(training(start, size))),
    permuted: distanceOf("permuted images", (start, size) => permuted(training(start, size), seed, start)),
    noise: distanceOf("noise", (start, size) => noise(size, seed, start)),
  };
}
