/**
 * How wide text is in the font of figures, read from the font's own tables. Without this, vega would estimate widths, and
 * badly; with a canvas, the layout would depend on the machine's fonts.
 *
 * @module
 */

/** Widths of the characters of one font. */
export interface FontWidths {
  /** Width of a text without kerning, in units of the font's size. */
  width(text: string): number;
}

/**
 * Reads the tables `head`, `hhea`, `hmtx` and `cmap` (format 4: characters up to U+FFFF) of a TrueType font.
 *
 * @throws {RangeError} when the bytes are no such font.
 * @see the OpenType specification, chapters of these tables
 */
export function fontWidths(font: Uint8Array): FontWidths {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const table = (tag: string): number => {
    for (let i = 0; i < view.getUint16(4); i++) {
      const entry = 12 + 16 * i;
      if (String.fromCharCode(...font.subarray(entry, entry + 4)) === tag) return view.getUint32(entry + 8);
    }
    throw new RangeError(`the font has no table ${tag}`);
  };
  const unitsPerEm = view.getUint16(table("head") + 18);
  const measured = view.getUint16(table("hhea") + 34);
  const hmtx = table("hmtx");
  const advance = (glyph: number) => view.getUint16(hmtx + 4 * Math.min(glyph, measured - 1)) / unitsPerEm;
  const glyphOf = characterMap(view, table("cmap"));
  const widths = new Map<number, number>();
  return {
    width(text) {
      let sum = 0;
      for (const character of text) {
        const code = character.codePointAt(0)!;
        const known = widths.get(code);
        const width = known ?? advance(glyphOf(code));
        if (known === undefined) widths.set(code, width);
        sum += width;
      }
      return sum;
    },
  };
}

/** The glyph of a character. Where the font has none it is 0, the box of a missing character. */
function characterMap(view: DataView, cmap: number): (code: number) => number {
  for (let i = 0; i < view.getUint16(cmap + 2); i++) {
    const map = cmap + view.getUint32(cmap + 4 + 8 * i + 4);
    if (view.getUint16(map) !== 4) continue;
    const doubled = view.getUint16(map + 6); // twice the number of segments
    const [ends, starts, deltas, offsets] = [14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled].map((at) =>
      map + at
    );
    return (code) => {
      for (let s = 0; s < doubled; s += 2) {
        if (view.getUint16(ends + s) < code) continue;
        const start = view.getUint16(starts + s);
        if (start > code) return 0;
        const [delta, offset] = [view.getUint16(deltas + s), view.getUint16(offsets + s)];
        if (offset === 0) return (code + delta) & 0xffff;
        const glyph = view.getUint16(offsets + s + offset + 2 * (code - start));
        return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
      }
      return 0;
    };
  }
  throw new RangeError("the font has no character map of format 4");
}
