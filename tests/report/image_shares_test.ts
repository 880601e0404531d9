import assert from "node:assert/strict";
import { type ImageShare, imageShares } from "../../lib/report/charts/mod.ts";
import { renderSvg } from "../../lib/report/mod.ts";

const share = (row: string, setting: string, references: string, right: number | null, spread: number | null) => ({
  row,
  setting,
  references,
  right,
  right_low: spread === null ? null : right! - spread,
  right_high: spread === null ? null : right! + spread,
});

Deno.test("imageShares() draws a point for each share there is, a line for each interval, and chance", async () => {
  const shares: ImageShare[] = [
    share("all units", "calibrated (pixel)", "own", 0.75, 0.125),
    share("all units", "calibrated (pixel)", "another unit's", 0.5, 0.125),
    share("all units", "real images", "own", 0.875, 0.0625),
    share("layer4.1", "calibrated (pixel)", "own", 0.625, null), // a single unit
    share("layer4.1", "real images", "own", null, null), // none
  ];
  const spec = imageShares(shares, { text: "Which image?", subtitle: ["two units"] });
  const layers =
    (spec as unknown as { layer: readonly { readonly data: { readonly values: readonly object[] } }[] }).layer;
  assert.deepEqual(layers.map(({ data }) => data.values.length), [1, 3, 4]);
  const svg = await renderSvg(spec); // refuses what vega-lite warns of
  for (
    const text of [
      "Which image?",
      "two units",
      "all units",
      "layer4.1",
      "real images",
      "another unit's",
      "calibrated (pixel)",
    ]
  ) {
    assert.ok(svg.includes(text.replaceAll("'", "&#39;")) || svg.includes(text), text);
  }
  assert.doesNotMatch(svg, /NaN|undefined/);
});
