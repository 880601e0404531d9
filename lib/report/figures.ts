/**
 * The figures of a run, each with its data.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { criterionByK, type CriterionPanel, type CriterionRow } from "./charts/criterion_by_k.ts";
import { datasetCheck } from "./charts/dataset_check.ts";
import { elbowCurves, elbowRows } from "./charts/elbow_curves.ts";
import { embeddingMap, type EmbeddingPanel, embeddingPanel } from "./charts/embedding_map.ts";
import { imageUrl } from "./image_url.ts";
import { type PrincipalComponents, principalComponents } from "./pca.ts";
import { imageSheet, SHEET_COLUMNS, SHEET_IMAGES } from "./charts/image_sheet.ts";
import { distanceColour, pipelineDiagram } from "./charts/pipeline_diagram.ts";
import { scoreByLayer } from "./charts/score_by_layer.ts";
import { emptyChart, type Figure, figureTitle, INK } from "./charts/theme.ts";
import { twoScores } from "./charts/two_scores.ts";
import { type Cell, toCsv } from "../csv.ts";
import { type RunData, type UnitDetails, unitName, type UnitOverview, whyUnscored } from "../run_data.ts";

/** The threshold of the literal rule of stopping. Alic et al. (2025), section 2.2. */
const LITERAL_THRESHOLD = 0.02;

/** Most curves that are drawn of a layer, spread evenly over its units. */
const CURVES_PER_LAYER = 120;

/** A unit that has a score. */
type Scored = UnitOverview & { readonly score: NonNullable<UnitOverview["score"]> };

/** The content of a figure, which gets its title later. */
interface Content {
  /** The title, where it is not the usual one. */
  readonly title?: string;
  /** What the figure's reader should know, a line each. */
  readonly notes: readonly string[];
  /** The chart, or why there is none. */
  readonly chart: ((title: ReturnType<typeof figureTitle>) => TopLevelSpec) | string;
  readonly csv: string;
}

/** What a caller may ask of the figures. */
export interface FigureOptions {
  /** The unit of the block diagram. By default the one of the most clusters among those of three to five, else of all. */
  readonly unit?: { readonly layer: string; readonly unit: number };
  /** Another run for figure 8, which by default compares S with that of the literal rules in the same run. */
  readonly compare?: RunData;
  /** Which figures to draw, by name; all by default. */
  readonly only?: (name: string) => boolean;
}

/** Names and titles, in order. */
const FIGURES: readonly {
  readonly name: string;
  readonly title: string;
  readonly draw: (run: RunData, options: FigureOptions) => Content;
}[] = [
  { name: "1_pipeline", title: "From a unit to its polysemanticity score", draw: pipeline },
  { name: "2_visualizations", title: "Visualizations by layer", draw: sheet },
  { name: "3_elbow", title: "Mean LPIPS distance as images are added, and where the sequence stops", draw: elbow },
  { name: "4_embedding_map", title: "Where the images of two units lie by their embeddings", draw: map },
  { name: "5_criterion_by_k", title: "The criterion that chooses K", draw: criterion },
  { name: "6_score_by_layer", title: "Polysemanticity score S by layer, with its parts C and D", draw: scores },
  { name: "7_dataset_check", title: "Do visualizations excite their unit more than the dataset does?", draw: section3 },
  { name: "8_two_stops", title: "S under the literal rules and under the profile's", draw: twoStops },
];

/** The names of the figures, which are those of their files. */
export const FIGURE_NAMES: readonly string[] = FIGURES.map(({ name }) => name);

/**
 * The figures of a run, one after another, since the units that all of them need do not fit into memory at once.
 *
 * Where the run has nothing for a figure, the figure says why.
 *
 * @throws {RangeError} when the options ask for a unit that the run does not have.
 */
export function* drawFigures(run: RunData, options: FigureOptions = {}): Generator<Figure> {
  for (const { name, title: usual, draw } of FIGURES) {
    if (options.only && !options.only(name)) continue;
    const { notes, chart, csv, title = usual } = draw(run, options);
    const spec = typeof chart === "string"
      ? emptyChart(figureTitle(run, title, []), chart)
      : chart(figureTitle(run, title, notes));
    yield { name, title, csv, spec };
  }
}

function scored(run: RunData): Scored[] {
  return run.units.filter((unit): unit is Scored => unit.score !== null);
}

