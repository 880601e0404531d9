/**
 * How a value shows itself as the result of a cell: a method that Deno's Jupyter kernel looks for.
 *
 * @module
 */

/** Name of the method that gives a cell's result as data by media type. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** One result in several media types; a reader takes the richest that it knows. */
export type MediaBundle = Readonly<Record<string, unknown>>;

/** A value that shows itself. */
export interface Displayable {
  [DISPLAY](): MediaBundle | Promise<MediaBundle>;
}
