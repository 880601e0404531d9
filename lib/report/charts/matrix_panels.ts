import type { TopLevelSpec } from "vega-lite";
import { chart, type ChartTitle, namesByNumber, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** One square matrix to draw. */
export interface MatrixPanel {
  readonly name: string;
  /** Square, rows from the top. */
  readonly values: readonly (readonly number[])[];
  /** Values of the palest and the darkest colour. By default the smallest and the largest entry off the diagonal. */
  readonly domain?: readonly [number, number];
  /** Names of rows and columns; their numbers from 0 unless given. */
  readonly names?: readonly string[];
  /** What rows and columns are, such as `image`. */
  readonly axis: string;
}

/** Numbers are written out in matrices of up to this many rows. */
const WRITTEN_OUT = 10;

/**
 * Square matrices side by side. Entries are colours, light for small and dark for large, and written out where there is
 * room.
 *
 * @param panels at least one.
 */
export function matrixPanels(panels: readonly MatrixPanel[], title: ChartTitle): TopLevelSpec {
  const side = Math.min(380, Math.floor(PRINT_WIDTH / panels.length) - 90);
  return chart(title, `Matrices as colours: ${panels.map(({ name }) => name).join(", ")}.`, {
    spacing: 24,
    resolve: { scale: { color: "independent" } },
    hconcat: panels.map(({ name, values, domain, names, axis }) => {
      const rows = values.flatMap((row, i) =>
        row.map((value, j) => ({ row: i, column: j, value, text: value.toFixed(2) }))
      );
      const apart = rows.filter(({ row, column }) => row !== column || values.length === 1);
      const all = apart.map(({ value }) => value);
      const [low, high] = domain ?? [Math.min(...all), Math.max(...all)];
      const place = (field: string) => ({
        field,
        type: "ordinal",
        title: axis,
        axis: {
          grid: false,
          domain: false,
          ticks: false,
          labelAngle: 0,
          labelOverlap: true,
          ...(names && { labelExpr: namesByNumber(names) }),
        },
      });
      const encoding = { x: place("column"), y: place("row") };
      return {
        width: side,
        height: side,
        layer: [
          ...panelTitle(side, name),
          {
            data: { values: rows },
            mark: { type: "rect" },
            encoding: {
              ...encoding,
              color: {
                field: "value",
                type: "quantitative",
                scale: { scheme: "blues", domain: low < high ? [low, high] : [low - 1, high], clamp: true },
                legend: { title: null, orient: "right", gradientLength: Math.min(160, side), tickCount: 4 },
              },
            },
          },
          ...(values.length > WRITTEN_OUT ? [] : [{
            data: { values: rows.map((row) => ({ ...row, dark: row.value > (low + high) / 2 })) },
            mark: { type: "text", fontSize: values.length > 6 ? 8 : 10 },
            encoding: {
              ...encoding,
              text: { field: "text", type: "nominal" },
              color: { condition: { test: "datum.dark", value: "white" }, value: "black" },
            },
          }]),
        ],
      };
    }),
  });
}
