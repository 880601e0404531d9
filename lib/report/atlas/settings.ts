/**
 * What the page says of a run's settings. The profile may be of another version: a setting that it does not have, or has in
 * another form, is left out.
 *
 * @module
 */
import type { RunManifest } from "../../types.ts";

/** The settings of the elbow that the page shows. */
export interface ElbowRuleShown {
  readonly threshold: number;
  readonly patience: number;
  readonly minImages: number;
  readonly maxImages: number;
}

function section(manifest: RunManifest, name: string): Readonly<Record<string, unknown>> {
  const value = manifest.profile?.[name];
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

/** The elbow's settings; null where the profile does not hold all of them. */
export function elbowRule(manifest: RunManifest): ElbowRuleShown | null {
  const { threshold, patience, minImages, maxImages } = section(manifest, "elbow");
  return [threshold, patience, minImages, maxImages].every((value) => typeof value === "number")
    ? { threshold, patience, minImages, maxImages } as ElbowRuleShown
    : null;
}

/** The criterion that chose K, in words, such as `SSE + 1.79 K`. */
export function criterionInWords(manifest: RunManifest): string {
  const { criterion, beta, lambda } = section(manifest, "cluster");
  const names: Readonly<Record<string, string>> = {
    "sse-penalty": typeof beta === "number" ? `SSE + ${beta} K` : "SSE + beta K",
    "pelleg-moore": lambda === 1 || typeof lambda !== "number" ? "BIC (Pelleg and Moore)" : `BIC, penalty x ${lambda}`,
    gap: "gap statistic",
    silhouette: "silhouette",
    spherical: "BIC (spherical)",
  };
  if (typeof criterion !== "string") return "criterion";
  return Object.hasOwn(names, criterion) ? names[criterion] : criterion;
}

/** One setting of a run. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** A longer form, such as a whole sha256. */
  readonly title?: string;
  /** The value in the run compared with, where it is another. */
  readonly other?: string;
}

/** The settings of a run, with those of another where they differ. */
export function comparedFacts(first: RunManifest, second: RunManifest): Fact[] {
  const [own, others] = [runFacts(first), runFacts(second)];
  const named = (facts: readonly Fact[], name: string) => facts.find((fact) => fact.name === name);
  const alone: Fact[] = others.filter(({ name }) => named(own, name) === undefined)
    .map(({ name }) => ({ name, value: "–" }));
  return [...own, ...alone].map((fact) => {
    const other = named(others, fact.name);
    if (other?.value === fact.value && other.title === fact.title) return fact;
    return { ...fact, other: other?.value === fact.value ? `${other.value}, another file` : other?.value ?? "–" };
  });
}

/** The settings that make the run what it is, in the order in which the page lists them. */
export function runFacts(manifest: RunManifest): Fact[] {
  const hashed = (name: string, value: string, sha256: string | undefined): Fact => ({
    name,
    value,
    ...(sha256 === undefined ? {} : { title: `sha256 ${sha256}` }),
  });
  const { shard } = manifest;
  return [
    hashed("model", manifest.model, manifest.modelSha256),
    { name: "profile", value: manifest.profileName },
    { name: "seed", value: String(manifest.seed) },
    hashed("embedder", manifest.embedder, manifest.embedderSha256),
    hashed("distance", `LPIPS, ${manifest.lpips}`, manifest.lpipsSha256),
    {
      name: "rule for K",
      value: criterionInWords(manifest) +
        (manifest.priceCalibrated === false ? ", a price that is not calibrated for this embedder" : ""),
    },
    manifest.dataset === null
      ? { name: "dataset", value: "none" }
      : hashed("dataset", manifest.dataset.name, manifest.dataset.sha256),
    ...(shard.count > 1 ? [{ name: "shard", value: `${shard.index} of ${shard.count}, counted from 0` }] : []),
    { name: "engine", value: manifest.engine },
    ...(manifest.kernels === undefined ? [] : [{ name: "kernels", value: manifest.kernels.join("; ") }]),
    { name: "polysem", value: manifest.version },
  ];
}
