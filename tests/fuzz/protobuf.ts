/**
 * Mutations of protocol buffers as they lie in a file: fields with their lengths, whatever they mean.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @module
 */
import { joined, mutateBytes } from "./bytes.ts";
import { type Bytes, type Draw, ODD_NUMBERS, ODD_TEXTS } from "./draw.ts";

/** A field: its number and wire type, and its content without a length. */
interface Field {
  readonly tag: number;
  readonly content: Bytes;
}

const [VARINT, FIXED_64, LENGTH, FIXED_32] = [0, 1, 2, 5];

function readVarint(bytes: Bytes, at: number): { value: bigint; end: number } | null {
  let value = 0n;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    value |= BigInt(bytes[at + i] & 0x7f) << BigInt(7 * i);
    if (bytes[at + i] < 0x80) return { value, end: at + i + 1 };
  }
  return null;
}

/** A number as a varint. */
export function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** The fields of a message; null where the bytes are none. */
function readFields(bytes: Bytes): Field[] | null {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    if (tag === null || tag.value >> 3n === 0n || tag.value > 0xffffffffn) return null;
    const wire = Number(tag.value & 7n);
    let [start, end] = [tag.end, tag.end];
    if (wire === VARINT) end = readVarint(bytes, start)?.end ?? -1;
    else if (wire === FIXED_64) end = start + 8;
    else if (wire === FIXED_32) end = start + 4;
    else if (wire === LENGTH) {
      const length = readVarint(bytes, start);
      if (length === null || length.value > BigInt(bytes.length)) return null;
      start = length.end;
      end = start + Number(length.value);
    } else return null;
    if (end < 0 || end > bytes.length) return null;
    fields.push({ tag: Number(tag.value), content: bytes.subarray(start, end) });
    at = end;
  }
  return fields;
}

function writeFields(fields: readonly Field[]): Bytes {
  return joined(...fields.flatMap(({ tag, content }) => [
    varint(BigInt(tag)),
    ...((tag & 7) === LENGTH ? [varint(BigInt(content.length))] : []),
    content,
  ]));
}

function mutateField({ tag, content }: Field, others: readonly Bytes[], draw: Draw): Field {
  const wire = tag & 7;
  if (wire === VARINT) {
    const number = Math.trunc(draw.pick(ODD_NUMBERS));
    return { tag, content: varint(Number.isFinite(number) ? BigInt(number) : -1n) };
  }
  if (wire !== LENGTH) return { tag, content: content.map(() => draw.below(255)) };
  const inner = content.length > 0 && draw.chance(85) ? readFields(content) : null;
  if (inner !== null) return { tag, content: mutateFields(inner, others, draw) };
  return {
    tag,
    content: draw.chance(40) ? new TextEncoder().encode(draw.pick(ODD_TEXTS)) : mutateBytes(content, [content], draw),
  };
}

function mutateFields(fields: Field[], others: readonly Bytes[], draw: Draw): Bytes {
  const at = draw.below(fields.length - 1);
  const field = fields[at];
  switch (draw.below(11)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(at, 0, ...Array.from({ length: draw.pick([1, 2, 300]) }, () => field));
      break;
    case 2:
      fields.push(...fields.splice(at, 1));
      break;
    case 3: // of another number or wire type
      fields[at] = {
        tag: (draw.below(25) + 1) << 3 | draw.pick([VARINT, LENGTH, field.tag & 7]),
        content: field.content,
      };
      break;
    default:
      fields[at] = mutateField(field, others, draw);
  }
  return writeFields(fields);
}

/** A message with one to a few of its fields changed, at any depth; its lengths are right again. */
export function mutateProtobuf(bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  let mutant = bytes;
  for (let times = 1 + draw.below(2); times > 0; times--) {
    const fields = readFields(mutant);
    if (fields === null || fields.length === 0) return mutateBytes(mutant, others, draw);
    mutant = mutateFields(fields, others, draw);
  }
  return mutant;
}
