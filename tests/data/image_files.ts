/**
 * Made-up image files, for tests of datasets in folders.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { encodePng } from "../../lib/images/mod.ts";
import { createRandom } from "../../lib/random.ts";

/** A PNG of random pixels. */
export function randomPng(height: number, width: number, ...seed: (string | number)[]): Uint8Array {
  const random = createRandom("png", ...seed);
  const data = Float32Array.from({ length: height * width * 3 }, () => random.integer(0, 255) / 255);
  return encodePng({ count: 1, height, width, data });
}

/** A PNG of one grey. */
export function plainPng(height: number, width: number, byte: number): Uint8Array {
  return encodePng({ count: 1, height, width, data: new Float32Array(height * width * 3).fill(byte / 255) });
}

/** Writes files, by their paths from a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeFile(
      join(folder, path),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
}

/** Paths `prefix0.png` .. with a grey image each: image i has the byte `first + i`. */
export function plainFiles(count: number, prefix: string, first = 0, side = 40): Record<string, Uint8Array> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${prefix}${i}.png`, plainPng(side, side, first + i)]),
  );
}
