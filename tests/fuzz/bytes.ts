/**
 * Mutations of bytes that know nothing of a format.
 *
 * @module
 */
import { type Bytes, type Draw, ODD_NUMBERS } from "./draw.ts";

/** Longest file that mutations make: what a small file claims is wanted, not what a large one holds. */
const MOST_BYTES = 2 ** 21;

/** Bytes one after the other. */
export function joined(...parts: readonly ArrayLike<number>[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes with some in place of others. */
function spliced(bytes: Bytes, at: number, removed: number, added: Bytes): Bytes {
  return joined(bytes.subarray(0, at), added, bytes.subarray(Math.min(bytes.length, at + removed)));
}

/** A number that is too large, too small or no whole one, written over what is there. */
function writeNumber(bytes: Bytes, at: number, draw: Draw): void {
  const size = draw.pick([1, 2, 4, 8]);
  if (at + size > bytes.length) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = draw.chance(50);
  const number = draw.pick(ODD_NUMBERS);
  const whole = Number.isSafeInteger(Math.trunc(number)) ? BigInt(Math.trunc(number)) : draw.pick([2n ** 63n, -1n]);
  if (size === 1) view.setUint8(at, Number(BigInt.asUintN(8, whole)));
  else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, whole)), little);
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, whole)), little);
  else if (draw.chance(20)) view.setFloat64(at, number, little);
  else view.setBigUint64(at, BigInt.asUintN(64, whole), little);
}

/** One mutation of bytes. */
function mutateOnce(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  // the beginning of a file, where its sizes are, as often as all the rest
  const place = () => draw.chance(40) ? draw.below(Math.min(bytes.length, 128)) : draw.below(bytes.length);
  const at = place();
  const copy = bytes.slice();
  switch (draw.below(9)) {
    case 0: // flip a bit
      if (at < copy.length) copy[at] ^= 1 << draw.below(7);
      return copy;
    case 1: // other bytes
      copy.subarray(at, at + 1 + draw.below(16)).forEach((_, i) => copy[at + i] = draw.below(255));
      return copy;
    case 2: // cut off
      return copy.subarray(0, at);
    case 3: // go on
      return joined(copy, draw.chance(50) ? draw.bytes(64) : new Uint8Array(1 + draw.below(70_000)));
    case 4: { // go on as another file
      const other = draw.pick(others);
      return joined(copy.subarray(0, at), other.subarray(draw.below(other.length)));
    }
    case 5: { // a stretch several times
      const stretch = copy.subarray(at, at + 1 + draw.below(200));
      return spliced(copy, at, 0, joined(...Array.from({ length: 1 + draw.below(50) }, () => stretch)));
    }
    case 6: // leave out
      return spliced(copy, at, 1 + draw.below(64), new Uint8Array());
    case 7: // put in
      return spliced(copy, at, 0, draw.bytes(16));
    default:
      writeNumber(copy, at, draw);
      return copy;
  }
}

/**
 * Mutates bytes, once to a few times.
 *
 * @param others files of the same format.
 */
export function mutateBytes(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  let mutant = bytes;
  for (let times = 1 + draw.below(3); times > 0; times--) mutant = mutateOnce(mutant, others, draw);
  return mutant.subarray(0, MOST_BYTES);
}
