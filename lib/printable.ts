/**
 * Texts of others, such as names out of a file, made fit to be printed: without what a terminal obeys, and in one line.
 *
 * @module
 */

/** Control characters but the line feed and the tab, and those that turn the direction of what follows. */
// deno-lint-ignore no-control-regex -- these are what it is about
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Line ends of any kind, with the blanks around them. */
const LINE_ENDS = /\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g;

/** The longest message that is left whole, in characters. */
const MOST_CHARACTERS = 1500;

/** A text of several lines without what a terminal obeys: a question mark stands for each such character. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(OBEYED, "?");
}

/** JSON of the same meaning in which a terminal finds nothing to obey: JSON leaves some such characters as they are. */
export function escapeObeyed(json: string): string {
  return json.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A text in one line, without what a terminal obeys. The middle of a long one is left out: its beginning says what it is about, its
 * end what to do.
 */
export function inOneLine(text: string): string {
  const line = text.trim().replace(LINE_ENDS, " ").replaceAll("\t", " ").replace(OBEYED, "?");
  if (line.length <= MOST_CHARACTERS) return line;
  return `${line.slice(0, MOST_CHARACTERS * 2 / 3)} ... ${line.slice(-MOST_CHARACTERS / 3)}`;
}
