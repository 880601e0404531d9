/**
 * The differences between two manifests, in words.
 *
 * @module
 */
import type { RunManifest } from "../types.ts";

function short(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= 72 ? text : `${text.slice(0, 69)}...`;
}

function planInWords(jobs: unknown): string {
  if (!Array.isArray(jobs)) return short(jobs);
  const units = jobs.flatMap(({ layer, units }) => units.map((unit: number) => `${layer}:${unit}`));
  const some = units.length > 4 ? `${units.slice(0, 3).join(" ")} ... ${units.at(-1)}` : units.join(" ");
  return `${units.length} unit${units.length === 1 ? "" : "s"} in ${jobs.length} job${
    jobs.length === 1 ? "" : "s"
  } (${some})`;
}

function differencesAt(path: string, stored: unknown, asked: unknown): string[] {
  if (JSON.stringify(stored) === JSON.stringify(asked)) return [];
  if (path === "jobs") return [`plan ${planInWords(stored)} there, ${planInWords(asked)} asked`];
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(stored) && isObject(asked)) {
    const [a, b] = [stored as Record<string, unknown>, asked as Record<string, unknown>];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .flatMap((key) => differencesAt(path === "" ? key : `${path}.${key}`, a[key], b[key]));
  }
  return [`${path} ${short(stored)} there, ${short(asked)} asked`];
}

/** The kernels of two parts of a run, each once; undefined where those of one part are not known. */
export function joinKernels(one: RunManifest["kernels"], other: RunManifest["kernels"]): RunManifest["kernels"] {
  return one && other && [...new Set([...one, ...other])];
}

/** Those of the kernels asked for that did not compute a run; none where either are not known. */
export function otherKernels(stored: RunManifest["kernels"], asked: RunManifest["kernels"]): string[] {
  return stored && asked ? asked.filter((each) => !stored.includes(each)) : [];
}

/**
 * The settings in which two manifests differ, so that the runs must not be one. Kernels are no setting: what machines that
 * differ have done goes together, and the manifest names the kernels of each.
 *
 * @param ignored fields that may differ too.
 */
export function settingDifferences(
  stored: RunManifest,
  asked: RunManifest,
  ignored: readonly (keyof RunManifest)[] = [],
): string[] {
  return manifestDifferences(stored, asked, ["kernels", ...ignored]);
}

/**
 * The fields in which two manifests differ, each with both values, such as `seed 0 there, 1 asked`.
 *
 * @param stored the manifest of the run that is there.
 * @param asked the manifest that was asked for.
 * @param ignored fields that may differ.
 */
export function manifestDifferences(
  stored: RunManifest,
  asked: RunManifest,
  ignored: readonly (keyof RunManifest)[] = [],
): string[] {
  const without = (manifest: RunManifest) =>
    JSON.parse(JSON.stringify({ ...manifest, ...Object.fromEntries(ignored.map((field) => [field, undefined])) }));
  return differencesAt("", without(stored), without(asked));
}
