/**
 * Datasets: images by index. The one room that knows where CIFAR-10 lies and how its files are laid out.
 *
 * @module
 */
export {
  type Cifar10,
  CIFAR10_BATCHES,
  CIFAR10_CLASSES,
  CIFAR10_MEAN,
  CIFAR10_SHA256,
  CIFAR10_SIZE,
  CIFAR10_STD,
  cifar10Directory,
  importCifar10Package,
  isCifar10Present,
  type LabelledImages,
  readCifar10,
  toImageBatch,
} from "./cifar10.ts";
