/**
 * Free drawing as vega-lite layers, for diagrams and sheets of images. Places are pixels of the figure, counted from its
 * top left.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK } from "./theme.ts";

type Layer = { mark: Record<string, unknown>; data: { values: Record<string, unknown>[] }; encoding: unknown };

/** Looks of an outline. */
export interface LineStyle {
  readonly stroke?: string;
  readonly strokeWidth?: number;
  readonly strokeDash?: readonly number[];
  readonly opacity?: number;
}

/** Looks of an area. */
export interface AreaStyle extends LineStyle {
  readonly fill?: string;
  readonly cornerRadius?: number;
}

/** Looks of a text. Its place is the left end of its base line unless `align` and `baseline` say otherwise. */
export interface TextStyle {
  readonly fontSize?: number;
  readonly fontWeight?: "normal" | "bold";
  readonly fill?: string;
  readonly align?: "left" | "center" | "right";
  readonly baseline?: "alphabetic" | "top" | "middle" | "bottom";
  readonly angle?: number;
  /** Width in pixels at which it is cut off with an ellipsis. */
  readonly limit?: number;
}

/** A place in the figure: pixels to the right, pixels down. */
export type Point = readonly [number, number];

const inPixels = (field: string) => ({ field, type: "quantitative", scale: null, axis: null });

/** Coordinates to a hundredth of a pixel, so that rounding errors of sums do not reach the file. */
const round = (value: number) => Math.round(value * 100) / 100;

/**
 * A drawing in the making. What is drawn later lies on top, with one exception: marks of the same kind and look are one
 * layer, which lies where the first of them does.
 */
export class Drawing {
  private readonly layers = new Map<string, Layer>();
  private lines = 0;

  /**
   * @param width width in pixels.
   * @param height height in pixels.
   */
  constructor(readonly width: number, readonly height: number) {}

  private add(mark: Record<string, unknown>, encoding: Record<string, unknown>, row: Record<string, unknown>): void {
    const key = JSON.stringify([mark, encoding]);
    let layer = this.layers.get(key);
    if (!layer) this.layers.set(key, layer = { mark, data: { values: [] }, encoding });
    layer.data.values.push(row);
  }

  rect(x: number, y: number, width: number, height: number, style: AreaStyle): void {
    this.add(
      { type: "rect", ...style },
      { x: inPixels("x"), x2: { field: "x2" }, y: inPixels("y"), y2: { field: "y2" } },
      { x: round(x), x2: round(x + width), y: round(y), y2: round(y + height) },
    );
  }

  /** @param lines one string a line, 1.25 times the font size apart. */
  text(x: number, y: number, lines: string | readonly string[], style: TextStyle = {}): void {
    const { fontSize = 10, fontWeight = "normal", fill = INK.text, ...place } = style;
    const mark = { type: "text", fontSize, fontWeight, fill, align: "left", baseline: "alphabetic", ...place };
    const encoding = { x: inPixels("x"), y: inPixels("y"), text: { field: "text", type: "nominal" } };
    [lines].flat().forEach((line, i) =>
      this.add(mark, encoding, { x: round(x), y: round(y + i * 1.25 * fontSize), text: line })
    );
  }

  /** @param url a `data:` URL, drawn with its pixels as squares. */
  image(x: number, y: number, width: number, height: number, url: string): void {
    this.add(
      {
        type: "image",
        width: round(width),
        height: round(height),
        aspect: false,
        smooth: false,
        align: "left",
        baseline: "top",
      },
      { x: inPixels("x"), y: inPixels("y"), url: { field: "url", type: "nominal" } },
      { x: round(x), y: round(y), url },
    );
  }

  line(points: readonly Point[], style: LineStyle = {}): void {
    const mark = { type: "line", stroke: INK.line, strokeWidth: 1, ...style };
    const encoding = {
      x: inPixels("x"),
      y: inPixels("y"),
      detail: { field: "line", type: "nominal" },
      order: { field: "order", type: "quantitative" },
    };
    const line = this.lines++;
    points.forEach(([x, y], order) => this.add(mark, encoding, { x: round(x), y: round(y), line, order }));
  }

  /** A line with a head at its last point. */
  arrow(points: readonly Point[], style: LineStyle = {}): void {
    this.line(points, { stroke: INK.muted, strokeWidth: 1.4, ...style });
    const [[x0, y0], [x, y]] = points.slice(-2);
    const angle = (Math.atan2(y - y0, x - x0) * 180) / Math.PI + 90;
    this.symbol(x, y, "triangle-up", { fill: style.stroke ?? INK.muted, size: 42, angle });
  }

  /** @param style `size` is the area in square pixels. */
  symbol(
    x: number,
    y: number,
    shape: string,
    style: AreaStyle & { readonly size?: number; readonly angle?: number },
  ): void {
    const { fill, stroke, size = 40, ...rest } = style;
    const colours = { ...(fill && { fill }), ...(stroke && { stroke }), filled: fill !== undefined };
    this.add(
      { type: "point", shape, size, opacity: 1, ...colours, ...rest },
      { x: inPixels("x"), y: inPixels("y") },
      { x: round(x), y: round(y) },
    );
  }

  /** The chart. */
  spec(title: ChartTitle, description: string): TopLevelSpec {
    return chart(title, description, { width: this.width, height: this.height, layer: [...this.layers.values()] });
  }
}
