import assert from "node:assert/strict";
import { toCsv } from "../lib/csv.ts";

Deno.test("toCsv() writes the columns in order, quotes where it must, and leaves empty what is no number", () => {
  const rows = [
    { a: 1.5, b: 'say "hi", all', c: true },
    { b: null, a: NaN, c: undefined },
    { a: -Infinity, b: "two\nlines" },
  ];
  assert.equal(toCsv(["b", "a", "c"], rows), 'b,a,c\n"say ""hi"", all",1.5,true\n,,\n"two\nlines",,\n');
});
