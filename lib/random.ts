/**
 * Seeded randomness. Every random number comes from a generator that is an argument, and every generator from a list of
 * names and numbers that says what it is for, so that nothing depends on the order in which things are computed.
 *
 * @module
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";

/** A seeded source of random numbers. */
export interface Random {
  /** A uniform number in [0, 1). */
  uniform(): number;
  /** A uniform integer in [low, high], both included. */
  integer(low: number, high: number): number;
  /** A standard normal number. */
  normal(): number;
}

/**
 * A 32-bit seed made of a list of names and numbers: FNV-1a over their JSON text, finished with the avalanche step of
 * MurmurHash3, so that seeds of neighbouring lists are unrelated.
 */
export function deriveSeed(...parts: readonly (string | number)[]): number {
  const text = JSON.stringify(parts);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/**
 * A generator that depends on its parts and nothing else.
 *
 * @param parts what the numbers are for, such as `(runSeed, "start", layer, unit, image)`.
 * @example
 * ```ts
 * const random = createRandom(0, "jitter", "conv2", 3, 17);
 * random.integer(-2, 2);
 * ```
 */
export function createRandom(...parts: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(deriveSeed(...parts));
  const uniform = () => uniformFloat64(generator);
  return {
    uniform,
    integer: (low, high) => uniformInt(generator, low, high),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()), // Box-Muller
  };
}

/** The numbers 0 .. count - 1 in random order (Fisher-Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
