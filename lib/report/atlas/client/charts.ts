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

/** A chart of points joined by a line, with marked places. */
export function lineChart(options: {
  readonly title: string;
  readonly description: string;
  readonly x: { readonly name: string; readonly integer: boolean };
  readonly y: { readonly name: string; readonly fromZero: boolean };
  readonly points: readonly (readonly [number, number])[];
  readonly second?: readonly (readonly [number, number])[];
  readonly marks: readonly { readonly x: number; readonly text: string; readonly kind: string }[];
  readonly dots: boolean;
}): HTMLElement {
  const [width, height, left, right, top, bottom] = [360, 220, 46, 12, 14, 38];
  const caption = html("figcaption", {}, options.title);
  const { points } = options;
  if (points.length === 0) {
    return html("figure", { class: "chart" }, caption, html("p", { class: "quiet" }, "Nothing to draw."));
  }
  const all = [...points, ...(options.second ?? [])];
  const xs = [...all.map(([x]) => x), ...options.marks.map(({ x }) => x)];
  const ys = all.map(([, y]) => y);
  let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
  let [y0, y1] = [options.y.fromZero ? 0 : Math.min(...ys), Math.max(...ys)];
  if (y0 === y1) [y0, y1] = [y0 - 0.5, y1 + 0.5];
  const room = (y1 - y0) * 0.08;
  y1 += room;
  if (!options.y.fromZero) y0 -= room;
  const px = (x: number) => left + ((x - x0) / (x1 - x0)) * (width - left - right);
  const py = (y: number) => height - bottom - ((y - y0) / (y1 - y0)) * (height - top - bottom);
  const path = (line: readonly (readonly [number, number])[]) =>
    line.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("");
  const step = axisTicks(y0, y1, 4);
  const digits = step.length > 1 ? Math.max(0, Math.min(4, Math.ceil(-Math.log10(step[1] - step[0]) - 1e-9))) : 2;
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.description },
    ...step.map((y) =>
      svg(
        "g",
        {},
        svg("line", { class: "grid", x1: left, x2: width - right, y1: py(y), y2: py(y) }),
        svg("text", { x: left - 6, y: py(y) + 3.5, "text-anchor": "end" }, y.toFixed(digits)),
      )
    ),
    ...axisTicks(x0, x1, options.dots ? 12 : 6).filter((x) => !options.x.integer || Number.isInteger(x)).map((x) =>
      svg("text", { x: px(x), y: height - bottom + 15, "text-anchor": "middle" }, String(x))
    ),
    svg("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
    svg(
      "text",
      { class: "name", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" },
      options.x.name,
    ),
    svg("text", { class: "name", x: 2, y: 9 }, options.y.name),
    ...options.marks.map(({ x, text, kind }, i) =>
      svg(
        "g",
        { class: `mark ${kind}` },
        svg("line", { x1: px(x), x2: px(x), y1: top + 4, y2: height - bottom }),
        svg(
          "text",
          {
            x: px(x) + (px(x) > width / 2 ? -5 : 5),
            y: top + 14 + 13 * i,
            "text-anchor": px(x) > width / 2 ? "end" : "start",
          },
          text,
        ),
      )
    ),
    options.second ? svg("path", { class: "line second", d: path(options.second) }) : null,
    svg("path", { class: "line", d: path(points) }),
    ...(options.dots ? points : []).map(([x, y]) =>
      svg("circle", {
        class: options.marks.some((mark) => mark.x === x) ? "dot chosen" : "dot",
        cx: px(x),
        cy: py(y),
        r: options.marks.some((mark) => mark.x === x) ? 4.5 : 3,
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
    x: { name: "images", integer: true },
    y: { name: "mean pairwise LPIPS", fromZero: false },
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
    x: { name: "clusters K", integer: true },
    y: { name: `${index.criterion}, lower is better`, fromZero: false },
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
