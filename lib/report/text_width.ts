/**
 * Text measured in the font that comes with polysem, so that a figure's layout is the same on every machine.
 *
 * @module
 */
import { fontWidths } from "./font_widths.ts";

const readFont = (name: string) => Deno.readFileSync(new URL(`./fonts/Arimo-${name}.ttf`, import.meta.url));

/** The font's files. */
export const FONTS = { regular: readFont("Regular"), bold: readFont("Bold") };

const WIDTHS = { regular: fontWidths(FONTS.regular), bold: fontWidths(FONTS.bold) };

/** Looks of a text that decide how wide it is. */
export interface TextSize {
  /** In CSS pixels. */
  readonly fontSize: number;
  readonly fontWeight?: "normal" | "bold";
}

/** Width of a line of text in CSS pixels. */
export function textWidth(text: string, { fontSize, fontWeight = "normal" }: TextSize): number {
  return fontSize * WIDTHS[fontWeight === "bold" ? "bold" : "regular"].width(text);
}

/**
 * A name cut off at its start, after an ellipsis, to fit into a width: names of layers and units, such as
 * `/layer1/layer1.0/conv1/Conv:3`, differ at their end.
 *
 * @param width in CSS pixels.
 */
export function endOfName(name: string, width: number, size: TextSize): string {
  if (textWidth(name, size) <= width) return name;
  const characters = [...name];
  for (let from = 1; from < characters.length; from++) {
    const end = `…${characters.slice(from).join("")}`;
    if (textWidth(end, size) <= width) return end;
  }
  return "…";
}
