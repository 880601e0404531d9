/**
 * Datasets: images by index. The one room that knows where CIFAR-10 lies and how its files are laid out.
 *
 * @module
 */
export {
  type Dataset,
  type DatasetRef,
  DATASETS,
  DEFAULT_DATASET,
  firstImages,
  type ImageSource,
  indexRange,
  locateDataset,
  openDataset,
  type SharedCifar10,
} from "./dataset.ts";
export {
  CIFAR10_BATCHES,
  CIFAR10_CLASSES,
  CIFAR10_SHA256,
  cifar10Directory,
  importCifar10Package,
  isCifar10Present,
} from "./cifar10.ts";
export { imagesOf, type PixelSet, readPixels } from "./pixels.ts";
