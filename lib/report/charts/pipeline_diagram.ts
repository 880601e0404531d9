import type { TopLevelSpec } from "vega-lite";
import type { ClusterCandidate } from "../../types.ts";
import { endOfName, textWidth } from "../text_width.ts";
import { Drawing, type Point } from "./drawing.ts";
import { type ChartTitle, groupColour, groupShape, INK, PRINT_WIDTH } from "./theme.ts";

/** One unit on its way through the pipeline. */
export interface PipelineUnit {
  /** Such as `fc3:8`. */
  readonly unit: string;
  /** The I images of the score, as `data:` URLs. */
  readonly images: readonly string[];
  /** Their activations. */
  readonly activations: readonly number[];
  /** Best activation of the dataset; null without one. */
  readonly datasetMax: number | null;
  /** Name of the network of the perceptual distance. */
  readonly lpips: string;
  /** Distances of all pairs of images as a picture (a `data:` URL), dark for far apart, and the largest distance. */
  readonly distances: { readonly url: string; readonly largest: number };
  /** d_2, d_3, ...: as far as the sequence went. */
  readonly meanDistances: readonly number[];
  /** Number of images at the literal stop; null where there is none. */
  readonly literalStop: number | null;
  /** Name of the profile, and of its stop. */
  readonly profile: string;
  readonly embedder: string;
  /** Dimensions of an embedding. */
  readonly dimensions: number;
  /** Embeddings by their first two principal components. */
  readonly map: readonly Point[];
  /** Name of the criterion that chooses K. */
  readonly criterion: string;
  readonly candidates: readonly ClusterCandidate[];
  /** Cluster of each image, from 0. */
  readonly clusters: readonly number[];
  readonly K: number;
  readonly C: number;
  readonly D: number;
  readonly S: number;
}

const BOX = { width: 214, height: 186 } as const;
const ACROSS = (PRINT_WIDTH - 3 * BOX.width) / 2;
const [TOP, DOWN] = [30, 40];
const PAD = 10;
const HEADING = { fontSize: 12, fontWeight: "bold" } as const;
const CONTENT = { top: 44, width: BOX.width - 2 * PAD, height: BOX.height - 44 - PAD } as const;

/**
 * The block diagram of the pipeline, with what each step made of one unit: its images, their distances, the curve with its
 * stop, the embeddings, the choice of K with the clusters, and the score.
 */
export function pipelineDiagram(unit: PipelineUnit, title: ChartTitle): TopLevelSpec {
  const drawing = new Drawing(PRINT_WIDTH, TOP + 2 * BOX.height + DOWN);
  const I = unit.images.length;
  const corner = (box: number): Point => [
    (box % 3) * (BOX.width + ACROSS),
    TOP + Math.floor(box / 3) * (BOX.height + DOWN),
  ];
  const bestOfDataset = unit.datasetMax === null ? "" : `; best test image ${number(unit.datasetMax)}`;
  const [least, most] = [Math.min(...unit.activations), Math.max(...unit.activations)];
  const visualize = "1  Visualize ";
  const boxes: { heading: string; says: string; draw: (x: number, y: number) => void }[] = [
    {
      heading: visualize + endOfName(unit.unit, CONTENT.width - textWidth(visualize, HEADING), HEADING),
      says: `activation ${number(least)} to ${number(most)}${bestOfDataset}`,
      draw: (x, y) => drawImages(drawing, unit.images, x, y),
    },
    {
      heading: "2  Compare all pairs",
      says: `LPIPS (${unit.lpips}) of images i and j`,
      draw: (x, y) => drawDistances(drawing, unit, x, y),
    },
    {
      heading: "3  Stop at the elbow",
      says: "when the mean distance d has settled",
      draw: (x, y) => drawCurve(drawing, unit, x, y),
    },
    {
      heading: "4  Embed",
      says: `${unit.embedder}: ${unit.dimensions} numbers an image`,
      draw: (x, y) => drawMap(drawing, unit, x, y),
    },
    {
      heading: `5  Cluster: K = ${unit.K}`,
      says: `k-means; K of the lowest ${unit.criterion}`,
      draw: (x, y) => drawClusters(drawing, unit, x, y),
    },
    {
      heading: `6  Score: S = ${unit.S.toFixed(3)}`,
      says: `from ${I} images in ${unit.K} cluster${unit.K === 1 ? "" : "s"}`,
      draw: (x, y) => drawScore(drawing, unit, x, y),
    },
  ];
  for (const [index, { heading, says, draw }] of boxes.entries()) {
    const [x, y] = corner(index);
    drawing.rect(x, y, BOX.width, BOX.height, { fill: INK.panel, stroke: INK.line, strokeWidth: 1, cornerRadius: 5 });
    drawing.text(x + PAD, y + 18, heading, { ...HEADING, limit: CONTENT.width });
    drawing.text(x + PAD, y + 33, says, { fontSize: 9.5, fill: INK.muted, limit: CONTENT.width });
    draw(x + PAD, y + CONTENT.top);
  }
  drawArrows(drawing, corner);
  return drawing.spec(title, `The six steps of the pipeline with the images and numbers of unit ${unit.unit}.`);
}

