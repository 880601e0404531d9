import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { clientScript } from "../../lib/report/atlas/client_script.ts";

const FOLDER = join(import.meta.dirname!, "../../lib/report/atlas/client");
const FILES = readdirSync(FOLDER).map((name) => ({ name, source: readFileSync(join(FOLDER, name), "utf8") }));
/** The names of the functions of a file of the client. */
const functionsOf = (source: string) =>
  [...source.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);

Deno.test("clientScript() is one script without types, imports, or an end of its element", () => {
  const text = clientScript();
  new Function(text); // parses
  assert.ok(!text.toLowerCase().includes("</script"));
  assert.ok(!/\b(import|export)\b/.test(text));
});

Deno.test("clientScript() holds every function of the client's files once, under its own name", () => {
  const declared = [...clientScript().matchAll(/^(?:async )?function (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.toSorted(), FILES.flatMap(({ source }) => functionsOf(source)).toSorted());
  assert.equal(new Set(declared).size, declared.length, "two functions of the client have one name");
});

Deno.test("the client's files hold exported functions and types alone: what else they held would not reach the page", () => {
  for (const { name, source } of FILES) {
    const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
    const outermost = code.split("\n").filter((line) => /^[^\s})/]/.test(line));
    const strange = outermost.filter((line) =>
      !/^(import|export (async )?function|export type|export interface|type|interface)\b/.test(line)
    );
    assert.deepEqual(strange, [], name);
  }
});

Deno.test("the client's files import each other's functions under their own names, and from elsewhere types alone", () => {
  const known = new Map(FILES.map(({ name, source }) => [`./${name}`, functionsOf(source)]));
  for (const { name, source } of FILES) {
    for (const [, type, names, from] of source.matchAll(/^import (type )?\{([^}]*)\} from "([^"]+)";/gm)) {
      if (type !== undefined) continue;
      const functions = names.split(",").map((each) => each.trim()).filter((each) => !/^(type |$)/.test(each));
      const strange = functions.filter((each) => !known.get(from)?.includes(each));
      assert.deepEqual(strange, [], `${name} imports from ${from}`);
    }
    const counted = source.match(/^import /gm)?.length ?? 0;
    assert.equal([...source.matchAll(/^import (type )?\{/gm)].length, counted, `${name} imports a whole module`);
  }
});
