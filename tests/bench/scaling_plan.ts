/**
 * What `bench --scaling` measures: runs that differ from one in the middle in one thing alone.
 *
 * @module
 */

/** One run. */
export interface Setting {
  /** Units, each layer's share of them. */
  readonly units: number;
  /** Images of a unit. */
  readonly images: number;
  /** Height and width of the images that the network takes, in pixels. */
  readonly side: number;
  /** Test images of the dataset. */
  readonly dataset: number;
  readonly workers: number;
}

/** The axes: what x is on each, and its values. */
export const AXES = ["units", "images", "pixels", "dataset", "workers"] as const;
export type Axis = typeof AXES[number];

/** A run that is measured for an axis. */
export interface Point {
  readonly axis: Axis;
  /** Where it is on the axis: the number of units, of images, of pixels of an image, of test images, of workers. */
  readonly x: number;
  readonly setting: Setting;
}

/** The run in the middle, and the values along each axis. */
export interface ScalingPlan {
  readonly base: Setting;
  readonly units: readonly number[];
  readonly images: readonly number[];
  /** Sides of images; x is their square. */
  readonly sides: readonly number[];
  readonly dataset: readonly number[];
  readonly workers: readonly number[];
  /** Steps of ascent, of every run. */
  readonly steps: number;
}

/** A quarter of an hour of two cores. */
export const PLAN: ScalingPlan = {
  base: { units: 64, images: 8, side: 64, dataset: 512, workers: 2 },
  units: [32, 64, 128, 256, 512, 1024],
  images: [8, 16, 32, 64],
  sides: [64, 96, 128, 176, 224],
  dataset: [512, 2048, 4096, 8192, 16384],
  workers: [1, 2, 3, 4],
  steps: 4,
};

/** The same in little: it shows that it works, and measures nothing well. */
export const QUICK_PLAN: ScalingPlan = {
  base: { units: 2, images: 4, side: 64, dataset: 16, workers: 1 },
  units: [2, 4],
  images: [4, 5],
  sides: [64, 72],
  dataset: [16, 32],
  workers: [1, 2],
  steps: 1,
};

/** The points of a plan, axis by axis; a run that is on several axes is there for each. */
export function pointsOf(plan: ScalingPlan): Point[] {
  const { base } = plan;
  return [
    ...plan.units.map((units): Point => ({ axis: "units", x: units, setting: { ...base, units } })),
    ...plan.images.map((images): Point => ({ axis: "images", x: images, setting: { ...base, images } })),
    ...plan.sides.map((side): Point => ({ axis: "pixels", x: side ** 2, setting: { ...base, side } })),
    ...plan.dataset.map((dataset): Point => ({ axis: "dataset", x: dataset, setting: { ...base, dataset } })),
    ...plan.workers.map((workers): Point => ({ axis: "workers", x: workers, setting: { ...base, workers } })),
  ];
}

/** Settings without repetition, in the order in which they first come. */
export function settingsOf(points: readonly Point[]): Setting[] {
  return [...new Map(points.map(({ setting }) => [keyOf(setting), setting])).values()];
}

/** What tells settings apart. */
export function keyOf({ units, images, side, dataset, workers }: Setting): string {
  return [units, images, side, dataset, workers].join(" ");
}
