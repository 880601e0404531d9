/**
 * What is measured of a unit beside its score, and where each measure comes from.
 *
 * @module
 */
import type { UnitId } from "../../types.ts";

/** Name of a metric in tables and files. */
export type MetricKey =
  | "S"
  | "K"
  | "mean_angle"
  | "mean_lpips"
  | "monosemanticity"
  | "dataset_clusters"
  | "dataset_mean_angle"
  | "kurtosis"
  | "sparsity"
  | "class_entropy"
  | "class_selectivity"
  | "attribution_clusters";

/** A metric in words. */
export interface Metric {
  readonly key: MetricKey;
  /** Short name for tables and axes. */
  readonly label: string;
  /** What it is, in one sentence. */
  readonly about: string;
  /** Where it was proposed. */
  readonly reference: string;
  /** Which way a unit of several features should differ from one of a single feature: 1 higher, -1 lower. */
  readonly sign: 1 | -1;
}

/** A unit and all its metrics; null where one is undefined for it. */
export type UnitMetrics = UnitId & Readonly<Record<MetricKey, number | null>>;

/** Every metric, in the order of tables: the score and its number of clusters first. */
export const METRICS: readonly Metric[] = [
  {
    key: "S",
    label: "S",
    about: "polysemanticity score of the visualizations",
    reference: "Alic et al. (2025), section 2.5",
    sign: 1,
  },
  {
    key: "K",
    label: "K",
    about: "number of clusters of the visualizations",
    reference: "Alic et al. (2025), section 2.4",
    sign: 1,
  },
  {
    key: "mean_angle",
    label: "mean angle",
    about: "mean pairwise angle of the visualizations' embeddings over pi",
    reference: "the control without clustering",
    sign: 1,
  },
  {
    key: "mean_lpips",
    label: "mean LPIPS",
    about: "mean pairwise perceptual distance of the visualizations",
    reference: "Zhang et al. (2018), LPIPS",
    sign: 1,
  },
  {
    key: "monosemanticity",
    label: "MS",
    about: "activation-weighted mean pairwise cosine similarity of test images",
    reference: "Pach et al. (2025)",
    sign: -1,
  },
  {
    key: "dataset_clusters",
    label: "dataset K",
    about: "number of clusters of the 32 test images that activate the unit most",
    reference: "K of section 2.4 on real images",
    sign: 1,
  },
  {
    key: "dataset_mean_angle",
    label: "dataset angle",
    about: "mean pairwise angle of those images' embeddings over pi",
    reference: "the control on real images",
    sign: 1,
  },
  {
    key: "kurtosis",
    label: "kurtosis",
    about: "excess kurtosis of the activation over the test images",
    reference: "Willmore & Tolhurst (2001)",
    sign: -1,
  },
  {
    key: "sparsity",
    label: "sparsity",
    about: "Treves-Rolls (mean a)^2 / mean a^2 of the activation after the ReLU: low is sparse",
    reference: "Treves & Rolls (1991)",
    sign: 1,
  },
  {
    key: "class_entropy",
    label: "class entropy",
    about: "entropy in bits of the labels of the 100 test images that activate the unit most",
    reference: "Shannon (1948)",
    sign: 1,
  },
  {
    key: "class_selectivity",
    label: "selectivity",
    about: "best class's mean activation less that of the others, over their sum, after the ReLU",
    reference: "Morcos et al. (2018)",
    sign: -1,
  },
  {
    key: "attribution_clusters",
    label: "attribution K",
    about:
      "number of clusters of what its answers to the 100 test images that activate it most are made of, a layer below",
    reference: "Dreyer et al. (2024), PURE",
    sign: 1,
  },
];
