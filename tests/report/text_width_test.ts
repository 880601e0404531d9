import assert from "node:assert/strict";
import { endOfName, textWidth } from "../../lib/report/text_width.ts";

Deno.test("textWidth() grows with the size, and bold text is wider", () => {
  // Helvetica, whose widths the font has: A 667, i 222 and 1 556 thousandths of the size; bold i 278
  assert.ok(Math.abs(textWidth("Ai1", { fontSize: 10 }) - 14.45) < 0.03);
  assert.ok(Math.abs(textWidth("Ai1", { fontSize: 20 }) - 28.9) < 0.06);
  assert.ok(Math.abs(textWidth("i", { fontSize: 10, fontWeight: "bold" }) - 2.78) < 0.01);
});

Deno.test("endOfName() keeps what fits, and else as much of the end as fits after an ellipsis", () => {
  const size = { fontSize: 10 };
  const name = "/layer1/layer1.0/conv1/Conv:3";
  assert.equal(endOfName(name, 200, size), name);
  assert.equal(endOfName(name, textWidth(name, size), size), name);
  for (const width of [30, 60, 90]) {
    const end = endOfName(name, width, size);
    assert.match(end, /^…/);
    assert.ok(name.endsWith(end.slice(1)));
    assert.ok(textWidth(end, size) <= width);
    const longer = `…${name.slice(-end.length)}`;
    assert.ok(textWidth(longer, size) > width, `${longer} would have fitted too`);
  }
  assert.equal(endOfName("name", 1, size), "…");
  assert.equal(endOfName("", 0, size), "");
});

Deno.test("endOfName() does not cut a character in two", () => {
  assert.equal(endOfName("😀😀", 10 + 10, { fontSize: 10 }).isWellFormed(), true);
});
