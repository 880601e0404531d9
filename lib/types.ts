/**
 * The plain typed data that passes between stages. Nothing here touches a tensor, a file or the network; every room may
 * import these types, the pure ones (elbow, cluster, score) by `import type` alone.
 *
 * @module
 */

/** RGB images of one size, row-major NHWC, values in [0, 1]. */
export interface ImageBatch {
  /** Number of images N. */
  readonly count: number;
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
  /** Pixels, shape [N, H, W, 3], in [0, 1]. */
  readonly data: Float32Array;
}

/** A dense row-major matrix. */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Entries, length rows * cols; entry (i, j) is at i * cols + j. */
  readonly data: Float32Array | Float64Array;
}

/** One unit of a network: a channel of a feature map, a neuron of a dense layer, a feature of tokens. Written `conv2:3`. */
export interface UnitId {
  /** Name of the layer, such as `conv2`. */
  readonly layer: string;
  /** Zero-based index of the channel or neuron in the layer. */
  readonly unit: number;
}

/** Height and width of images, in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A layer whose units can be scored. */
export interface LayerInfo {
  /** Name of the layer, such as `conv2`. */
  readonly name: string;
  /** Where a unit's responses lie: at one place, on a grid of positions, or at the tokens of a sequence. */
  readonly positions: "none" | "grid" | "tokens";
  /** Number of units. */
  readonly units: number;
  /** Other names that it may be asked for by. */
  readonly aliases?: readonly string[];
}

/** The score of one clustering: every number a reader needs beside S. */
export interface ScoreParts {
  /** Number of images I. */
  readonly I: number;
  /** Number of clusters K. */
  readonly K: number;
  /** Cluster count part C = (K - 1) / (I - 1), in [0, 1]; null when I = 1. */
  readonly C: number | null;
  /** Angular diversity D, in [0, 1]; 0 when K = 1. */
  readonly D: number;
  /** S = C + D - C D, in [0, 1]; null when C is. */
  readonly S: number | null;
}

/** One K that was tried: what its clustering costs. */
export interface ClusterCandidate {
  readonly k: number;
  /** Value of the criterion that chooses K, whichever it is; lower is better. */
  readonly criterion: number;
  /** Sum of squared distances to the centres, in the space that was clustered. */
  readonly inertia: number;
}

/** A clustering of a unit's images and its score. */
export interface ClusteringRecord extends ScoreParts {
  /** Cluster of each of the I images, in 0 .. K - 1. */
  readonly assignments: readonly number[];
  /** Angles between centres, theta_ij = arccos(n_i . n_j) / pi, K x K. */
  readonly theta: readonly (readonly number[])[];
  /** Balance of centres, b_ij = 2 min(m_i, m_j) / (m_i + m_j), K x K. */
  readonly b: readonly (readonly number[])[];
  /** Every K tried. */
  readonly candidates: readonly ClusterCandidate[];
}

/** A 90 % interval of S over random draws of the images. S itself lies in it. */
export interface ScoreInterval {
  /** In [0, 1]. */
  readonly low: number;
  /** In [low, 1]. */
  readonly high: number;
}

/**
 * How sure K is: the shares of random halves of a unit's images, or of fresh sets of images, with so many clusters. They add
 * up to 1.
 */
export interface KShares {
  /** Share with one cluster, in [0, 1]. */
  readonly K1: number;
  /** Share with two. */
  readonly K2: number;
  /** Share with three or more. */
  readonly K3: number;
}

/**
 * Why the sequence of images ended: the elbow was reached, the profile's maximum was, no start had a gradient, or an image,
 * its activation or its gradient was no finite number.
 */
export type StopReason = "elbow" | "maximum" | "dead" | "exploded";

/** Distances between what a unit's answers to its images are made of. */
export interface AttributionDistances {
  /** The layer below whose units' contributions are compared. */
  readonly layer: string;
  /** Squared distances of contributions of unit length, 0 .. 4, in the order of a record's `distances`. */
  readonly distances: readonly number[];
}

