/**
 * Charts in notebooks.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../report/render.ts";
import { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";

/** The version of vega-lite's format by which JupyterLab knows what to draw. */
const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** A chart that shows itself: as vega-lite where the reader draws that, as SVG elsewhere. */
export class ChartView implements Displayable {
  constructor(readonly spec: TopLevelSpec) {}

  async [DISPLAY](): Promise<MediaBundle> {
    return {
      "application/vnd.vegalite.v5+json": { ...this.spec, $schema: SCHEMA },
      "image/svg+xml": await renderSvg(this.spec),
      "text/plain": typeof this.spec.description === "string" ? this.spec.description : "a chart",
    };
  }
}

/** Shows a vega-lite chart. */
export function showChart(spec: TopLevelSpec): ChartView {
  return new ChartView(spec);
}
