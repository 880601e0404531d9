/**
 * How every figure looks: its size, its colours, and its title, which says what the figure was made of.
 *
 * @module
 */
import type { Config, TopLevelSpec } from "vega-lite";
import { isPartial, plannedUnits, type RunData } from "../../run_data.ts";
import { endOfName } from "../text_width.ts";

/** Width of a figure in CSS pixels, 96 to the inch: 7.2 inches, two columns of a journal. */
export const PRINT_WIDTH = 690;

/**
 * PNGs are drawn and text is measured with Arimo. The other three fonts have the same widths, so the SVG looks alike on any
 * machine that has one of the four.
 */
export const FONT = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif";

/** The qualitative palette of Okabe and Ito, safe for colour-blind readers; without its yellow, too pale on white. */
export const PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"] as const;

/** Shapes of points, which tell groups apart in grey print. */
export const SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "cross",
  "triangle-right",
] as const;

/** Colours by their role. */
export const INK = {
  text: "#1a1a1a",
  muted: "#555555",
  line: "#888888",
  grid: "#e3e3e3",
  panel: "#f6f7f9",
  /** What the paper says literally. */
  literal: "#D55E00",
  /** What the dataset's images do. */
  dataset: "#D55E00",
  /** What the run's own profile says. */
  own: "#0072B2",
} as const;

/** Colour of the i-th of a list of groups. With its shape, it differs from those of all others among the first 49. */
export function groupColour(index: number): string {
  return PALETTE[index % PALETTE.length];
}

/** Shape of the i-th of a list of groups. It moves on by one each time the colours begin anew. */
export function groupShape(index: number): string {
  return SHAPES[(index + Math.floor(index / PALETTE.length)) % SHAPES.length];
}

/** Settings that all charts share. */
export const CONFIG: Config = {
  font: FONT,
  aria: false, // the figure has one description: labels of its marks would repeat all its data
  background: "white",
  padding: 8,
  view: { stroke: null },
  axis: {
    labelFontSize: 10,
    titleFontSize: 11,
    titleFontWeight: "normal",
    labelColor: INK.text,
    titleColor: INK.text,
    domainColor: INK.line,
    tickColor: INK.line,
    gridColor: INK.grid,
    labelFlush: false,
  },
  legend: {
    labelFontSize: 10,
    labelLimit: 0,
    titleFontSize: 11,
    titleFontWeight: "normal",
    labelColor: INK.text,
    titleColor: INK.text,
    orient: "bottom",
    symbolSize: 60,
    columnPadding: 24, // room for fonts that are wider than the one that labels are measured in
  },
  header: {
    labelFontSize: 11,
    labelFontWeight: "bold",
    labelColor: INK.text,
    titleFontSize: 11,
    titleColor: INK.text,
    titleFontWeight: "normal",
    labelPadding: 6,
  },
  title: {
    anchor: "start",
    frame: "bounds",
    fontSize: 14,
    fontWeight: "bold",
    color: INK.text,
    subtitleFontSize: 10.5,
    subtitleColor: INK.muted,
    subtitleLineHeight: 14,
    subtitlePadding: 5,
    offset: 14,
    limit: PRINT_WIDTH,
  },
};

/** A figure: a chart, what it is called, and its data. */
export interface Figure {
  /** Name of its files, such as `3_elbow`. */
  readonly name: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
  /** What is drawn, as CSV. */
  readonly csv: string;
}

/** `model lenet5-cifar10 · profile calibrated · ...`: what the numbers of a run depend on. */
export function provenance({ name, manifest }: Pick<RunData, "name" | "manifest">): string {
  return [
    `model ${manifest.model}`,
    `profile ${manifest.profileName}`,
    `embedder ${manifest.embedder}`,
    `LPIPS ${manifest.lpips}`,
    `seed ${manifest.seed}`,
    `run ${name}`, // last, so that of a line that is too long the name is cut
  ].join(" · ");
}

/** `partial run: 8 of 236 units`, or nothing. */
export function partialNote(run: RunData): string[] {
  return isPartial(run) ? [`Partial run: ${run.units.length} of ${plannedUnits(run)} units.`] : [];
}

/** The title of a figure: what it shows, how to read it, and what it was made of. */
export function figureTitle(run: RunData, text: string, notes: readonly string[]): ChartTitle {
  return { text, subtitle: [...notes, ...partialNote(run), provenance(run)] };
}

/** The title of a chart: a line, and lines below it. */
export interface ChartTitle {
  readonly text: string;
  readonly subtitle: readonly string[];
}

/**
 * A chart with the looks that all charts share.
 *
 * @param description what a reader who cannot see it should know, in a sentence.
 * @param body a vega-lite view without these. Its type is loose: the types of vega-lite accept literal objects, not
 *   composed ones; {@linkcode renderSvg} refuses what vega-lite warns of.
 */
export function chart(title: ChartTitle, description: string, body: Readonly<Record<string, unknown>>): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: { text: title.text, subtitle: [...title.subtitle] },
    description,
    config: CONFIG,
    ...body,
  } as unknown as TopLevelSpec;
}

/** The `labelExpr` of an axis whose numbers 0, 1, ... stand for these names; a list of lines is a name of several. */
export function namesByNumber(names: readonly (string | readonly string[])[]): string {
  const list = (items: readonly string[]) => `[${items.join(",")}]`;
  const expressions = names.map((name) => typeof name === "string" ? literal(name) : list(name.map(literal)));
  return `${list(expressions)}[datum.value]`;
}

/**
 * A text as a string of vega's expressions. Two characters that JSON leaves as they are end such a string, so they are
 * escaped. And vega fails at strings that are names of properties of every object, such as `constructor`: such a one is cut
 * out of a longer string.
 */
function literal(text: string): string {
  const quoted = (text: string) => JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  return text in Object.prototype ? `slice(${quoted(`=${text}`)}, 1)` : quoted(text);
}

const PANEL_TITLE = { fontSize: 11, fontWeight: "bold" } as const;

/** The name of a layer or unit as the title of a panel: as much of its end as fits above the panel. */
export function panelName(width: number, name: string): string {
  return endOfName(name, width, PANEL_TITLE);
}

/**
 * The title of a panel, as marks above it. Vega's own titles would not stand in a row: their place depends on the axes.
 *
 * @param width width of the panel in pixels.
 */
export function panelTitle(width: number, text: string, subtitle?: string): Record<string, unknown>[] {
  const line = (y: number, text: string, more: Record<string, unknown>) => ({
    data: { values: [{ text }] }, // not in the mark, where vega fails at words such as `constructor`
    mark: { type: "text", x: width / 2, y, align: "center", baseline: "alphabetic", ...more },
    encoding: { text: { field: "text", type: "nominal" } },
  });
  const heading = { ...PANEL_TITLE, color: INK.text };
  if (subtitle === undefined) return [line(-8, text, heading)];
  return [line(-21, text, heading), line(-8, subtitle, { fontSize: 10, color: INK.muted })];
}

/** A figure without a chart, which says why there is none. */
export function emptyChart(title: ChartTitle, reason: string): TopLevelSpec {
  return chart(title, reason, {
    width: PRINT_WIDTH,
    height: 90,
    layer: [
      { data: { values: [{}] }, mark: { type: "rect", x: 0, x2: PRINT_WIDTH, y: 0, y2: 90, fill: INK.panel } },
      {
        data: { values: [{}] },
        mark: { type: "text", x: PRINT_WIDTH / 2, y: 45, text: reason, fontSize: 12, color: INK.muted },
      },
    ],
  });
}
