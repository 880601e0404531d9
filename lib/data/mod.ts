/**
 * Datasets: images by index. The one room that knows where CIFAR-10 lies, and how images lie in files and folders.
 *
 * @module
 */
export {
  type Dataset,
  datasetIn,
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
