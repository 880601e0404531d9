/** Commands that must be refused, and what tests of commands share. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { polysem } from "./run_main.ts";

/** Runs a command that must exit with 2: nothing on standard output, and one line that says what is wrong. */
export async function refused(pattern: RegExp, ...args: string[]): Promise<void> {
  const { code, out, err } = await polysem(...args);
  assert.equal(code, 2, `${args.join(" ")}\n${out}${err}`);
  assert.equal(out, "", args.join(" "));
  const errors = err.split("\n").filter((line) => line !== "" && !/^(note|conv|fc|scoring)/.test(line));
  assert.equal(errors.length, 1, err);
  assert.match(errors[0], /^error: /);
  assert.match(errors[0], pattern);
}

/** Runs a command that must succeed, with `--json`. */
export async function json(...args: string[]) {
  const { code, out, err } = await polysem(...args, "--json");
  assert.equal(code, 0, `${args.join(" ")}\n${err}`);
  return JSON.parse(out);
}

/** The committed weights of a model. */
export const weightsOf = (model: string): string => join(MODELS_DIRECTORY, model, "weights.safetensors");

/** Writes a model's committed weights with one of them multiplied: finite numbers whose products overflow. */
export async function writeLargeWeights(path: string, model: string, tensor: string, factor: number): Promise<string> {
  const { tensors } = decodeSafetensors(await Deno.readFile(weightsOf(model)), model);
  const { shape, data } = tensors.get(tensor)!;
  const large = data.map((weight) => factor * weight);
  assert.ok(large.every(Number.isFinite));
  await Deno.writeFile(path, encodeSafetensors(new Map(tensors).set(tensor, { shape, data: large })));
  return path;
}

/** Writes a profile that takes a moment: few steps, few images, LPIPS at 32 px. */
export async function writeQuickProfile(folder: string): Promise<string> {
  const path = join(folder, "quick.json");
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      extends: "calibrated",
      visualize: { steps: 4 },
      lpips: { resize: 32 },
      elbow: { minImages: 5, maxImages: 8 },
      cluster: { restarts: 2 },
    }),
  );
  return path;
}
