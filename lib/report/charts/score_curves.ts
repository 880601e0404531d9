import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, INK, PALETTE, panelTitle, PRINT_WIDTH } from "./theme.ts";
import type { ScoreParts } from "../../types.ts";

/** Scores of one unit for several numbers of images, or of clusters. */
export interface ScoreCurve {
  readonly name: string;
  /** What changes along the horizontal axis. */
  readonly by: "I" | "K";
  readonly scores: readonly ScoreParts[];
  /** The value that is marked. */
  readonly marked: number;
  /** What the mark says. */
  readonly mark: string;
}

const PARTS = ["S", "D", "C"] as const;
const DASHES = { S: [1, 0], D: [6, 2], C: [2, 2] } as const;

/**
 * S and its parts C and D by number of images or of clusters, in a panel for each curve. Where the number of images
 * changes, K is written above each point.
 *
 * @param curves at least one, each of at least one score.
 */
export function scoreCurves(curves: readonly ScoreCurve[], title: ChartTitle): TopLevelSpec {
  const width = Math.floor(PRINT_WIDTH / curves.length) - 60;
  return chart(title, "The score and its parts by the number of images and of clusters.", {
    spacing: 26,
    hconcat: curves.map(({ name, by, scores, marked, mark }) => {
      const rows = scores.flatMap((score) =>
        PARTS.flatMap((part) => score[part] === null ? [] : [{ x: score[by], part, value: score[part] }])
      );
      const x = {
        field: "x",
        type: "quantitative",
        title: by === "I" ? "number of images I" : "number of clusters K",
        scale: { nice: false, padding: 8, zero: false },
        axis: { grid: false, tickMinStep: 1, format: "d" },
      };
      const part = { field: "part", type: "nominal", title: null };
      const encoding = {
        x,
        y: { field: "value", type: "quantitative", title: "score and parts", scale: { domain: [0, 1] } },
        color: { ...part, scale: { domain: PARTS, range: [INK.text, PALETTE[0], PALETTE[1]] } },
        shape: { ...part, scale: { domain: PARTS, range: ["circle", "square", "triangle-up"] } },
      };
      const all = scores.map((score) => score[by]);
      const onTheRight = marked > (Math.min(...all) + Math.max(...all)) / 2;
      const aside = onTheRight ? { align: "right", dx: -4 } : { align: "left", dx: 4 };
      const at = { data: { values: [{ x: marked }] }, encoding: { x } };
      return {
        width,
        height: 230,
        layer: [
          ...panelTitle(width, name),
          { ...at, mark: { type: "rule", stroke: INK.line } },
          { ...at, mark: { type: "text", text: mark, y: 24, ...aside, fontSize: 10, fill: INK.muted } },
          // each part is a layer of its own: with dashes as a channel, the legend's symbols would be dashed too
          ...PARTS.map((name) => ({
            data: { values: rows.filter((row) => row.part === name) },
            mark: { type: "line", strokeWidth: 1.6, strokeDash: DASHES[name] },
            encoding: { x, y: encoding.y, color: encoding.color },
          })),
          { data: { values: rows }, mark: { type: "point", filled: true, size: 28, opacity: 1 }, encoding },
          ...(by === "I"
            ? [{
              data: { values: scores.map((score) => ({ x: score.I, K: `${score.K}` })) },
              mark: { type: "text", y: 8, fontSize: 9, fill: INK.muted },
              encoding: { x, text: { field: "K", type: "nominal" } },
            }]
            : []),
        ],
      };
    }),
  });
}