/** At most `count` items of a list, evenly spread and in their order. */
function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]);
}

function details(run: RunData, { layer, unit }: Pick<UnitOverview, "layer" | "unit">): UnitDetails {
  return run.unit(layer, unit);
}

const count = (n: number, noun: string) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

/** A line on how many units have no score; none where all have one. */
function withoutScore(run: RunData): string[] {
  const without = run.units.filter(({ score }) => score === null);
  const isDead = ({ stopReason }: UnitOverview) => stopReason === "dead";
  const why = without.every(isDead)
    ? "dead, no gradient"
    : `${without.filter(isDead).length} dead; not scorable: ${
      without.filter((unit) => !isDead(unit)).map(unitName).join(", ")
    }`;
  return without.length === 0
    ? []
    : [`Without a score (${why}): ${without.length} of ${count(run.units.length, "unit")}.`];
}

const NONE_SCORED = "No unit of this run has a score: every one of them is dead or could not be scored.";

/** A field of a section of the run's profile; undefined where it is not there. */
function setting(run: RunData, section: string, field: string): unknown {
  const part = run.manifest.profile[section];
  return typeof part === "object" && part !== null ? (part as Record<string, unknown>)[field] : undefined;
}

function pipeline(run: RunData, options: FigureOptions): Content {
  // three to five clusters show most of the score and still fit into the diagram
  const best = byScore(run);
  const chosen = options.unit ?? best.find(({ score }) => score.K >= 3 && score.K <= 5) ?? best[0];
  const unit = chosen && details(run, chosen);
  const csv = toCsv(["step", "quantity", "index", "value"], unit?.score ? pipelineRows(unit) : []);
  if (!unit) return { notes: withoutScore(run), chart: NONE_SCORED, csv };
  const { score, images, activations, meanDistances, embeddings } = unit;
  if (score === null) return { notes: [], chart: `Unit ${unitName(unit)} has no score: ${whyUnscored(unit)}.`, csv };
  const { I, K, C, D, S } = score;
  if (C === null || S === null) {
    return { notes: [], chart: `Unit ${unitName(unit)} has one image only: no score.`, csv };
  }
  const urls = Array.from({ length: I }, (_, i) => imageUrl(images, i));
  return {
    notes: [
      `Unit ${unitName(unit)}: what each step made of it.${
        unit.flags.length > 0 ? ` Flags: ${unit.flags.join(", ")}.` : ""
      }`,
    ],
    chart: (title) =>
      pipelineDiagram({
        unit: unitName(unit),
        images: urls,
        activations: activations.slice(0, I),
        datasetMax: unit.datasetMax,
        lpips: run.manifest.lpips,
        distances: distancePicture(unit.distances, I),
        meanDistances,
        literalStop: unit.paper?.I ?? null,
        profile: run.manifest.profileName,
        embedder: run.manifest.embedder,
        dimensions: embeddings.cols,
        map: countedComponents(unit).coordinates.map(([a, b]) => [a, b] as const),
        criterion: criterionName(run),
        candidates: score.candidates,
        clusters: score.assignments,
        K,
        C,
        D,
        S,
      }, title),
    csv,
  };
}

/** Principal components of the embeddings of the images that a score counts. */
function countedComponents({ embeddings: { cols, data }, score }: UnitDetails): PrincipalComponents {
  const rows = score!.I;
  return principalComponents({ rows, cols, data: data.subarray(0, rows * cols) });
}

/** Distances of all pairs of the first I images as a picture of I x I pixels, dark for the largest. */
function distancePicture(distances: readonly number[], I: number): { url: string; largest: number } {
  const counted = distances.slice(0, (I * (I - 1)) / 2);
  const largest = counted.reduce((most, distance) => Math.max(most, distance), 0);
  const data = new Float32Array(I * I * 3).fill(1);
  for (let j = 1, at = 0; j < I; j++) {
    for (let i = 0; i < j; i++, at++) {
      const colour = parseInt(distanceColour(largest === 0 ? 0 : counted[at] / largest).slice(1), 16);
      for (let c = 0; c < 3; c++) {
        data[(j * I + i) * 3 + c] = data[(i * I + j) * 3 + c] = ((colour >> (16 - 8 * c)) & 255) / 255;
      }
    }
  }
  return { url: imageUrl({ count: 1, height: I, width: I, data }, 0), largest };
}

