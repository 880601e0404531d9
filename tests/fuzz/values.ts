/**
 * Mutations of JSON: of its values by type, its keys and its depth.
 *
 * @module
 */
import { type Draw, ODD_NUMBERS, ODD_TEXTS } from "./draw.ts";

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A value of any type. */
export function oddValue(draw: Draw): Json {
  switch (draw.below(7)) {
    case 0:
      return draw.pick(ODD_NUMBERS);
    case 1:
      return draw.pick(ODD_TEXTS);
    case 2:
      return draw.pick([null, true, false]);
    case 3:
      return Array.from({ length: draw.below(3) }, () => draw.pick(ODD_NUMBERS));
    case 4:
      return { [draw.pick(ODD_TEXTS)]: draw.pick(ODD_NUMBERS) };
    case 5: { // deep
      let value: Json = 1;
      for (let depth = draw.pick([3, 50, 2000]); depth > 0; depth--) value = draw.chance(50) ? [value] : { a: value };
      return value;
    }
    default: // long
      return new Array(draw.pick([1, 1000, 20_000])).fill(draw.pick<Json>([0, "a", null, []]));
  }
}

/** A value near the one that is there: of its type, or another. */
function changed(value: Json, draw: Draw): Json {
  if (typeof value === "number" && draw.chance(60)) return draw.chance(50) ? value + 1 : draw.pick(ODD_NUMBERS);
  if (typeof value === "string" && draw.chance(60)) return draw.chance(50) ? value + "x" : draw.pick(ODD_TEXTS);
  return oddValue(draw);
}

/** Sets a key as `JSON.parse` does: `__proto__` is one like others. */
function setKey(object: { [key: string]: Json }, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A document with one value, key or entry of it changed. */
export function mutateJson(document: Json, draw: Draw): Json {
  if (typeof document !== "object" || document === null || draw.chance(8)) return changed(document, draw);
  if (Array.isArray(document)) {
    const copy = [...document];
    const at = draw.below(copy.length - 1);
    const what = draw.below(99);
    if (copy.length === 0 || what < 10) copy.push(oddValue(draw));
    else if (what < 20) copy.splice(at, 1);
    else if (what < 30) copy.splice(at, 0, copy[at]);
    else copy[at] = mutateJson(copy[at], draw);
    return copy;
  }
  const keys = Object.keys(document);
  const copy: { [key: string]: Json } = { ...document };
  const key = keys.length === 0 ? "" : draw.pick(keys);
  const what = draw.below(99);
  if (keys.length === 0 || what < 10) setKey(copy, draw.pick([...ODD_TEXTS, ...keys]), oddValue(draw));
  else if (what < 20) delete copy[key];
  else if (what < 25) {
    setKey(copy, draw.pick(ODD_TEXTS), copy[key]);
    delete copy[key];
  } else setKey(copy, key, mutateJson(copy[key], draw));
  return copy;
}

/** The text of a document that was mutated; now and then with a key twice, or a number that JSON writes otherwise. */
export function mutatedJsonText(document: Json, draw: Draw): string {
  let mutant = document;
  for (let times = 1 + draw.below(2); times > 0; times--) mutant = mutateJson(mutant, draw);
  const text = JSON.stringify(mutant) ?? "null";
  if (draw.chance(5)) return text.replace(/\d+/, draw.pick(["1e400", "-1e400", "1E-400", "00", "0x10", "1_000", "+1"]));
  if (draw.chance(5)) return text.replace(/"([^"]*)":/, '"$1":0,"$1":');
  return text;
}
