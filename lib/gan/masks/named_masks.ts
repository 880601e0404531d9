/**
 * Masks that a user asks for by text: a shape by name, or a file.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import { decodeNpy, isNpy } from "../../npy.ts";
import { decodeMask } from "./mask_file.ts";
import { checkMask, drawShape, type Mask, MASK_SIZE, parseShape, SHAPE_NAMES } from "./shapes.ts";

/** A mask that was asked for. */
export interface NamedMask {
  /** The text by which it was asked for. */
  readonly text: string;
  /** A name for it in file names: other characters than letters, digits and `.+-_~` are replaced. */
  readonly name: string;
  readonly mask: Mask;
}

/**
 * Reads masks. A text that names a shape is that shape; a file of the same name needs a path such as `./disk`.
 *
 * @param texts a shape such as `disk:size=.4`, or the path of a PNG or .npy file, for each mask.
 * @returns a mask for each text. No two have the same name.
 * @throws {InputError} when a text is neither a shape nor a file, when its mask has no contour, or when it comes twice.
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