function pipelineRows(unit: UnitDetails): { step: string; quantity: string; index?: number; value: Cell }[] {
  const { score, paper, meanDistances, activations, datasetMax } = unit;
  const components = countedComponents(unit).coordinates;
  const { I, K, C, D, S, assignments, candidates } = score!;
  const series = (step: string, quantity: string, values: readonly Cell[], first: number) =>
    values.map((value, i) => ({ step, quantity, index: first + i, value }));
  return [
    { step: "visualize", quantity: "unit", value: unitName(unit) },
    ...series("visualize", "activation of image", activations.slice(0, I), 1),
    { step: "visualize", quantity: "dataset maximum", value: datasetMax },
    ...series("stop", "mean distance after image", meanDistances, 2),
    { step: "stop", quantity: "I", value: I },
    { step: "stop", quantity: "I literal", value: paper?.I },
    ...series("embed", "principal component 1 of image", components.map(([a]) => a), 1),
    ...series("embed", "principal component 2 of image", components.map(([, b]) => b), 1),
    ...candidates.map(({ k, criterion }) => ({
      step: "cluster",
      quantity: "criterion of K",
      index: k,
      value: criterion,
    })),
    ...series("cluster", "cluster of image", assignments.map((cluster) => cluster + 1), 1),
    ...Object.entries({ K, C, D, S }).map(([quantity, value]) => ({ step: "score", quantity, value })),
  ];
}

/** Most layers that have a row on the sheet, or a panel: a page has no room for more. */
const LAYERS = 6;

/** The layers that have a scored unit; where they are too many, some of them, evenly spread. */
function shownLayers(run: RunData): { layers: string[]; notes: string[] } {
  const present = run.layers.map(({ name }) => name).filter((name) => scored(run).some(({ layer }) => layer === name));
  const layers = spread(present, LAYERS);
  return { layers, notes: layers.length < present.length ? [`${LAYERS} of the ${present.length} layers.`] : [] };
}

function sheet(run: RunData): Content {
  const { layers, notes } = shownLayers(run);
  const shown = layers.map((layer) => {
    const here = scored(run).filter((unit) => unit.layer === layer);
    const chosen = spread(here, SHEET_COLUMNS);
    return {
      heading: chosen.length < here.length
        ? `${layer}: ${chosen.length} of ${here.length} units`
        : `${layer}: ${count(here.length, "unit")}`,
      units: chosen.map((unit) => {
        const whole = details(run, unit);
        return { whole, chosen: bestOfClusters(whole, SHEET_IMAGES) };
      }),
    };
  });
  const sheetLayers = shown.map(({ heading, units }) => ({
    heading,
    units: units.map(({ whole, chosen }) => ({
      heading: unitName(whole),
      caption: `K = ${whole.score!.K}, S = ${whole.score!.S?.toFixed(2) ?? "none"}`,
      images: chosen.map((image) => ({
        url: imageUrl(whole.images, image),
        cluster: whole.score!.K > 1 ? whole.score!.assignments[image] : null,
      })),
    })),
  }));
  return {
    notes: [
      "Of each unit the image of highest activation of each cluster in turn; shapes mark the clusters where there are " +
      "several.",
      ...notes,
      ...withoutScore(run),
    ],
    chart: sheetLayers.length === 0 ? NONE_SCORED : (title) => imageSheet(sheetLayers, title),
    csv: toCsv(
      ["layer", "unit", "I", "K", "S", "image", "cluster", "activation"],
      shown.flatMap(({ units }) =>
        units.flatMap(({ whole, chosen }) =>
          chosen.map((image) => ({
            layer: whole.layer,
            unit: whole.unit,
            I: whole.score!.I,
            K: whole.score!.K,
            S: whole.score!.S,
            image,
            cluster: whole.score!.assignments[image] + 1,
            activation: whole.activations[image],
          }))
        )
      ),
    ),
  };
}

/**
 * Images of a unit, those that show it best first: the one of highest activation of each cluster, then the second of each
 * cluster, and so on. Large clusters come before small ones.
 */