function drawArrows(drawing: Drawing, corner: (box: number) => Point): void {
  const middle = BOX.height / 2;
  for (const box of [0, 1, 3, 4]) {
    const [x, y] = corner(box);
    drawing.arrow([[x + BOX.width + 3, y + middle], [x + BOX.width + ACROSS - 5, y + middle]]);
  }
  const [[x1, y1], [x3, y3], [x4, y4]] = [corner(0), corner(2), corner(3)];
  const [from, to] = [x3 + BOX.width / 2, x1 + BOX.width / 2];
  drawing.arrow([[from, y3 - 3], [from, y3 - 16], [to, y1 - 16], [to, y1 - 5]], { strokeDash: [4, 3] });
  drawing.text((from + to) / 2, y1 - 21, "not yet: one more image", { fontSize: 10, align: "center" });
  const turn = y4 - DOWN / 2;
  drawing.arrow([[from, y3 + BOX.height + 3], [from, turn], [x4 + BOX.width / 2, turn], [x4 + BOX.width / 2, y4 - 5]]);
  drawing.text((from + to) / 2, turn - 5, "the images up to the stop", { fontSize: 10, align: "center" });
}

function drawImages(drawing: Drawing, images: readonly string[], x: number, y: number): void {
  const [columns, rows, gap] = [8, 4, 2];
  const side = Math.min((CONTENT.width - (columns - 1) * gap) / columns, (CONTENT.height - 16) / rows - gap);
  const shown = images.slice(0, columns * rows);
  const pitch = (CONTENT.width - side) / (columns - 1);
  shown.forEach((url, i) =>
    drawing.image(x + (i % columns) * pitch, y + Math.floor(i / columns) * (side + gap), side, side, url)
  );
  const all = shown.length === images.length;
  const text = `${all ? "all" : `the first ${shown.length} of`} ${images.length} images`;
  const below = y + Math.ceil(shown.length / columns) * (side + gap);
  drawing.text(x, below + 12, text, { fontSize: 9.5 });
}

function drawDistances(
  drawing: Drawing,
  { distances, images, meanDistances }: PipelineUnit,
  x: number,
  y: number,
): void {
  const side = CONTENT.height - 14;
  const I = images.length;
  drawing.rect(x + 14, y, side, side, { fill: "white", stroke: INK.line, strokeWidth: 0.8 });
  drawing.image(x + 14, y, side, side, distances.url);
  drawing.text(x + 14 + side / 2, y + side + 11, `image j, 1 to ${I}`, { fontSize: 9.5, align: "center" });
  drawing.text(x + 7, y + side / 2, "image i", { fontSize: 9.5, align: "center", angle: -90 });
  const right = x + 14 + side + 9;
  drawing.text(right, y + 12, [`${(I * (I - 1)) / 2} pairs`, "mean d =", `${(meanDistances[I - 2] ?? 0).toFixed(3)}`], {
    fontSize: 9.5,
  });
  const bar = { top: y + 56, height: side - 66 };
  const steps = 12;
  for (let i = 0; i < steps; i++) {
    drawing.rect(right, bar.top + (i * bar.height) / steps, 9, bar.height / steps + 0.3, {
      fill: distanceColour(1 - i / (steps - 1)),
    });
  }
  drawing.rect(right, bar.top, 9, bar.height, { stroke: INK.line, strokeWidth: 0.8, fill: "transparent" });
  drawing.text(right + 13, bar.top + 7, distances.largest.toPrecision(2), { fontSize: 9 });
  drawing.text(right + 13, bar.top + bar.height, "0", { fontSize: 9 });
}

