import assert from "node:assert/strict";
import fc from "fast-check";
import { fromCsv, toCsv } from "../lib/csv.ts";
import { parsedCsv } from "./parsed_csv.ts";

Deno.test("toCsv() writes the columns in order, quotes where it must, and leaves empty what is no number", () => {
  const rows = [
    { a: 1.5, b: 'say "hi", all', c: true },
    { b: null, a: NaN, c: undefined },
    { a: -Infinity, b: "two\nlines" },
  ];
  assert.equal(toCsv(["b", "a", "c"], rows), 'b,a,c\n"say ""hi"", all",1.5,true\n,,\n"two\nlines",,\n');
});

Deno.test("toCsv() writes numbers in the fewest digits that read back the same", () => {
  const numbers = [0.1 + 0.2, 1 / 3, 1e21, 5e-324, -0, -2.5, 2 ** 53];
  const written = ["0.30000000000000004", "0.3333333333333333", "1e+21", "5e-324", "0", "-2.5", "9007199254740992"];
  assert.equal(toCsv(["x"], numbers.map((x) => ({ x }))), ["x", ...written, ""].join("\n"));
});

Deno.test("toCsv() without rows is the header alone, and its names are quoted as cells are", () => {
  assert.equal(toCsv(['a,"b"', "c"], []), '"a,""b""",c\n');
});

Deno.test("toCsv() of any text reads back the same", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", " ", "#", "<") }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (rows) => {
      const csv = toCsv(["first", "second"], rows.map(([first, second]) => ({ first, second })));
      assert.deepEqual(parsedCsv(csv), [["first", "second"], ...rows]);
    }),
  );
});

Deno.test("fromCsv() reads what toCsv() writes, every cell as text", () => {
  assert.deepEqual(fromCsv('a,b\n1,"say ""hi"", all"\n,"two\nlines"\n'), [
    { a: "1", b: 'say "hi", all' },
    { a: "", b: "two\nlines" },
  ]);
  assert.deepEqual(fromCsv("a,b\r\n1,2\r\n"), [{ a: "1", b: "2" }]);
  assert.deepEqual(fromCsv("a\n"), []);
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", " ") }),
  );
  fc.assert(
    fc.property(fc.array(fc.record({ first: text, second: text })), (rows) => {
      assert.deepEqual(fromCsv(toCsv(["first", "second"], rows)), rows.map((row) => ({ ...row })));
    }),
  );
});

Deno.test("fromCsv() is null for what is no table", () => {
  for (const text of ["", "a,b", "a,b\n1\n", "a\n1,2\n", 'a\n"1\n', 'a\n1"2\n', 'a\n"1"2\n']) {
    assert.equal(fromCsv(text), null, text);
  }
});