function bestOfClusters({ score, activations }: UnitDetails, most: number): number[] {
  const clusters = Array.from(
    { length: score!.K },
    (_, cluster) =>
      score!.assignments.flatMap((each, image) => each === cluster ? [image] : [])
        .sort((a, b) => activations[b] - activations[a] || a - b),
  ).sort((a, b) => b.length - a.length);
  const longest = Math.max(...clusters.map(({ length }) => length));
  return Array.from({ length: longest }, (_, rank) => clusters.flatMap((cluster) => cluster[rank] ?? [])).flat()
    .slice(0, most);
}

function elbow(run: RunData): Content {
  const { layers, notes } = shownLayers(run);
  const chosen = layers.flatMap((name) => spread(scored(run).filter(({ layer }) => layer === name), CURVES_PER_LAYER));
  const curves = chosen.map((unit) => ({
    layer: unit.layer,
    unit: unit.unit,
    meanDistances: details(run, unit).meanDistances,
    own: unit.score.I,
    literal: unit.paper?.I ?? null,
  })).filter(({ meanDistances }) => meanDistances.length > 0);
  const [threshold, patience, least] = ["threshold", "patience", "minImages"].map((f) => setting(run, "elbow", f));
  const name = run.manifest.profileName;
  const rules = {
    own: { name: name === "paper" ? "profile's" : name, threshold: typeof threshold === "number" ? threshold : 0 },
    literal: { name: "literal", threshold: LITERAL_THRESHOLD },
  };
  return {
    notes: [
      `${
        count(curves.length, "unit")
      }: thin lines; median black. Literal rule: first change below ${LITERAL_THRESHOLD}. ` +
      `Profile: ${patience} in a row below ${threshold}, at least ${least} images.`,
      ...notes,
      ...withoutScore(run),
    ],
    chart: curves.length === 0 ? NONE_SCORED : (title) => elbowCurves(curves, rules, title),
    csv: toCsv(["layer", "unit", "I", "mean_distance", "change", "own_stop", "literal_stop"], elbowRows(curves)),
  };
}

/** The scored units, those of the most clusters first, and of the same K those of the highest S. */
function byScore(run: RunData): Scored[] {
  return scored(run).toSorted((a, b) => b.score.K - a.score.K || (b.score.S ?? 0) - (a.score.S ?? 0));
}

function map(run: RunData): Content {
  const one = scored(run).filter(({ score }) => score.K === 1);
  const several = byScore(run).find(({ score }) => score.K >= 2);
  // both of one layer if possible, so that the two maps can be compared
  const single = one.find(({ layer }) => layer === several?.layer) ?? one.at(-1);
  const chosen = [single, several].filter((unit) => unit !== undefined);
  const drawn = chosen.map((unit) => {
    const whole = details(run, unit);
    return { whole, clusters: whole.score!.assignments, components: countedComponents(whole) };
  });
  const panels = drawn.map(({ whole, clusters, components }): EmbeddingPanel =>
    embeddingPanel(
      `${unitName(whole)}: I = ${whole.score!.I}, K = ${whole.score!.K}, S = ${whole.score!.S?.toFixed(2) ?? "none"}`,
      components,
      clusters,
      clusters.map((_, i) => imageUrl(whole.images, i)),
    )
  );
  const missing = [
    ...(one.length === 0 ? ["K = 1"] : []),
    ...(scored(run).some(({ score }) => score.K >= 3) ? [] : ["K ≥ 3"]),
  ];
  return {
    ...(panels.length === 1 && { title: "Where the images of a unit lie by their embeddings" }),
    notes: [
      `Principal components of the raw ${
        drawn[0]?.whole.embeddings.cols ?? ""
      }-d embeddings, in its units, for each unit by itself. ` +
      "Thumbnails that hid others are moved aside.",
      ...(missing.length > 0 ? [`No unit of this run has ${missing.join(", and none ")}.`] : []),
    ],
    chart: panels.length === 0 ? NONE_SCORED : (title) => embeddingMap(panels, title),
    csv: toCsv(
      ["layer", "unit", "image", "cluster", "pc1", "pc2", "activation"],
      drawn.flatMap(({ whole, clusters, components }) =>
        clusters.map((cluster, image) => ({
          layer: whole.layer,
          unit: whole.unit,
          image,
          cluster: cluster + 1,
          pc1: components.coordinates[image][0],
          pc2: components.coordinates[image][1],
          activation: whole.activations[image],
        }))
      ),
    ),
  };
}

