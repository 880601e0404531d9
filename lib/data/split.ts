/**
 * Which images are for tests, where nobody has said so.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { InputError } from "../errors.ts";

/** One image in this many is for tests. */
export const TEST_SHARE = 6;

/** Fewest images to start from, and fewest to compare with. */
export const LEAST_IMAGES = 4;

/** sha256 of text or bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Splits names: in the order of their sha256, the first sixth are for tests. Neither the order of the names nor their
 * spelling has a part in it, so that every class is on both sides, about in its share.
 *
 * @returns both parts in the order given.
 */
export function splitByName<T extends { readonly path: string }>(images: readonly T[]): { train: T[]; test: T[] } {
  const ranked = images.map(({ path }) => ({ path, hash: sha256(path) }))
    .sort((a, b) => a.hash < b.hash ? -1 : 1);
  const chosen = new Set(ranked.slice(0, Math.floor(images.length / TEST_SHARE)).map(({ path }) => path));
  return {
    train: images.filter(({ path }) => !chosen.has(path)),
    test: images.filter(({ path }) => chosen.has(path)),
  };
}

/**
 * Checks that both parts have some images.
 *
 * @param isStated whether the user has said which images are which.
 * @throws {InputError} when one has too few.
 */
export function requireSome(directory: string, train: number, test: number, isStated: boolean): void {
  if (train >= LEAST_IMAGES && test >= LEAST_IMAGES) return;
  throw new InputError(
    isStated
      ? `${directory} has ${train} training and ${test} test images; give at least ${LEAST_IMAGES} of each`
      : `${directory} has ${train + test} images, of which one in ${TEST_SHARE} is for tests; give at least ${
        LEAST_IMAGES * TEST_SHARE
      }`,
  );
}
