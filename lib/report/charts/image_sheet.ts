import type { TopLevelSpec } from "vega-lite";
import { endOfName } from "../text_width.ts";
import { Drawing } from "./drawing.ts";
import { type ChartTitle, groupColour, groupShape, INK, PRINT_WIDTH } from "./theme.ts";

/** Images of one unit. */
export interface SheetUnit {
  /** Such as `conv2:3`. */
  readonly heading: string;
  /** Such as `K = 2, S = 0.15`. */
  readonly caption: string;
  /** At most four are drawn. */
  readonly images: readonly SheetImage[];
}

/** One image of a sheet. */
export interface SheetImage {
  /** The image as a `data:` URL. */
  readonly url: string;
  /** Cluster, from 0, to be marked; null for no mark. */
  readonly cluster: number | null;
}

/** Units of one layer. */
export interface SheetLayer {
  /** Such as `conv2: 8 of 16 units`. */
  readonly heading: string;
  readonly units: readonly SheetUnit[];
}

/** Units in a row. */
export const SHEET_COLUMNS = 8;

/** Most images of a unit, in rows of two. */
export const SHEET_IMAGES = 4;

const GAP = 2;
const BETWEEN = 9;
const SIDE = (PRINT_WIDTH - (SHEET_COLUMNS - 1) * BETWEEN) / SHEET_COLUMNS;
const IMAGE = (SIDE - GAP) / 2;

/**
 * Visualizations by layer: eight units in a row, up to four images of each.
 *
 * @param layers at least one.
 */
export function imageSheet(layers: readonly SheetLayer[], title: ChartTitle): TopLevelSpec {
  const rows = layers.map(({ units }) => Math.max(1, Math.ceil(units.length / SHEET_COLUMNS)));
  const [heading, caption, below] = [20, 30, 12];
  const height = Math.ceil(rows.reduce((sum, count) => sum + heading + count * (SIDE + caption) + below, -below));
  const drawing = new Drawing(PRINT_WIDTH, height);
  let top = 0;
  for (const [index, layer] of layers.entries()) {
    const look = { fontSize: 11, fontWeight: "bold" } as const;
    drawing.text(0, top + 11, endOfName(layer.heading, PRINT_WIDTH, look), look);
    for (const [i, unit] of layer.units.entries()) {
      const x = (i % SHEET_COLUMNS) * (SIDE + BETWEEN);
      const y = top + heading + Math.floor(i / SHEET_COLUMNS) * (SIDE + caption);
      for (const [j, { url, cluster }] of unit.images.slice(0, SHEET_IMAGES).entries()) {
        const [imageX, imageY] = [x + (j % 2) * (IMAGE + GAP), y + Math.floor(j / 2) * (IMAGE + GAP)];
        drawing.image(imageX, imageY, IMAGE, IMAGE, url);
        if (cluster === null) continue;
        drawing.symbol(imageX + 6, imageY + 6, groupShape(cluster), {
          fill: groupColour(cluster),
          stroke: "white",
          strokeWidth: 1,
          size: 55,
        });
      }
      drawing.text(x, y + SIDE + 11, endOfName(unit.heading, SIDE, { fontSize: 9.5 }), { fontSize: 9.5 });
      drawing.text(x, y + SIDE + 22, unit.caption, { fontSize: 9, fill: INK.muted, limit: SIDE });
    }
    top += heading + rows[index] * (SIDE + caption) + below;
  }
  return drawing.spec(title, "Visualizations of units, layer by layer.");
}
