/**
 * Whether a manifest is one: of the fields that its readers rely on, each of its type.
 *
 * @module
 */
import type { RunManifest } from "../types.ts";

/** Most test images of a dataset; more would be more chunks than a run can list. */
const MOST_IMAGES = 1e9;

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const isOneOf = (...values: unknown[]): Check => (value) => values.includes(value);
const isAbsentOr = (check: Check): Check => (value) => value === undefined || check(value);
const isRecordOf = (checks: Readonly<Record<string, Check>>): Check => (value) =>
  isRecord(value) &&
  Object.entries(checks).every(([key, check]) => check(Object.hasOwn(value, key) ? value[key] : undefined));

/** What each field must be; others may be there. */
const FIELDS: Readonly<Record<keyof RunManifest, Check>> = {
  schema: isCount,
  version: isText,
  model: isText,
  modelSha256: isText,
  modelFormat: isAbsentOr(isOneOf("onnx", "typescript")),
  modelInput: isAbsentOr(isRecord),
  modelClasses: isAbsentOr(isRecordOf({ layer: isText, names: isListOf(isText) })),
  seed: (value) => Number.isSafeInteger(value),
  profileName: isText,
  profile: isRecord,
  embedder: isText,
  embedderSha256: isText,
  embedderFormat: isAbsentOr(isOneOf("onnx")),
  embedderInput: isAbsentOr(isRecord),
  priceCalibrated: isAbsentOr(isOneOf(false)),
  lpips: isText,
  lpipsSha256: isText,
  dataset: (value) =>
    value === null || isRecordOf({
      name: isText,
      kind: isAbsentOr(isOneOf("images", "arrays")),
      sha256: isText,
      images: isAbsentOr((images) => isCount(images) && (images as number) <= MOST_IMAGES),
    })(value),
  jobs: isListOf(isRecordOf({ layer: isText, units: isListOf(isCount) })),
  shard: (value) =>
    isRecordOf({ index: isCount, count: isCount })(value) &&
    (value as RunManifest["shard"]).index < (value as RunManifest["shard"]).count,
  engine: isText,
  kernels: isAbsentOr(isListOf(isText)),
};

/** The first field of a manifest that is not what it must be; null where all are, and no unit is planned twice. */
export function wrongField(manifest: Readonly<Record<string, unknown>>): string | null {
  const wrong = Object.entries(FIELDS).find(([name, check]) => !check(manifest[name]));
  if (wrong !== undefined) return wrong[0];
  const units = (manifest.jobs as RunManifest["jobs"]).flatMap(({ layer, units }) =>
    units.map((unit) => `${layer}:${unit}`)
  );
  return new Set(units).size === units.length ? null : "jobs";
}
