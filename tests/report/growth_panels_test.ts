import assert from "node:assert/strict";
import { growthPanels } from "../../lib/report/charts/mod.ts";
import { renderSvg } from "../../lib/report/mod.ts";

interface Drawn {
  readonly vconcat: readonly {
    readonly hconcat: readonly {
      readonly layer: readonly {
        readonly data: { readonly values: readonly { x: number; y: number }[] };
        readonly mark: { readonly type: string };
      }[];
    }[];
  }[];
}

Deno.test("growthPanels() has a panel for each axis and row: the points, and the line through their range", async () => {
  const points = [{ x: 32, y: 10 }, { x: 64, y: 21 }, { x: 128, y: 39 }];
  const line = { intercept: 0, slope: 0.3 };
  const spec = growthPanels(
    [
      {
        title: "seconds",
        panels: [
          { name: "units", note: "exponent 1.0", points, line },
          { name: "workers", note: "falls", points: points.toReversed(), line: { intercept: 20, slope: -1 } },
        ],
      },
      {
        title: "MB",
        panels: ["units", "workers"].map((name) => ({
          name,
          note: "flat",
          points: points.map(({ x }) => ({ x, y: 900 })),
          line: { intercept: 900, slope: 0 },
        })),
      },
    ],
    { text: "How cost grows", subtitle: ["made up"] },
  );
  const { vconcat } = spec as unknown as Drawn;
  assert.deepEqual(vconcat.map(({ hconcat }) => hconcat.length), [2, 2]);
  const of = (row: number, column: number, type: string) =>
    vconcat[row].hconcat[column].layer.filter(({ mark }) => mark.type === type).map(({ data }) => data.values);
  assert.deepEqual(of(0, 0, "point"), [points]);
  const [drawn] = of(0, 0, "line");
  assert.deepEqual([drawn[0].x, Math.round(drawn.at(-1)!.x)], [32, 128]);
  for (const { x, y } of drawn) assert.ok(Math.abs(y - 0.3 * x) < 1e-9);
  assert.ok(of(0, 1, "line")[0].every(({ y }) => y > 0), "a logarithmic axis has no place for what is below");
  const svg = await renderSvg(spec); // refuses what vega-lite warns of
  for (const text of ["units", "workers", "exponent 1.0", "seconds", "MB", "How cost grows"]) {
    assert.ok(svg.includes(text), text);
  }
});
