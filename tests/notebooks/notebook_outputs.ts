/**
 * What the cells of an executed notebook show.
 *
 * @module
 */

/** One output of a cell, as the notebook format has it. */
export interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** One cell. */
export interface Cell {
  readonly id: string;
  readonly cell_type: "code" | "markdown" | "raw";
  readonly metadata: { readonly tags?: readonly string[] };
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly Output[];
}

/** A notebook, format 4. */
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** Media types that are a picture. */
const PICTURES = ["image/png", "image/svg+xml"];

/** How many pictures a cell must show by its tags: one for `figure`, so many for `figures-2`, `figures-3`, ... */
function picturesDue({ tags = [] }: Cell["metadata"]): number {
  return Math.max(0, ...tags.map((tag) => Number(/^figures-(\d+)$/.exec(tag)?.[1] ?? (tag === "figure" ? 1 : 0))));
}

/** Numbers, from 1, of the cells that show fewer pictures than their tags ask for. */
export function emptyFigures({ cells }: Notebook): number[] {
  const shown = ({ outputs = [] }: Cell) =>
    outputs.filter(({ data = {} }) => PICTURES.some((type) => data[type])).length;
  return cells.flatMap((cell, i) => shown(cell) < picturesDue(cell.metadata) ? [i + 1] : []);
}

/** How the outputs of two executions differ, a line for each cell that does. */
export function compareOutputs(first: Notebook, second: Notebook): string[] {
  const shown = ({ outputs = [] }: Cell) => JSON.stringify(outputs.map(({ execution_count: _, ...output }) => output));
  return first.cells.flatMap((cell, i) =>
    shown(cell) === shown(second.cells[i]) ? [] : [`cell ${i + 1} shows something else the second time`]
  );
}

/** The notebook as written, with the outputs of an execution of it. */
export function withOutputsOf(source: Notebook, executed: Notebook): Notebook {
  const cells = source.cells.map((cell, i) => {
    if (cell.cell_type !== "code") return cell;
    const { outputs = [], execution_count = null } = executed.cells[i];
    return { ...cell, execution_count, outputs };
  });
  return { ...source, cells };
}
