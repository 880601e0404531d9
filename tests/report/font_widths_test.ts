import assert from "node:assert/strict";
import { join } from "node:path";
import { fontWidths } from "../../lib/report/font_widths.ts";

const read = (name: string) =>
  fontWidths(Deno.readFileSync(join(import.meta.dirname!, "..", "..", "lib", "report", "fonts", `Arimo-${name}.ttf`)));

Deno.test("fontWidths() of the regular font are those of Helvetica, to a thousandth", () => {
  // Adobe's Helvetica.afm: widths in thousandths of the size
  const { width } = read("Regular");
  for (
    const [text, afm] of [["A", 667], ["W", 944], ["i", 222], ["m", 833], ["1", 556], [" ", 278], ["é", 556]] as const
  ) {
    assert.ok(Math.abs(1000 * width(text) - afm) < 1, `${text}: ${width(text)}`);
  }
  assert.ok(Math.abs(width("Ai1") - (0.667 + 0.222 + 0.556)) < 0.003);
  assert.equal(width(""), 0);
});

Deno.test("fontWidths() of the bold font are those of Helvetica-Bold, to a thousandth", () => {
  const { width } = read("Bold");
  for (const [text, afm] of [["A", 722], ["i", 278], ["m", 889], ["1", 556]] as const) {
    assert.ok(Math.abs(1000 * width(text) - afm) < 1, `${text}: ${width(text)}`);
  }
});

Deno.test("fontWidths() gives a character that the font lacks the width of its box", () => {
  const { width } = read("Regular");
  assert.equal(width("漢"), width("字"));
  assert.ok(width("漢") > 0);
});

Deno.test("fontWidths() refuses what is no font", () => {
  assert.throws(() => fontWidths(new Uint8Array(100)), RangeError);
});
