import type { TopLevelSpec } from "vega-lite";
import type { ImageBatch } from "../../types.ts";
import { imageUrl } from "../image_url.ts";
import { Drawing } from "./drawing.ts";
import { type ChartTitle, INK, PRINT_WIDTH } from "./theme.ts";

/** Images by label and column, the masks of the columns above them. */
export interface SheetOfSamples {
  /** Names of the rows. */
  readonly labels: readonly string[];
  readonly columns: readonly { readonly name: string }[];
  /** Row by row, shape [labels x columns, H, W, 3]. */
  readonly images: ImageBatch;
  /** Shape [columns, H, W, 3]. */
  readonly masks: ImageBatch;
}

const LABEL_WIDTH = 74;
const GAP = 3;
/** Side of an image where there are few columns: twice that of the generator's images. */
const LARGEST = 64;

/**
 * A grid of samples: a row for each label, a column for each mask or latent, and the masks above their columns.
 *
 * @param grid of at most 60 columns.
 */
export function sampleGridSheet({ labels, columns, images, masks }: SheetOfSamples, title: ChartTitle): TopLevelSpec {
  const side = Math.min(LARGEST, (PRINT_WIDTH - LABEL_WIDTH) / columns.length - GAP);
  const named = columns.some(({ name }) => name !== "");
  const top = named ? 26 : 0;
  const drawing = new Drawing(PRINT_WIDTH, top + (labels.length + 1) * (side + GAP) + GAP);
  const x = (column: number) => LABEL_WIDTH + column * (side + GAP);
  const y = (row: number) => top + row * (side + GAP) + (row > 0 ? GAP : 0);
  drawing.text(0, y(0) + side / 2, "mask", { baseline: "middle", fill: INK.muted });
  columns.forEach(({ name }, column) => {
    // a name of several words stands on two lines, so that it fits above its column
    const words = name.split(" ");
    const lines = words.length < 2 ? [name] : [words[0], words.slice(1).join(" ")];
    lines.forEach((line, i) =>
      drawing.text(x(column) + side / 2, 8 + 11 * i, line, { fontSize: 8, align: "center", limit: side + GAP - 1 })
    );
    drawing.image(x(column), y(0), side, side, imageUrl(masks, column));
  });
  labels.forEach((label, row) => {
    drawing.text(0, y(row + 1) + side / 2, label, { baseline: "middle" });
    columns.forEach((_, column) =>
      drawing.image(x(column), y(row + 1), side, side, imageUrl(images, row * columns.length + column))
    );
  });
  return drawing.spec(title, "Generated images: a row a label, a column a mask or latent.");
}
