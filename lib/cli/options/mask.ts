/**
 * Masks as options: a file, or a shape by name.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import {
  checkMask,
  decodeMask,
  drawShape,
  type Mask,
  MASK_SIZE,
  parseShape,
  SHAPE_NAMES,
} from "../../gan/masks/mod.ts";
import { decodeNpy, isNpy } from "../../store/mod.ts";

/** What a mask may be, for `--help`. */
export const MASK_HELP = "a PNG or .npy file, or a shape such as disk, letter-T or disk:x=.2,y=-.1,size=.4,angle=30";

/** A mask that was asked for. */
export interface NamedMask {
  /** As it was asked for. */
  readonly text: string;
  /** The same in letters that file names may have. */
  readonly name: string;
  readonly mask: Mask;
}

/**
 * Reads masks. What names a shape is one; a file of that name needs a path such as `./disk`.
 *
 * @returns one each, with different names.
 * @throws {InputError} when one is neither a shape nor a file, is no mask, or comes twice.
 */
export async function readMasks(texts: readonly string[]): Promise<NamedMask[]> {
  const masks: NamedMask[] = [];
  for (const text of texts) {
    if (masks.some((other) => other.text === text)) {
      throw new InputError(`the mask ${text} is given twice; give it once`);
    }
    const isShape = SHAPE_NAMES.includes(text.split(":")[0].trim());
    const mask = isShape ? drawNamed(text) : await readFile(text);
    const plain = (isShape ? text : basename(text).replace(/\.[^.]*$/, "")).replace(/[^\w.+-]+/g, "-");
    const taken = masks.filter(({ name }) => name === plain || name.startsWith(`${plain}~`)).length;
    masks.push({ text, name: taken === 0 ? plain : `${plain}~${taken + 1}`, mask });
  }
  return masks;
}

function drawNamed(text: string): Mask {
  const shape = parseShape(text);
  return checkMask(drawShape(shape.name, shape), text);
}

async function readFile(path: string): Promise<Mask> {
  if (!existsSync(path)) {
    const figures = SHAPE_NAMES.filter((name) => !name.startsWith("letter-")).join(", ");
    throw new InputError(
      `the mask ${
        JSON.stringify(path)
      } is neither a file nor a shape; give a PNG or .npy file, or one of ${figures}, ` +
        "letter-A to letter-Z",
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`cannot read the mask ${path}: ${messageOf(error)}; check the path`);
  }
  if (!isNpy(bytes)) return decodeMask(bytes, path);
  const { shape, data } = decodeNpy(bytes, path);
  if (shape.length !== 2 || shape.some((side) => side !== MASK_SIZE)) {
    throw new InputError(
      `the mask ${path} has the shape (${shape.join(", ")}) instead of (${MASK_SIZE}, ${MASK_SIZE}); resize it first`,
    );
  }
  return checkMask(data, path);
}
