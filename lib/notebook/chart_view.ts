/**
 * Charts in notebooks.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { renderPng, renderSvg } from "../report/mod.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";

/** The version of vega-lite's format by which JupyterLab knows what to draw. */
const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** Longer than this, in characters, a chart would bloat its notebook: of hundreds of units, or of many images. */
const LONGEST = 250_000;

/** Pixels for each CSS pixel, where a chart is shown as PNG. */
const ZOOM = 1.5;

/**
 * A chart that shows itself: as vega-lite where the reader draws that, as SVG elsewhere. What is too long for a notebook is left
 * out; where neither can stay, a PNG takes their place.
 */
export class ChartView implements Displayable {
  constructor(readonly spec: TopLevelSpec) {}

  async [DISPLAY](): Promise<MediaBundle> {
    const spec = { ...this.spec, $schema: SCHEMA };
    const svg = await renderSvg(this.spec);
    return {
      ...(JSON.stringify(spec).length <= LONGEST && { "application/vnd.vegalite.v5+json": spec }),
      ...(svg.length <= LONGEST ? { "image/svg+xml": svg } : { "image/png": (await renderPng(svg, ZOOM)).toBase64() }),
      "text/plain": typeof this.spec.description === "string" ? this.spec.description : "a chart",
    };
  }
}

/** Shows a vega-lite chart. */
export function showChart(spec: TopLevelSpec): ChartView {
  return new ChartView(spec);
}
