import assert from "node:assert/strict";
import { type Cell, compareOutputs, emptyFigures, type Notebook, withOutputsOf } from "./notebook_outputs.ts";

const png = { output_type: "execute_result", data: { "image/png": "AA==" } };
const svg = { output_type: "display_data", data: { "image/svg+xml": "<svg/>", "text/plain": "" } };
const words = { output_type: "execute_result", data: { "text/plain": "4" } };

function notebook(...cells: Partial<Cell>[]): Notebook {
  return {
    cells: cells.map((cell, i) => ({ id: `c${i}`, cell_type: "code", metadata: {}, source: "", ...cell })),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  };
}

Deno.test("emptyFigures() finds tagged cells with too few pictures, and no others", () => {
  const one = { metadata: { tags: ["figure"] } };
  const two = { metadata: { tags: ["figures-2"] } };
  const executed = notebook(
    { outputs: [words] },
    { ...one, outputs: [words] },
    { ...one, outputs: [words, png] },
    { ...one },
    { ...two, outputs: [svg, words] },
    { ...two, outputs: [svg, png] },
  );
  assert.deepEqual(emptyFigures(executed), [2, 4, 5]);
});

Deno.test("compareOutputs() names the cells that show something else, and disregards how often they ran", () => {
  const first = notebook({ outputs: [words], execution_count: 1 }, { outputs: [png] });
  assert.deepEqual(compareOutputs(first, notebook({ outputs: [words], execution_count: 7 }, { outputs: [png] })), []);
  assert.deepEqual(compareOutputs(first, notebook({ outputs: [words] }, { outputs: [svg] })), [
    "cell 2 shows something else the second time",
  ]);
});

Deno.test("withOutputsOf() takes outputs of code cells alone", () => {
  const source = notebook({ source: "1", outputs: [] }, { cell_type: "markdown", source: "text" });
  const executed = notebook({ source: "1", outputs: [words], execution_count: 2 }, {
    cell_type: "markdown",
    source: "text",
    outputs: [png],
  });
  const whole = withOutputsOf(source, executed);
  assert.deepEqual(whole.cells[0].outputs, [words]);
  assert.equal(whole.cells[0].execution_count, 2);
  assert.equal("outputs" in whole.cells[1], false);
});
