/**
 * Charts as files. A vega-lite specification becomes an SVG, of the same bytes on every machine, and the SVG a PNG at print
 * size.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { markForPeople } from "../images/mod.ts";
import { FONTS, textWidth } from "./text_width.ts";

/** Pixels of a PNG for each CSS pixel: 300 dots to the inch. */
export const PRINT_ZOOM = 300 / 96;

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
  /** Width at which vega cuts the text off; 0 or none for nowhere. */
  readonly limit?: number;
}

// vega measures text with a canvas if there is one, and guesses otherwise; this replaces both
(vega as unknown as { textMetrics: { width: (item: TextItem, text: unknown) => number } }).textMetrics.width = (
  { fontSize = 11, fontWeight, limit },
  text,
) => {
  const isBold = fontWeight === "bold" || Number(fontWeight) >= 600;
  const width = textWidth(String(text ?? "").trim(), { fontSize, fontWeight: isBold ? "bold" : "normal" });
  return limit ? Math.min(limit, width) : width;
};

function refuse(...messages: readonly unknown[]): never {
  throw new TypeError(`the chart is not as meant: ${messages.join(" ")}`);
}

/**
 * Takes what vega and vega-lite say while they draw. An error refuses the chart.
 *
 * @param warn what a warning does; nothing unless given.
 */
function logger(warn?: typeof refuse): vega.LoggerInterface {
  const quiet = (): unknown => calls;
  const calls = { level: quiet, info: quiet, debug: quiet, warn: warn ?? quiet, error: refuse };
  return calls as unknown as vega.LoggerInterface;
}

/**
 * Draws a chart as SVG. Images must be `data:` URLs: nothing is fetched.
 *
 * @returns one SVG document, equal to the byte for equal specifications.
 * @throws {TypeError} when vega-lite warns of something, which it then does not draw as asked for, or drawing fails.
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const compiled = compile(spec, { logger: logger(refuse) }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: "none", logger: logger() });
  try {
    vega.resetSVGDefIds(); // or the numbers of clip paths would go on from the chart drawn before
    return `${readable(labelled(await view.toSVG(), spec))}\n`;
  } finally {
    view.finalize();
  }
}

/** The SVG with a label for screen readers: its title, and the description, which vega leaves out of files. */
function labelled(svg: string, { title, description }: TopLevelSpec): string {
  const heading = typeof title === "object" && title !== null && "text" in title ? title.text : title;
  const label = [heading, description].flat().filter((each) => typeof each === "string").join(". ");
  const escaped = label.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return svg.replace("<svg ", () => `<svg role="img" aria-label="${escaped}" `);
}

/** The SVG with U+FFFD in place of the characters that XML cannot hold, such as control characters in a name. */
function readable(svg: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return svg.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
}

let ready: Promise<void> | undefined;

/**
 * Draws an SVG of ours as PNG with the font that comes with polysem, so that text shows on a machine that has none.
 *
 * @param zoom pixels for each CSS pixel.
 */
export async function renderPng(svg: string, zoom: number = PRINT_ZOOM): Promise<Uint8Array> {
  ready ??= Deno.readFile(new URL(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm"))).then(initWasm);
  await ready;
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    imageRendering: 1, // draws pixels as squares; resvg does not know the word `pixelated`, which vega writes
    font: { fontBuffers: [FONTS.regular, FONTS.bold], defaultFontFamily: "Arimo", sansSerifFamily: "Arimo" },
  });
  try {
    const rendered = image.render();
    try {
      return markForPeople(withResolution(rendered.asPng(), zoom * 96));
    } finally {
      rendered.free();
    }
  } finally {
    image.free();
  }
}

/** The PNG with its size on paper: a chunk `pHYs` after the header, in pixels a metre. */
function withResolution(png: Uint8Array, dotsPerInch: number): Uint8Array {
  const afterHeader = 8 + 25;
  const chunk = new Uint8Array(21);
  const view = new DataView(chunk.buffer);
  const perMetre = Math.round(dotsPerInch / 0.0254);
  view.setUint32(0, 9);
  chunk.set(new TextEncoder().encode("pHYs"), 4);
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  chunk[16] = 1; // the unit is the metre
  view.setUint32(17, crc32(chunk.subarray(4, 17)));
  const out = new Uint8Array(png.length + chunk.length);
  out.set(png.subarray(0, afterHeader));
  out.set(chunk, afterHeader);
  out.set(png.subarray(afterHeader), afterHeader + chunk.length);
  return out;
}
