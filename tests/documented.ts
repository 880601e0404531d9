/** What `docs/files.md` says of files and commands, to be compared with what they write. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const PAGE = readFileSync(new URL("../docs/files.md", import.meta.url), "utf8");

/** `a{b,c}` as `ab` and `ac`, as in a shell. */
function expanded(name: string): string[] {
  const found = /^(.*?)\{([^{}]*)\}(.*)$/.exec(name);
  if (found === null) return [name];
  const [, before, middle, after] = found;
  return middle.split(",").flatMap((each) => expanded(before + each + after));
}

/** The names in the first column of a section's tables. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^\| (.*?) +\|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => expanded(name)));
}

/** Every section that is headed by the name of a file or command, and the names that it tells. */
export const SECTIONS: ReadonlyMap<string, readonly string[]> = (() => {
  const texts = new Map([...PAGE.matchAll(/^### `(.+)`\n([^]*?)(?=^##|(?![^]))/gm)].map((
    [, title, text],
  ) => [title, text]));
  const columns = (text: string) =>
    [...text.matchAll(/`(\S+)` (?:also )?(?:has|have) (?:the columns|every column) of `(\S+)`(?:, but `(\S+)`)?/g)]
      .flatMap(([, parent, table, but]) =>
        namesIn(texts.get(table)!).filter((name) => name !== but).map((name) => `${parent}.${name}`)
      );
  return new Map([...texts].map(([title, text]) => [title, [...namesIn(text), ...columns(text)]]));
})();

/** The flags of units. */
export const FLAGS: readonly string[] = namesIn(/^## Flags\n([^]*?)^## /m.exec(PAGE)![1]);

const FORMER_IN_CHECK = ["mean", "min", "max", "exceeds", "share"];

/** Whether a name stands beside the one that it has now, as `docs/files.md` says at its end. */
function isFormer(name: string, here: object): boolean {
  const isBeside = (...present: string[]) => present.every((each) => each in here);
  if (FORMER_IN_CHECK.includes(name)) return isBeside("exceeds_share", "activation_mean");
  if (name === "bic") return isBeside("criterion");
  if (name === "spreadS") return isBeside("sd_S");
  if (name === "scoreInterval") return isBeside("S_low", "S_high");
  if (name === "kShares") return isBeside("K1_share", "K2_share", "K3_share");
  const capital = (present: (letter: string) => string) => name.replaceAll(/(?<=[a-z])[A-Z]/g, present);
  return /[a-z][A-Z]/.test(name) &&
    (isBeside(capital((letter) => `_${letter.toLowerCase()}`)) || isBeside(capital((letter) => `_${letter}`)));
}

/** The paths of all keys in a document: `a.b` is a key of an object, `a[].b` one of the items of a list. */
function pathsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => pathsOf(each, path.endsWith("[]") ? path : `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter(([name]) => !isFormer(name, value)).flatMap(([name, each]) => {
    const here = path === "" ? name : `${path}.${name}`;
    return [here, ...pathsOf(each, here)];
  });
}

/** A documented name as a pattern; what is behind a `*` at the end is the data's own. */
function pattern(name: string): RegExp {
  const literal = name.replaceAll(/[.[\]]/g, "\\$&");
  return new RegExp(`^${literal.replace(/\*$/, ".+")}$`);
}

/** A comparison of names that were written with those of a section. */
function compare(section: string, written: ReadonlySet<string>, absent: readonly string[]): void {
  const documented = SECTIONS.get(section);
  assert.ok(documented, `docs/files.md has no section ${section}`);
  const patterns = documented.map(pattern);
  const isParent = (path: string) =>
    documented.some((name) => name.startsWith(`${path}.`) || name.startsWith(`${path}[].`));
  const missing = [...written].filter((path) => !isParent(path) && !patterns.some((each) => each.test(path)));
  const paths = [...written];
  const left = documented.filter((name, i) =>
    !absent.some((each) => name === each || name.startsWith(`${each}.`) || name.startsWith(`${each}[].`)) &&
    !paths.some((path) => patterns[i].test(path))
  );
  assert.deepEqual({ undocumented: missing, unwritten: left }, { undocumented: [], unwritten: [] }, section);
}

/**
 * Holds a JSON document against its section: every key stands there, and every key there is written.
 *
 * @param absent names that this document may do without, with all below them.
 */
export function assertDocumented(section: string, document: unknown, absent: readonly string[] = []): void {
  compare(section, new Set(pathsOf(document)), absent);
}

/** The same of the columns of a CSV file. */
export function assertColumns(section: string, csv: string, absent: readonly string[] = []): void {
  compare(section, new Set(csv.split("\n")[0].split(",")), absent);
}