/** All that is known of one scored unit: what a job commits. */
export interface UnitRecord extends UnitId {
  readonly stopReason: StopReason;
  /** Short names of what a reader should know: `dead`, `dataset_higher`, ... */
  readonly flags: readonly string[];
  /** The images made, [N, H, W, 3]; N may exceed I_paper and I. */
  readonly images: ImageBatch;
  /** Activation of each of the N images, evaluated without transforms. */
  readonly activations: readonly number[];
  /** LPIPS of image j to images 0 .. j - 1, for j = 1 .. N - 1 in turn: N (N - 1) / 2 numbers. */
  readonly distances: readonly number[];
  /** Squared distances of pooled features, in the order of `distances`. */
  readonly pooledDistances: readonly number[];
  /** How differently the unit's answers to its images are made up; absent where the profile does not ask, and where no layer below is known. */
  readonly attributions?: AttributionDistances;
  /** Embeddings of the N images; zero rows for a unit without a score. */
  readonly embeddings: Matrix;
  /**
   * The score of the profile's stop and rule for K; null for a unit that is dead or exploded, or whose embeddings cannot be
   * scored, as its flags say.
   */
  readonly score: ClusteringRecord | null;
  /** Interval of S, by scoring halves of the I images; null without a score, and where the images are too few. */
  readonly scoreInterval: ScoreInterval | null;
  /** K of the same halves; null where there is no interval. */
  readonly kShares: KShares | null;
  /** The score of the prefix at the literal stop with the literal rule for K; null without a score. */
  readonly paper: ClusteringRecord | null;
  /** Mean pairwise angle of the I raw embeddings over pi: the control without clustering; null with fewer than 2 images. */
  readonly meanAngle: number | null;
}

/** An image of a dataset and what a unit makes of it. */
export interface DatasetImage {
  /** Index among the dataset's test images. */
  readonly index: number;
  readonly activation: number;
}

/** What a dataset does to a unit. */
export interface DatasetRecord {
  /** Highest activation over the test images of the dataset; null without a dataset. */
  readonly datasetMax: number | null;
  /** The test images that activate the unit most, best first; none without a dataset. */
  readonly datasetBest: readonly DatasetImage[];
}

/** What a stretch of a dataset's test images does to the units of a plan. */
export interface DatasetChunk {
  /** Index of the first image. */
  readonly from: number;
  /** One more than the index of the last image. */
  readonly to: number;
  readonly layers: readonly {
    readonly layer: string;
    /** The activations that the profile maximizes, shape [to - from, planned units of the layer], units ascending. */
    readonly activations: Matrix;
    /**
     * Activations after the nonlinearity, which a unit applies at each of its positions before they become one number; null
     * for a layer of units at one place, where they follow from the activations.
     */
    readonly responses: Matrix | null;
  }[];
}

/** What makes a run what it is. Two runs with equal manifests give equal scores. */
export interface RunManifest {
  readonly schema: number;
  /** Version of polysem that made the run. */
  readonly version: string;
  readonly model: string;
  readonly modelSha256: string;
  /** What kind of file the model came from; missing for a model that comes with polysem. */
  readonly modelFormat?: "onnx" | "typescript";
  /**
   * How the model of a file takes its images, as far as it was said; `size` of a model that comes with polysem and takes
   * several. Missing where there is nothing to say.
   */
  readonly modelInput?: Readonly<Record<string, unknown>>;
  /** Names of the classes that the units of a layer tell, unit by unit, where they were said of a model of a file. */
  readonly modelClasses?: { readonly layer: string; readonly names: readonly string[] };
  readonly seed: number;
  readonly profileName: string;
  /** The profile in full. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly embedder: string;
  readonly embedderSha256: string;
  /** What kind of file the embedder came from; missing for one that polysem knows. */
  readonly embedderFormat?: "onnx";
  /** Which tensor of a file is the embedding, and how the file takes its images. */
  readonly embedderInput?: Readonly<Record<string, unknown>>;
  /** Where the profile's price of a cluster was found for another embedder. */
  readonly priceCalibrated?: false;
  readonly lpips: string;
  readonly lpipsSha256: string;
  /** Name and sha256 of the dataset, and how many test images activations are compared with; null without a dataset. */
  readonly dataset: {
    readonly name: string;
    /** How own images lay, in files or in arrays; missing for CIFAR-10. */
    readonly kind?: "images" | "arrays";
    readonly sha256: string;
    /** Missing in runs of schema 1 and 2. */
    readonly images?: number;
  } | null;
  /** Jobs of the plan, each a list of units of one layer, before sharding. */
  readonly jobs: readonly { readonly layer: string; readonly units: readonly number[] }[];
  /** Shard of the plan this run holds. */
  readonly shard: { readonly index: number; readonly count: number };
  /** Engine backend and library versions. */
  readonly engine: string;
  /**
   * The kernels that computed the run, such as `AVX2, oneDNN off`: the last bits depend on them. Several where jobs were done
   * on machines that differ. Missing where those of some job are not known.
   */
  readonly kernels?: readonly string[];
}
