import type { TopLevelSpec } from "vega-lite";
import { endOfName, textWidth } from "../text_width.ts";
import { chart, type ChartTitle, INK, namesByNumber, PALETTE, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** The scores of some units of a network, from its first layer to its last. */
export interface NetworkScores {
  readonly name: string;
  /** Layers in the order of the network. */
  readonly layers: readonly LayerOfScores[];
}

/** A layer, and the same layer of a network that has learned nothing, if that is to be drawn. */
export interface LayerOfScores {
  readonly name: string;
  readonly S: readonly number[];
  readonly nullS?: readonly number[];
}

/** Networks beside each other. */
const COLUMNS = 2;
/** Room in pixels for the name of a layer, which is slanted where names are too many. */
const LABEL = { fontSize: 10 };
const LABEL_LENGTH = 90;

/** A number in [0, 1) for each index: multiples of the golden ratio, which spread evenly however many there are. */
const spread = (index: number) => (index * 0.6180339887498949) % 1;

/**
 * S by depth, a panel for each network: a point for each unit, and a line through the means of the layers; those of a network
 * that has learned nothing in grey, to the right of each layer.
 *
 * @param networks at least one, each with a score at least.
 */
export function scoreByDepth(networks: readonly NetworkScores[], title: ChartTitle): TopLevelSpec {
  const width = Math.floor((PRINT_WIDTH - 48 * COLUMNS) / COLUMNS);
  const all = networks.flatMap(({ layers }) => layers.flatMap(({ S, nullS = [] }) => [...S, ...nullS]));
  const top = Math.min(1, Math.max(0.1, Math.ceil(Math.max(...all) * 11) / 10));
  return chart(title, "The score S of units by the depth of their layers, in several networks.", {
    columns: COLUMNS,
    spacing: { row: 36, column: 24 },
    concat: networks.map(({ name, layers }) => {
      const crowded = layers.some((layer) => textWidth(layer.name, LABEL) > width / layers.length);
      const x = {
        type: "quantitative",
        title: null,
        scale: { domain: [-0.5, layers.length - 0.5], nice: false },
        axis: {
          values: layers.map((_, i) => i),
          labelExpr: namesByNumber(
            layers.map((layer) => crowded ? endOfName(layer.name, LABEL_LENGTH, LABEL) : layer.name),
          ),
          labelAngle: crowded ? -45 : 0,
          ...(crowded && { labelAlign: "right", labelOverlap: false, labelLimit: LABEL_LENGTH }),
          grid: false,
        },
      };
      const y = {
        type: "quantitative",
        title: "S",
        scale: { domain: [0, top], nice: false },
        axis: { tickCount: 6 },
      };
      const hasNull = layers.some(({ nullS }) => nullS !== undefined);
      /** Where a layer's own points are, or those of the null: the middle, and how far they spread to either side. */
      const own = hasNull ? { at: -0.2, by: 0.16 } : { at: 0, by: 0.3 };
      const other = { at: 0.2, by: 0.16 };
      const pointsOf = (values: (layer: LayerOfScores) => readonly number[], { at, by }: typeof own) => ({
        units: layers.flatMap((layer, i) =>
          values(layer).map((S, index) => ({ x: i + at + 2 * by * (spread(index) - 0.5), S }))
        ),
        means: layers.flatMap((layer, i) => {
          const S = values(layer);
          return S.length === 0 ? [] : [{ x: i + at, S: S.reduce((sum, value) => sum + value, 0) / S.length }];
        }),
      });
      const trained = pointsOf(({ S }) => S, own);
      const untrained = pointsOf(({ nullS = [] }) => nullS, other);
      const encoding = { x: { ...x, field: "x" }, y: { ...y, field: "S" } };
      return {
        width,
        height: 150,
        layer: [
          {
            data: { values: trained.units },
            mark: { type: "point", filled: true, size: 26, opacity: 0.6, color: PALETTE[0] },
            encoding,
          },
          {
            data: { values: trained.means },
            mark: { type: "line", stroke: INK.text, strokeWidth: 1.5, point: { color: INK.text, size: 36 } },
            encoding,
          },
          ...(hasNull
            ? [{
              data: { values: untrained.units },
              mark: { type: "point", shape: "square", filled: true, size: 20, opacity: 0.5, color: INK.muted },
              encoding,
            }, {
              data: { values: untrained.means },
              mark: {
                type: "line",
                stroke: INK.muted,
                strokeDash: [4, 3],
                strokeWidth: 1.5,
                point: { shape: "square", color: INK.muted, size: 30 },
              },
              encoding,
            }]
            : []),
          ...panelTitle(width, name),
        ],
      };
    }),
  });
}
