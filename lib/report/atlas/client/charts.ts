/**
 * Charts of one unit.
 *
 * @module
 */
import type { PageIndex, UnitBlock, UnitEntry } from "../page_data.ts";
import { clusterClass } from "./clusters.ts";
import { html, svg } from "./dom.ts";
import { short } from "./format.ts";
import { drawImages } from "./images.ts";

/** Values at which an axis is marked: round, about so many. */
export function axisTicks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) {
    ticks.push(Number(tick.toPrecision(10)));
  }
  return ticks;
}

/** A point of a chart: across, up. */
export type Point = readonly [number, number];

/** A place along the horizontal axis that is marked. */
export interface ChartMark {
  readonly x: number;
  readonly text: string;
  /** Class of its look. */
  readonly kind: string;
}

/** Where numbers lie in a chart, in its pixels. */
export interface ChartScale {
  readonly width: number;
  readonly height: number;
  /** The room that is drawn in. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** The numbers at its edges. */
  readonly xs: Point;
  readonly ys: Point;
  /** The pixel of a number. */
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
}

/** The scale of a chart with room for all points and marks. */
export function chartScale(points: readonly Point[], marks: readonly ChartMark[]): ChartScale {
  const [width, height] = [360, 220];
  const [left, right, top, bottom] = [46, width - 12, 14, height - 38];
  const all = [...points.map(([x]) => x), ...marks.map(({ x }) => x)];
  let [x0, x1] = [Math.min(...all), Math.max(...all)];
  if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
  const heights = points.map(([, y]) => y);
  let [y0, y1] = [Math.min(...heights), Math.max(...heights)];
  if (y0 === y1) [y0, y1] = [y0 - 0.5, y1 + 0.5];
  const room = (y1 - y0) * 0.08;
  y1 += room;
  y0 -= room;
  return {
    ...{ width, height, left, right, top, bottom },
    xs: [x0, x1],
    ys: [y0, y1],
    px: (x) => left + ((x - x0) / (x1 - x0)) * (right - left),
    py: (y) => bottom - ((y - y0) / (y1 - y0)) * (bottom - top),
  };
}

/** The axes of a chart: lines across for the vertical one, and whole numbers along the horizontal one, about so many. */
export function chartAxes(scale: ChartScale, xName: string, yName: string, about: number): SVGElement[] {
  const { left, right, bottom, height, xs, ys, px, py } = scale;
  const step = axisTicks(ys[0], ys[1], 4);
  const digits = step.length > 1 ? Math.max(0, Math.min(4, Math.ceil(-Math.log10(step[1] - step[0]) - 1e-9))) : 2;
  return [
    ...step.map((y) =>
      svg(
        "g",
        {},
        svg("line", { class: "grid", x1: left, x2: right, y1: py(y), y2: py(y) }),
        svg("text", { x: left - 6, y: py(y) + 3.5, "text-anchor": "end" }, y.toFixed(digits)),
      )
    ),
    ...axisTicks(xs[0], xs[1], about).filter(Number.isInteger).map((x) =>
      svg("text", { x: px(x), y: bottom + 15, "text-anchor": "middle" }, String(x))
    ),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    svg("text", { class: "name", x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, xName),
    svg("text", { class: "name", x: 2, y: 9 }, yName),
  ];
}

/** Marked places as lines upright, each text lower than the one before. */
export function chartMarks({ width, top, bottom, px }: ChartScale, marks: readonly ChartMark[]): SVGElement[] {
  return marks.map(({ x, text, kind }, i) => {
    const isRight = px(x) > width / 2;
    const place = { x: px(x) + (isRight ? -5 : 5), y: top + 14 + 13 * i, "text-anchor": isRight ? "end" : "start" };
    return svg(
      "g",
      { class: `mark ${kind}` },
      svg("line", { x1: px(x), x2: px(x), y1: top + 4, y2: bottom }),
      svg("text", place, text),
    );
  });
}

/** A chart of points joined by a line, with marked places. */
export function lineChart({ title, description, x, y, points, marks, dots }: {
  readonly title: string;
  /** What a reader who cannot see the chart should know. */
  readonly description: string;
  /** Names of the axes; the horizontal one is of whole numbers. */
  readonly x: string;
  readonly y: string;
  readonly points: readonly Point[];
  readonly marks: readonly ChartMark[];
  /** Whether each point has a dot. */
  readonly dots: boolean;
}): HTMLElement {
  const caption = html("figcaption", {}, title);
  if (points.length === 0) {
    return html("figure", { class: "chart" }, caption, html("p", { class: "quiet" }, "Nothing to draw."));
  }
  const scale = chartScale(points, marks);
  const { width, height, px, py } = scale;
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("");
  const isMarked = (x: number) => marks.some((mark) => mark.x === x);
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": description },
    ...chartAxes(scale, x, y, dots ? 12 : 6),
    ...chartMarks(scale, marks),
    svg("path", { class: "line", d: path }),
    ...(dots ? points : []).map(([x, y]) =>
      svg("circle", {
        class: isMarked(x) ? "dot chosen" : "dot",
        cx: px(x),
        cy: py(y),
        r: isMarked(x) ? 4.5 : 3,
      })
    ),
  );
  return html("figure", { class: "chart" }, caption, chart);
}

