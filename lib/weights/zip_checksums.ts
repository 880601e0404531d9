/**
 * The checksums that a zip file's directory lists, which its reader (fflate) does not compare.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3.12 to 4.3.16
 * @module
 */

const ENTRY = 0x02014b50;
const END = 0x06054b50;
const END_64_PLACE = 0x07064b50;
/** What stands where a number is too large for its field. */
const IN_END_64 = 0xffffffff;

/**
 * The CRC-32 of every entry, in the order of the directory.
 *
 * @param bytes a zip file whose directory can be read; where it is damaged, the list ends.
 */
export function zipChecksums(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const holds = (at: number, signature: number) =>
    at >= 0 && at + 4 <= bytes.length && view.getUint32(at, true) === signature;
  let end = bytes.length - 22;
  while (end >= 0 && !holds(end, END)) end--;
  if (end < 0) return [];
  let at = view.getUint32(end + 16, true);
  if (at === IN_END_64 && holds(end - 20, END_64_PLACE)) {
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (end64 + 56 <= bytes.length) at = Number(view.getBigUint64(end64 + 48, true));
  }
  const checksums: number[] = [];
  while (holds(at, ENTRY) && at + 46 <= bytes.length) {
    checksums.push(view.getUint32(at + 16, true));
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return checksums;
}