/** The name of the profile's criterion for an axis. */
function criterionName(run: RunData): string {
  const [name, beta, lambda] = ["criterion", "beta", "lambda"].map((field) => setting(run, "cluster", field));
  switch (name) {
    case "sse-penalty":
      return `SSE + ${beta} K`;
    case "pelleg-moore":
      return lambda === 1 ? "BIC (Pelleg and Moore)" : `BIC (Pelleg and Moore), penalty × ${lambda}`;
    case "gap":
      return "gap statistic, negated";
    case "silhouette":
      return "mean silhouette, negated";
    case "spherical":
      return "BIC (spherical clusters)";
    default:
      return String(name ?? "criterion");
  }
}

/**
 * At most so many units of different K: of K = 1, 2, 3, and 4 or more, the unit of median S of each. If there are fewer,
 * units of the others, evenly spread over S.
 */
function unitsOfManyKs(run: RunData, most: number): Scored[] {
  const byS = scored(run).toSorted((a, b) => (a.score.S ?? 0) - (b.score.S ?? 0));
  const groups = [1, 2, 3, 4].map((K) => byS.filter(({ score }) => K === 4 ? score.K >= 4 : score.K === K));
  const chosen = groups.filter((group) => group.length > 0).map((group) => group[Math.floor(group.length / 2)]);
  const rest = byS.filter((unit) => !chosen.includes(unit));
  const all = [...chosen, ...spread(rest, Math.max(0, most - chosen.length))];
  return all.sort((a, b) => a.score.K - b.score.K || run.units.indexOf(a) - run.units.indexOf(b)).slice(0, most);
}

function criterion(run: RunData): Content {
  const units = unitsOfManyKs(run, 4).map((unit) => details(run, unit));
  const panels = (rule: "score" | "paper"): CriterionPanel[] =>
    units.map((unit) => ({
      unit: unitName(unit),
      I: unit[rule]?.I ?? 0,
      K: unit[rule]?.K ?? 0,
      candidates: unit[rule]?.candidates ?? [],
    }));
  const rows: CriterionRow[] = [
    { criterion: criterionName(run), colour: INK.own, panels: panels("score") },
    { criterion: "BIC, literal", colour: INK.literal, panels: panels("paper") },
  ];
  return {
    notes: [
      `Top: the profile's criterion on its I images. Bottom: the literal BIC on the images of the literal stop. ` +
      `Lower is better; the diamond is the K chosen.`,
      ...(scored(run).some(({ score }) => score.K >= 3) ? [] : ["No unit of this run has K ≥ 3."]),
    ],
    chart: units.length === 0 ? NONE_SCORED : (title) => criterionByK(rows, title),
    csv: toCsv(
      ["layer", "unit", "rule", "I", "K", "k", "criterion", "inertia"],
      units.flatMap((unit) =>
        (["score", "paper"] as const).flatMap((rule) =>
          (unit[rule]?.candidates ?? []).map(({ k, criterion, inertia }) => ({
            layer: unit.layer,
            unit: unit.unit,
            rule: rule === "score" ? "profile" : "literal",
            I: unit[rule]!.I,
            K: unit[rule]!.K,
            k,
            criterion,
            inertia,
          }))
        )
      ),
    ),
  };
}

/** A line on the thin lines through points of S; none where no unit has an interval. */
function intervalNote(intervals: readonly unknown[]): string[] {
  return intervals.some((each) => each)
    ? ["Thin lines: 90 % interval of S, from scoring halves of the unit's images anew."]
    : [];
}

function scores(run: RunData): Content {
  const points = scored(run).flatMap((each) => {
    const { layer, unit, score: { I, K, C, D, S }, scoreInterval: interval, kShares, freshShares } = each;
    return C === null || S === null ? [] : [{ layer, unit, I, K, C, D, S, interval, kShares, freshShares }];
  });
  const columns = ["layer", "unit", "I", "K", "C", "D", "S", "S_low", "S_high", "K1_share", "K2_share", "K3_share"];
  const freshColumns = points.some(({ freshShares }) => freshShares !== undefined)
    ? ["fresh_sets", "fresh_K1_share", "fresh_K2_share", "fresh_K3_share"]
    : [];
  return {
    notes: [
      `${count(points.length, "unit")}, a point each; bar: median, box: middle half of a layer. ` +
      "The same K gives a lower C when I is larger.",
      ...intervalNote(points.map(({ interval }) => interval)),
      ...withoutScore(run),
    ],
    chart: points.length === 0
      ? NONE_SCORED
      : (title) => scoreByLayer(points, run.layers.map(({ name }) => name), title),
    csv: toCsv(
      [...columns, ...freshColumns],
      points.map(({ interval, kShares, freshShares, ...point }): Record<string, Cell> => ({
        ...point,
        S_low: interval?.low,
        S_high: interval?.high,
        K1_share: kShares?.K1,
        K2_share: kShares?.K2,
        K3_share: kShares?.K3,
        fresh_sets: freshShares?.sets,
        fresh_K1_share: freshShares?.K1,
        fresh_K2_share: freshShares?.K2,
        fresh_K3_share: freshShares?.K3,
      })),
    ),
  };
}

