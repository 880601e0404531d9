/**
 * What is said once of how a thread computes, for whoever wants to hear it.
 *
 * @module
 */

/** Hears a note: what it is about, and a sentence without its stop. */
export type NoteListener = (about: string, text: string) => void;

let listener: NoteListener = () => {};
const said = new Set<string>();

/** Who hears this thread's notes from here on; each is said once, and none that was said before. */
export function onNote(hear: NoteListener): void {
  listener = hear;
  said.clear();
}

/**
 * Says something, if nothing about it was said yet.
 *
 * @param about a word for it.
 */
export function note(about: string, text: string): void {
  if (said.has(about)) return;
  said.add(about);
  listener(about, text);
}