/** Colour of a distance, given as a share of the largest: from white for 0 to dark blue for 1. */
export function distanceColour(share: number): string {
  const dark = [0, 60, 110];
  return `#${dark.map((to) => Math.round(255 + (to - 255) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** Axes with a curve: a frame of two lines, ticks at these places, and a way to place points. */
function axes(
  drawing: Drawing,
  box: { x: number; y: number; width: number; height: number },
  x: { domain: readonly [number, number]; ticks: readonly number[]; title: string },
  y: { domain: readonly [number, number]; ticks: readonly number[]; title: string; digits: number },
): (at: Point) => Point {
  const place = ([a, b]: Point): Point => [
    box.x + (box.width * (a - x.domain[0])) / (x.domain[1] - x.domain[0] || 1),
    box.y + box.height * (1 - (b - y.domain[0]) / (y.domain[1] - y.domain[0] || 1)),
  ];
  drawing.line([[box.x, box.y], [box.x, box.y + box.height], [box.x + box.width, box.y + box.height]]);
  for (const tick of x.ticks) {
    const [at] = place([tick, y.domain[0]]);
    drawing.line([[at, box.y + box.height], [at, box.y + box.height + 3]]);
    drawing.text(at, box.y + box.height + 12, String(tick), { fontSize: 9, align: "center" });
  }
  for (const tick of y.ticks) {
    const [, at] = place([x.domain[0], tick]);
    drawing.line([[box.x - 3, at], [box.x, at]]);
    drawing.text(box.x - 5, at, tick.toFixed(y.digits), { fontSize: 9, align: "right", baseline: "middle" });
  }
  drawing.text(box.x + box.width / 2, box.y + box.height + 23, x.title, { fontSize: 9.5, align: "center" });
  drawing.text(box.x, box.y - 4, y.title, { fontSize: 9.5 });
  return place;
}

function drawCurve(drawing: Drawing, unit: PipelineUnit, x: number, y: number): void {
  const { meanDistances, literalStop, images, profile } = unit;
  const last = meanDistances.length + 1;
  const top = 1.15 * Math.max(...meanDistances, 1e-6);
  const digits = top < 0.1 ? 2 : 1;
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((each) => top / each <= 4.5) ?? 1;
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  const box = { x: x + 24, y: y + 10, width: CONTENT.width - 28, height: CONTENT.height - 36 };
  const place = axes(
    drawing,
    box,
    { domain: [0, last + 1], ticks: every(last < 12 ? 2 : last < 26 ? 5 : 10, last), title: "number of images I" },
    { domain: [0, top], ticks, title: "d", digits: step < 0.1 ? 2 : digits },
  );
  drawing.line(meanDistances.map((d, i) => place([i + 2, d])), { stroke: INK.text, strokeWidth: 1.5 });
  const stop = (I: number, shape: string, colour: string, text: string, line: number) => {
    const d = meanDistances[I - 2];
    if (d === undefined) return;
    const at = place([I, d]);
    drawing.symbol(...at, shape, { fill: colour, size: 65 });
    drawing.symbol(box.x + 34, box.y + box.height - 24 + 14 * line, shape, { fill: colour, size: 45 });
    drawing.text(box.x + 42, box.y + box.height - 21 + 14 * line, text, { fontSize: 9.5, limit: box.width - 42 });
  };
  if (literalStop !== null) stop(literalStop, "circle", INK.literal, `literal stop: I = ${literalStop}`, 0);
  stop(images.length, "triangle-up", INK.own, `${profile} stop: I = ${images.length}`, 1);
}

function drawMap(drawing: Drawing, { map, images }: PipelineUnit, x: number, y: number): void {
  const side = 17;
  const room = { width: CONTENT.width - side, height: CONTENT.height - side - 15 };
  const range = ([0, 1] as const).map((axis) => {
    const values = map.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const scale = Math.min(
    room.width / (range[0][1] - range[0][0] || 1),
    room.height / (range[1][1] - range[1][0] || 1),
  );
  const middle = range.map(([low, high]) => (low + high) / 2);
  map.forEach(([a, b], i) =>
    drawing.image(
      x + room.width / 2 + scale * (a - middle[0]),
      y + room.height / 2 - scale * (b - middle[1]),
      side,
      side,
      images[i],
    )
  );
  drawing.text(x, y + CONTENT.height - 1, "by the first two principal components", { fontSize: 9.5 });
}

function drawClusters(drawing: Drawing, unit: PipelineUnit, x: number, y: number): void {
  const { candidates, K, clusters, images } = unit;
  const finite = candidates.filter(({ criterion }) => Number.isFinite(criterion));
  const values = finite.map(({ criterion }) => criterion);
  const most = Math.max(...candidates.map(({ k }) => k), 2);
  const box = { x: x + 4, y: y + 12, width: 72, height: CONTENT.height - 38 };
  if (values.length > 0) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.12 * (high - low || 1);
    const ticks = [...new Set([1, Math.round((1 + most) / 2), most])];
    const place = axes(
      drawing,
      box,
      { domain: [0.5, most + 0.5], ticks, title: "K" },
      { domain: [low - room, high + room], ticks: [], title: "criterion", digits: 0 },
    );
    drawing.line(finite.map(({ k, criterion }) => place([k, criterion])), { stroke: INK.own, strokeWidth: 1.3 });
    for (const { k, criterion } of finite) {
      drawing.symbol(...place([k, criterion]), "circle", { fill: INK.own, size: 14 });
    }
    const chosen = finite.find(({ k }) => k === K);
    if (chosen) {
      drawing.symbol(...place([K, chosen.criterion]), "diamond", { stroke: INK.text, strokeWidth: 1.6, size: 110 });
    }
  }
  const left = box.x + box.width + 12;
  const rows = Math.min(K, 5);
  const pitch = Math.min(25, (CONTENT.height - (K > rows ? 14 : 0)) / rows);
  const side = pitch - 3;
  const columns = Math.floor((x + CONTENT.width - left - 28) / (side + 2));
  const lines = Math.max(1, Math.floor(5 / K)); // rows of images of one cluster
  for (let cluster = 0; cluster < rows; cluster++) {
    const members = images.filter((_, i) => clusters[i] === cluster);
    const rowY = y + cluster * lines * pitch;
    drawing.symbol(left + 5, rowY + side / 2, groupShape(cluster), { fill: groupColour(cluster), size: 60 });
    members.slice(0, columns * lines).forEach((url, i) =>
      drawing.image(left + 14 + (i % columns) * (side + 2), rowY + Math.floor(i / columns) * pitch, side, side, url)
    );
    drawing.text(x + CONTENT.width, rowY + side / 2, `${members.length}`, {
      fontSize: 9.5,
      align: "right",
      baseline: "middle",
    });
  }
  if (K > rows) drawing.text(left, y + CONTENT.height - 2, `and ${K - rows} more`, { fontSize: 9.5 });
}

function drawScore(drawing: Drawing, { images, K, C, D, S }: PipelineUnit, x: number, y: number): void {
  const I = images.length;
  const pairs = (K * (K - 1)) / 2;
  const lines: [string, string][] = [
    ["cluster count", `C = (K − 1) / (I − 1) = ${K - 1} / ${I - 1} = ${C.toFixed(3)}`],
    [
      "angular diversity of the clusters' centres",
      pairs === 0
        ? "D = 0: there is no pair of centres"
        : `D = mean of θ b over ${pairs} pair${pairs === 1 ? "" : "s"} = ${D.toFixed(3)}`,
    ],
    ["polysemanticity", `S = C + D − C D = ${S.toFixed(3)}`],
  ];
  lines.forEach(([name, formula], i) => {
    drawing.text(x, y + 8 + 31 * i, name, { fontSize: 9.5, fill: INK.muted });
    drawing.text(x, y + 21 + 31 * i, formula, { fontSize: 10.5, fontWeight: i === 2 ? "bold" : "normal" });
  });
  const bar = { x: x + 4, y: y + 98, width: CONTENT.width - 8, height: 12 };
  const end = (share: number) => bar.width * share;
  drawing.rect(bar.x, bar.y, end(C), bar.height, { fill: "#555555" });
  drawing.rect(bar.x + end(C), bar.y, end(S - C), bar.height, { fill: "#56B4E9" });
  drawing.rect(bar.x, bar.y, bar.width, bar.height, { fill: "transparent", stroke: INK.line, strokeWidth: 0.8 });
  drawing.text(bar.x, bar.y + bar.height + 11, "0", { fontSize: 9, align: "center" });
  drawing.text(bar.x + bar.width, bar.y + bar.height + 11, "1", { fontSize: 9, align: "center" });
  drawing.text(bar.x + bar.width / 2, bar.y + bar.height + 11, "S = C (dark) + (1 − C) D (light)", {
    fontSize: 9,
    align: "center",
  });
}

/** 0, step, 2 step, ... up to the most. */
function every(step: number, most: number): number[] {
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

/** A number to three digits, without an exponent where possible. */
function number(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
