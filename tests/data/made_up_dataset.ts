/**
 * Small datasets in memory, for tests that need images and not those of CIFAR-10.
 *
 * @module
 */
import { type Dataset, type DatasetRef, imagesOf, type ImageSource, type PixelSet } from "../../lib/data/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { Size } from "../../lib/types.ts";

/** Images of random bytes and labels 0. */
export function randomPixels(count: number, { height, width }: Size, ...seed: (string | number)[]): PixelSet {
  const random = createRandom("images", ...seed);
  const pixels = Uint8Array.from({ length: count * height * width * 3 }, () => random.integer(0, 255));
  return { count, height, width, pixels, labels: new Uint8Array(count) };
}

/** Images of one colour each, all their bytes alike: `byteOf` says which. */
export function plainPixels(count: number, { height, width }: Size, byteOf: (image: number) => number): PixelSet {
  const perImage = height * width * 3;
  const pixels = Uint8Array.from({ length: count * perImage }, (_, p) => byteOf(Math.floor(p / perImage)));
  return { count, height, width, pixels, labels: new Uint8Array(count) };
}

/** Images in memory as a dataset has them. */
export function sourceOf(images: PixelSet): ImageSource {
  return {
    count: images.count,
    labels: images.labels,
    images: (indices) => Promise.resolve(imagesOf(images, indices)),
  };
}

/** The same without labels. */
export function unlabelledSource(images: PixelSet): ImageSource {
  return { ...sourceOf(images), labels: null };
}

/** Two sets of images of 32 x 32 pixels in memory that threads share, by which `openDataset` opens them as CIFAR-10. */
export function sharedRef(train: PixelSet, test: PixelSet): DatasetRef {
  const part = ({ pixels, labels }: PixelSet) => {
    const shared = new SharedArrayBuffer(pixels.length);
    new Uint8Array(shared).set(pixels);
    return { pixels: shared, labels };
  };
  return { kind: "cifar10", shared: { train: part(train), test: part(test) } };
}

/** A dataset of images in memory, with labels or without. */
export function madeUpDataset(train: ImageSource, test: ImageSource): Dataset {
  return {
    name: "made-up",
    title: "made up",
    sha256: "d".repeat(64),
    classes: [],
    train,
    test,
    ref: { kind: "cifar10", directory: "/made/up" }, // never opened: these images are in no file
  };
}
