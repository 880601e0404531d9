/**
 * Why a backend is not to be had.
 *
 * @module
 */

/** A backend cannot be used. The message says why. */
export class Unavailable extends Error {
  /** @param remedy what to do about it. */
  constructor(why: string, readonly remedy: string) {
    super(why);
  }
}