function section3(run: RunData): Content {
  const points = scored(run).flatMap(({ layer, unit, score, activations, datasetMax }) => {
    const counted = activations.slice(0, score.I);
    return datasetMax === null || counted.length === 0
      ? []
      : [{ layer, unit, best: Math.max(...counted), lowest: Math.min(...counted), datasetMax }];
  });
  const above = points.filter(({ best, datasetMax }) => best > datasetMax).length;
  const images = run.dataset === null ? "test images" : `${run.dataset.count.toLocaleString("en")} test images`;
  const columns = ["layer", "unit", "best_activation", "lowest_activation", "dataset_max", "best_exceeds"] as const;
  return {
    notes: [
      ...(points.length === 0 ? [] : [
        `Section 3: the best visualization exceeds the best of the ${images} for ${above} of ${
          count(points.length, "unit")
        }.`,
        "Activation: the unit's own scale, no unit.",
      ]),
      ...withoutScore(run),
    ],
    chart: points.length > 0
      ? (title) => datasetCheck(points, `best of ${images}`, title)
      : run.manifest.dataset === null
      ? "This run was made without a dataset: there is nothing to compare with."
      : NONE_SCORED,
    csv: toCsv(
      columns,
      points.map(({ layer, unit, best, lowest, datasetMax }): Record<typeof columns[number], Cell> => ({
        layer,
        unit,
        best_activation: best,
        lowest_activation: lowest,
        dataset_max: datasetMax,
        best_exceeds: best > datasetMax,
      })),
    ),
  };
}

function twoStops(run: RunData, { compare }: FigureOptions): Content {
  const others = new Map((compare?.units ?? []).map((unit) => [unitName(unit), unit]));
  const points = scored(run).flatMap((unit) => {
    const other = others.get(unitName(unit));
    // S of the literal rules has no interval: the literal stop leaves too few images
    const first = (compare ? other?.score?.S : unit.paper?.S) ?? null;
    const second = unit.score.S;
    const intervals = { firstInterval: other?.scoreInterval ?? null, secondInterval: unit.scoreInterval };
    return first === null || second === null
      ? []
      : [{ layer: unit.layer, unit: unit.unit, first, second, ...intervals }];
  });
  const zero = points.filter(({ first, second }) => first === 0 && second === 0).length;
  const own = run.manifest.profileName;
  const names = compare
    ? { first: `compared run ${compare.name} (${compare.manifest.profileName})`, second: `run ${run.name} (${own})` }
    : { first: "literal stop and rule", second: own === "paper" ? "the paper profile" : `${own} stop and rule` };
  return {
    ...(compare && { title: "S of the same units in two runs" }),
    notes: [
      compare
        ? `${count(points.length, "unit")} that both runs have a score of.`
        : `${count(points.length, "unit")}. Both from one sequence of images: the literal stop (first change below ` +
          `${LITERAL_THRESHOLD}) and BIC, and those of the profile.`,
      ...intervalNote(points.map(({ firstInterval, secondInterval }) => firstInterval ?? secondInterval)),
      ...(zero === 0 ? [] : [`S is 0 both ways for ${count(zero, "unit")}, which lie on one point.`]),
      ...withoutScore(run),
    ],
    chart: points.length > 0
      ? (title) => twoScores(points, names, title)
      : compare
      ? "The two runs have no scored unit in common."
      : NONE_SCORED,
    csv: toCsv(
      ["layer", "unit", compare ? "S_compared" : "S_literal", "S"],
      points.map(({ first, second, ...unit }) => ({ ...unit, S: second, S_literal: first, S_compared: first })),
    ),
  };
}
