import assert from "node:assert/strict";
import { cohenKappa, intraclassCorrelation } from "../../lib/statistics/agreement.ts";
import { near } from "./near.ts";

Deno.test("intraclassCorrelation() is .29 on the table of Shrout and Fleiss (1979)", () => {
  const table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]];
  // Sums of squares: about zero 841, rows 2913 / 4, columns 4617 / 6, correction 127^2 / 24. So R = 11.2417, C = 32.4861,
  // E = 1.0194, and (R - E) / (R + 3 E + 4 (C - E) / 6) = 368 / 1270, printed there as .29
  near(intraclassCorrelation(table), 368 / 1270);
});

Deno.test("intraclassCorrelation() is 1 for repeats that agree, and less where they differ by a constant", () => {
  near(intraclassCorrelation([[1, 1], [2, 2], [5, 5]]), 1);
  // rows 1 2 and 3 4: grand mean 2.5; R = 2 (1 + 1) / 1 = 4; C = 2 (.25 + .25) / 1 = 1; E = 0: 4 / (4 + 0 + 2 / 2 * 1)
  near(intraclassCorrelation([[1, 2], [3, 4]]), 4 / 5);
});

Deno.test("intraclassCorrelation() can be negative", () => {
  // rows 0 1, 1 0, 0 0: means .5 .5 0, columns 1/3 1/3. R = 2 (2/36 + 1/9) / 2 = 1/6; C = 0; total about the mean 4/3, so
  // E = (4/3 - 1/3) / 2 = 1/2: (1/6 - 1/2) / (1/6 + 1/2 - 1/3) = -1
  near(intraclassCorrelation([[0, 1], [1, 0], [0, 0]]), -1);
});

Deno.test("intraclassCorrelation() is null where nothing varies or there is nothing to compare", () => {
  assert.equal(intraclassCorrelation([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]), null);
  assert.equal(intraclassCorrelation([[1, 2, 3]]), null);
  assert.equal(intraclassCorrelation([[1], [2]]), null);
  assert.equal(intraclassCorrelation([]), null);
  assert.throws(() => intraclassCorrelation([[1, 2], [3]]), RangeError);
  assert.throws(() => intraclassCorrelation([[1, 2], [3, NaN]]), RangeError);
});

Deno.test("cohenKappa() is the agreement beyond chance", () => {
  // of 50 cases 35 agree; by chance .5 x .6 + .5 x .4 would: (.7 - .5) / (1 - .5)
  near(cohenKappa([[20, 5], [10, 15]]), 0.4);
  near(cohenKappa([[3, 0], [0, 4]]), 1);
  near(cohenKappa([[1, 2], [2, 4]]), 0); // as if drawn independently
  near(cohenKappa([[0, 5], [5, 0]]), -1);
  near(cohenKappa([[2, 0, 0], [0, 1, 1], [0, 0, 1]]), (4 / 5 - 8 / 25) / (1 - 8 / 25)); // rows 2 2 1, columns 2 1 2
});

Deno.test("cohenKappa() is null where a judge gives all the same answer", () => {
  assert.equal(cohenKappa([[3, 2], [0, 0]]), null);
  assert.equal(cohenKappa([[3, 0], [2, 0]]), null);
  assert.equal(cohenKappa([[0, 0], [0, 0]]), null);
});