/** Mean distance as images are added, with both stops. */
export function elbowChart(entry: UnitEntry, block: UnitBlock, index: PageIndex): HTMLElement {
  const stops = [
    ...(entry.paper === null ? [] : [{ x: entry.paper.I, text: `literal stop, ${entry.paper.I}`, kind: "literal" }]),
    ...(entry.score === null ? [] : [{
      x: entry.score.I,
      text: `${entry.stop === "elbow" ? "stop" : "maximum"}, ${entry.score.I}`,
      kind: "own",
    }]),
  ];
  const rule = index.elbow === null
    ? ""
    : ` Ends after ${index.elbow.patience} changes in a row below ${index.elbow.threshold}, with ${index.elbow.minImages} to ${index.elbow.maxImages} images.`;
  const chart = lineChart({
    title: "Elbow: mean LPIPS as images are added",
    description: `Mean pairwise LPIPS distance of ${entry.id} after 2 to ${block.curve.length + 1} images.${rule}`,
    x: "images",
    y: "mean pairwise LPIPS",
    points: block.curve.map((distance, i) => [i + 2, distance] as const),
    marks: stops,
    dots: false,
  });
  chart.append(html("p", { class: "note" }, rule.trim()));
  return chart;
}

/** The criterion by K. */
export function criterionChart(entry: UnitEntry, block: UnitBlock, index: PageIndex): HTMLElement {
  const points = block.candidates.flatMap(({ k, value }) => value === null ? [] : [[k, value] as const]);
  const chart = lineChart({
    title: `Choice of K: ${index.criterion}`,
    description: `${index.criterion} of ${entry.id} by number of clusters: ${
      points.map(([k, value]) => `K ${k}: ${short(value, 4)}`).join(", ")
    }`,
    x: "clusters K",
    y: `${index.criterion}, lower is better`,
    points,
    marks: entry.score === null ? [] : [{ x: entry.score.K, text: `K = ${entry.score.K}`, kind: "own" }],
    dots: true,
  });
  chart.append(
    html(
      "p",
      { class: "note" },
      `Inertia: ${block.candidates.map(({ k, inertia }) => `${k}: ${short(inertia)}`).join(" · ")}`,
    ),
  );
  return chart;
}

/** The embeddings on their principal plane, each as its image in the colour of its cluster. */
export function embeddingMap(entry: UnitEntry, block: UnitBlock, image: HTMLImageElement): HTMLElement {
  const { map, mapShares, sheet } = block;
  const [xs, ys] = [map.map(([x]) => x), map.map(([, y]) => y)];
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const reach = (values: number[]) => (Math.max(...values) - Math.min(...values)) / 2;
  const [mx, my] = [middle(xs), middle(ys)];
  const scale = Math.max(reach(xs) / 1.5, reach(ys), 1e-9); // one scale for both axes: distances are to be seen
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const field = html("div", {
    class: "map",
    role: "img",
    "aria-label":
      `Embeddings of the ${map.length} images of ${entry.id} on their first two principal components, which hold ${
        percent(mapShares[0])
      } and ${percent(mapShares[1])} of the variance`,
  });
  map.forEach(([x, y], i) => {
    const dot = html("canvas", {
      class: `pixels ${clusterClass(block.assignments[i])}`,
      "aria-hidden": "true",
      "data-place": i,
      title: `image ${i + 1}, cluster ${block.assignments[i] + 1}`,
    });
    drawImages(dot, image, sheet!, [i], 1, 0);
    dot.style.left = `${50 + 44 * (x - mx) / scale / 1.5}%`;
    dot.style.top = `${50 - 42 * (y - my) / scale}%`;
    field.append(dot);
  });
  return html(
    "figure",
    { class: "chart" },
    html("figcaption", {}, "Embedding map: first two principal components"),
    field,
    html(
      "p",
      { class: "note" },
      `Across ${percent(mapShares[0])} of the variance, up ${percent(mapShares[1])}; one scale. Frames are clusters.`,
    ),
  );
}
