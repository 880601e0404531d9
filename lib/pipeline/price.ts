/**
 * The price of a cluster: whether it was found for the embedder at hand.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { type EmbedderRef, EMBEDDERS, EMBEDDERS_LISTED, embedderWeightSet } from "../embed/mod.ts";
import { InputError, messageOf } from "../errors.ts";
import { findWeightSet } from "../weights/mod.ts";
import { CALIBRATED, type Profile } from "./profile.ts";

/** What the price is made of: it holds for these weights alone. */
type Price = Pick<Profile["cluster"], "beta" | "lpipsWeight" | "pooledWeight">;

const calibrationFile = z.object({
  embedder_sha256: z.string(),
  embedder_tensor: z.string().optional(),
  embedder_pool: z.string().optional(),
  lpips: z.string(),
  cluster: z.object({ beta: z.number().min(0), lpipsWeight: z.number().min(0), pooledWeight: z.number().min(0) }),
});

/** The place of an embedder's calibration: `NAME.calibration.json` beside an .onnx file, else `calibration.json` beside its weights. */
export async function calibrationPath(embedder: EmbedderRef): Promise<string> {
  if (embedder.kind === "onnx") return embedder.file.replace(/\.onnx$/i, "") + ".calibration.json";
  const file = embedder.weights ?? (await findWeightSet(embedderWeightSet(embedder.name))).files[0].path;
  return join(dirname(file), "calibration.json");
}

/** A profile with the price that belongs to its embedder. */
export interface PricedProfile {
  readonly profile: Profile;
  /** Where the price was read; null where it is the profile's own. */
  readonly file: string | null;
  /** Whether the price was found for this embedder; true for profiles without a price, and for those that set their own. */
  readonly calibrated: boolean;
}

/**
 * Gives a profile the price that was found for its embedder, where there is one. A price that the profile sets itself stays.
 *
 * @param sha256 hash of the embedder's weights.
 * @throws {InputError} when there is a calibration that is no such file.
 */
export async function priceFor(profile: Profile, embedder: EmbedderRef, sha256: string): Promise<PricedProfile> {
  const { criterion, beta, lpipsWeight, pooledWeight } = profile.cluster;
  const usual = priceOf(CALIBRATED.cluster);
  const isUsual = JSON.stringify({ beta, lpipsWeight, pooledWeight }) === JSON.stringify(usual);
  if (criterion !== "sse-penalty" || !isUsual) return { profile, file: null, calibrated: true };
  const file = await calibrationPath(embedder);
  const found = await readCalibration(file);
  const { tensor, pool = "mean" } = (embedder.kind === "onnx" ? embedder.options : undefined) ?? {};
  // no calibration has a price that goes with attributions
  const fits = profile.cluster.attributions.depth === 0 && found !== null && found.embedder_sha256 === sha256 &&
    found.lpips === profile.lpips.net &&
    found.embedder_tensor === tensor && (found.embedder_pool ?? "mean") === pool;
  if (!fits) return { profile, file: null, calibrated: false };
  const price = priceOf(found.cluster);
  const same = JSON.stringify(price) === JSON.stringify(usual);
  return {
    profile: { ...profile, cluster: { ...profile.cluster, ...price } },
    file: same ? null : file,
    calibrated: true,
  };
}

function priceOf({ beta, lpipsWeight, pooledWeight }: Price): Price {
  return { beta, lpipsWeight, pooledWeight };
}

async function readCalibration(path: string): Promise<z.infer<typeof calibrationFile> | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new InputError(`${path} cannot be read: ${messageOf(error)}; it is the embedder's calibration`);
  }
  try {
    return calibrationFile.parse(JSON.parse(text));
  } catch {
    throw new InputError(
      `${path} is not a calibration; make it by \`deno task polysem validate calibrate\`, or remove it`,
    );
  }
}

/**
 * A profile with another embedder: one from a file by the file's name.
 *
 * @throws {InputError} when there is no embedder of that name.
 */
export function withEmbedder(profile: Profile, embedder: EmbedderRef): Profile {
  if (embedder.kind === "onnx") {
    return { ...profile, embed: { embedder: basename(embedder.file).replace(/\.onnx$/i, "") } };
  }
  if (!(EMBEDDERS as readonly string[]).includes(embedder.name)) {
    throw new InputError(
      `there is no embedder "${embedder.name}"; choose ${EMBEDDERS_LISTED}, or give an .onnx file`,
    );
  }
  return { ...profile, embed: { embedder: embedder.name } };
}
