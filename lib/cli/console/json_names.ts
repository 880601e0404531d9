/**
 * The names in the JSON that commands print: snake_case, and those of the tables for what stands in a table.
 *
 * @module
 */

/** Names that were written in another way; they stay beside the present ones for a release. */
const FORMER_NAMES = [
  ...["meanS", "stopReason", "pooledDistances", "meanAngle", "datasetMax", "datasetBest", "meanDistances"], // scores
  ...["beforeNonlinearity", "medianShare", "lowerQuartileShare", "imageShare"], // layers, validate steps
  ...["trainAccuracy", "testAccuracy", "labelSmoothing", "learningRate", "testEvery", "weightDecay"], // train
  ...["averageDecay", "criticRate", "criticSteps", "decayFrom", "generatorRate", "mismatchMargin", "penaltyBatch"],
  ...["penaltyWeight", "criticLoss", "generatorLoss", "labelShare"], // train gan-cifar10
  ...["byLabel", "perLabel", "movedMask", "trainingImages"], // validate gan
];

/** A former name and what it is called now; an object whose parts have columns of their own is told by those. */
const PRESENT: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  ...Object.fromEntries(FORMER_NAMES.map((name) => [name, snakeCase(name)])),
  spreadS: "sd_S",
  kShares: { K1: "K1_share", K2: "K2_share", K3: "K3_share" },
  scoreInterval: { low: "S_low", high: "S_high" },
};

/** What a comparison with the dataset calls in other words than the columns of `scores.csv`; elsewhere they mean other things. */
const PRESENT_IN_CHECK: Readonly<Record<string, string>> = {
  ...{ mean: "activation_mean", min: "activation_min", max: "activation_max" },
  ...{ exceeds: "exceeds_dataset", share: "exceeds_share" },
};

/** `meanAngle` as `mean_angle`; a symbol at the end stays one, `meanS` as `mean_S`. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z](?=.)/g, (letter) => `_${letter.toLowerCase()}`).replace(/[A-Z]$/, "_$&");
}

/** A document with present names beside former ones, and what to say about those. */
export interface NamedDocument {
  readonly document: unknown;
  /** A note on the former names in it; null where there are none. */
  readonly note: string | null;
}

/** Gives every former name in a document its present one too. */
export function withPresentNames(value: unknown): NamedDocument {
  const found = new Map<string, string>();
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(named);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    const presentNames = "exceeds" in value && "share" in value ? { ...PRESENT, ...PRESENT_IN_CHECK } : PRESENT;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, each]) => {
        if (name === "bic" && "criterion" in value) found.set(name, "criterion, among the candidates"); // which is there already
        const present = Object.hasOwn(presentNames, name) ? presentNames[name] : undefined;
        if (present === undefined) return [[name, named(each)]];
        found.set(name, typeof present === "string" ? present : Object.values(present).join(", "));
        const parts = typeof present === "string" ? [[present, named(each)]] : Object.entries(present).map((
          [part, column],
        ) => [column, (each as Record<string, unknown> | null)?.[part] ?? null]);
        return [...parts, [name, named(each)]];
      }),
    );
  };
  const document = named(value);
  const names = [...found].map(([former, present]) => `${former} is now ${present}`);
  return {
    document,
    note: names.length === 0
      ? null
      : `note: names in this JSON: ${names.join("; ")}; the former ones go with the next release`,
  };
}

/** A document as the text of a file, with its present names beside the former ones. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(withPresentNames(value).document, null, 2)}\n`;
}
