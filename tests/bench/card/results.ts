/**
 * What the parts of the card's bench come to, and the summary for reading.
 *
 * @module
 */
import { formatTable } from "../../../lib/cli/console/output.ts";
import type { BackendReport } from "../../../lib/engine/mod.ts";

/** What a part is asked to do. */
export interface PartWork {
  readonly units: number;
  readonly workers: number;
  readonly deterministic: boolean;
  /** Tiny sizes, to see that the parts work. */
  readonly quick: boolean;
}

/** What a part wrote. */
export interface PartResult {
  readonly engine: BackendReport;
  readonly kernels: string | null;
  readonly workers: number;
  /** Tasks that workers took. */
  readonly tasks: number;
  readonly units: number;
  readonly withData: boolean;
  readonly seconds: number;
  readonly notes: readonly string[];
  /**
   * How long a gradient takes by the number of images, with one worker: as long as it does not grow, a card stands idle between
   * kernels, and more workers or images fill it.
   */
  readonly steps: readonly { readonly images: number; readonly seconds: number }[];
  /** Of all images, distances and embeddings. */
  readonly sha256: string;
  readonly scores: readonly {
    readonly unit: string;
    readonly K: number | null;
    readonly S: number | null;
    readonly meanAngle: number | null;
    readonly distances: readonly number[];
  }[];
}

/** A part by its title: what came of it, or why nothing did. */
export interface Part {
  readonly title: string;
  readonly result: PartResult | null;
  readonly problem: string | null;
}

/** How far the results of two parts are apart. */
export interface Agreement {
  readonly a: string;
  readonly b: string;
  /** Whether every bit of images, distances and embeddings is equal. */
  readonly equalBits: boolean;
  readonly units: number;
  /** Units of equal K. */
  readonly equalK: number;
  /** Largest difference of S, over units that have one in both. */
  readonly farthestS: number;
  readonly farthestAngle: number;
  /** Largest difference of LPIPS between images of equal number. */
  readonly farthestDistance: number;
}

/** Compares two parts that scored the same units. */
export function agreementOf(a: Part, b: Part): Agreement | null {
  if (a.result === null || b.result === null) return null;
  const others = new Map(b.result.scores.map((score) => [score.unit, score]));
  const pairs = a.result.scores.flatMap((score) => {
    const other = others.get(score.unit);
    return other === undefined ? [] : [[score, other] as const];
  });
  const farthest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = (x: number | null, y: number | null) => x === null || y === null ? 0 : x - y;
  return {
    a: a.title,
    b: b.title,
    equalBits: a.result.sha256 === b.result.sha256,
    units: pairs.length,
    equalK: pairs.filter(([x, y]) => x.K === y.K).length,
    farthestS: farthest(pairs.map(([x, y]) => difference(x.S, y.S))),
    farthestAngle: farthest(pairs.map(([x, y]) => difference(x.meanAngle, y.meanAngle))),
    farthestDistance: farthest(
      pairs.flatMap(([x, y]) =>
        x.distances.slice(0, y.distances.length).map((distance, i) => distance - y.distances[i])
      ),
    ),
  };
}

/** What `card.md` says: which card, what each part took, and how far results are apart. */
export function summarize(
  parts: readonly Part[],
  agreements: readonly Agreement[],
  { machine, note }: { readonly machine: string; readonly note: string },
): string {
  const first = parts.find(({ result }) => result !== null)?.result ?? undefined;
  const rows = parts.map(({ title, result, problem }) => [
    title,
    result === null ? "-" : `${result.engine.backend} on ${result.engine.device}`,
    result?.workers ?? null,
    result?.tasks ?? null,
    result === null ? null : result.seconds.toFixed(1),
    result === null ? null : (result.units / result.seconds).toFixed(2),
    problem ?? result?.notes.join("; ") ?? "",
  ]);
  const between = agreements.map((each) => [
    `${each.a} / ${each.b}`,
    each.equalBits ? "yes" : "no",
    `${each.equalK} of ${each.units}`,
    each.farthestS.toExponential(1),
    each.farthestAngle.toExponential(1),
    each.farthestDistance.toExponential(1),
  ]);
  const steps = parts.flatMap(({ title, result }) =>
    (result?.steps ?? []).map(({ images, seconds }) => [
      title,
      images,
      (seconds * 1000).toFixed(2),
      Math.round(images / seconds),
    ])
  );
  return [
    "# The bench of a card",
    "",
    `${machine}. ${note}`,
    first === undefined
      ? ""
      : `TensorFlow ${first.engine.versions.tensorflow}; ${first.units} units of LeNet-5${
        first.withData ? "" : ", from noise, since CIFAR-10 is not there"
      }.`,
    "",
    "```",
    formatTable(["part", "engine", "workers", "tasks", "seconds", "units/s", "what was said"], rows),
    "",
    formatTable(["a gradient of conv2", "images", "ms", "images/s"], steps),
    "",
    formatTable(["results of", "equal bits", "equal K", "S apart", "angles apart", "LPIPS apart"], between),
    "```",
    "",
  ].join("\n");
}
