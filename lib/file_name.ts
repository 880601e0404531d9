/**
 * Makes a safe file name from any text, such as the name of a layer.
 *
 * @module
 */
import { createHash } from "node:crypto";

/**
 * A text as a part of a file's name. Letters, digits, `.`, `_` and `-` stay; where anything else had to be replaced, or the
 * name would begin with a dot, eight digits of a hash of the text follow, so that two texts never become one name.
 *
 * @example `layer4.0.conv2` stays as it is; `/layer1/Conv` becomes `_layer1_Conv-` and its digits.
 */
export function fileName(text: string): string {
  const safe = text.replaceAll(/[^\p{L}\p{N}._-]/gu, "_").replace(/^\./, "_");
  if (safe === text && text.length <= 100) return text;
  return `${safe.slice(0, 100)}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}
